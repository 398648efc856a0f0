/* Dates by the civil-day algorithm of Howard Hinnant ("chrono-compatible low-level date
 * algorithms"): exact over the proleptic Gregorian calendar, no time zone, no locale, no tables. */
#include "schema/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The time that a test has set; 0: none. */
static int64_t fixed_us(void)
{
#ifdef STELE_TEST_CLOCK
    const char *fixed = getenv("STELE_CLOCK_US");
    return fixed && *fixed ? strtoll(fixed, NULL, 10) : 0;
#else
    return 0;
#endif
}

int64_t clock_now_us(void)
{
    int64_t fixed = fixed_us();
    if (fixed != 0) {
        return fixed;
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

/* Both ways: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; years begin in March.
 */
int64_t clock_days_of_date(struct clock_date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct clock_date clock_date_of_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return (struct clock_date){.year = year_of_era + era * 400 + (month <= 2),
                               .month = month,
                               .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

/* Exactly n digits at *at, as a number; moves on. */
static bool read_digits(struct span text, size_t *at, size_t n, int *out)
{
    if (text.size - *at < n) {
        return false;
    }
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text.data[*at + i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *at += n;
    *out = value;
    return true;
}

static bool read_char(struct span text, size_t *at, const char *any_of)
{
    for (; *at < text.size && *any_of; any_of++) {
        if (text.data[*at] == *any_of) {
            ++*at;
            return true;
        }
    }
    return false;
}

static bool read_date(struct span text, size_t *at, int64_t *out_us)
{
    int year;
    int month;
    int day;
    if (!read_digits(text, at, 4, &year) || !read_char(text, at, "-") ||
        !read_digits(text, at, 2, &month) || !read_char(text, at, "-") ||
        !read_digits(text, at, 2, &day)) {
        return false;
    }
    static const int days_in[13] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month < 1 || month > 12 || day < 1 || day > days_in[month] ||
        (month == 2 && day == 29 && !leap)) {
        return false;
    }
    *out_us = clock_days_of_date((struct clock_date){year, month, day}) * CLOCK_DAY_US;
    return true;
}

/* HH:MM[:SS[.fraction]]; seconds are optional only if the caller says so. */
static bool read_clock(struct span text, size_t *at, bool seconds_optional, int64_t *out_us)
{
    int hour;
    int minute;
    int second = 0;
    if (!read_digits(text, at, 2, &hour) || !read_char(text, at, ":") ||
        !read_digits(text, at, 2, &minute)) {
        return false;
    }
    if (read_char(text, at, ":")) {
        if (!read_digits(text, at, 2, &second)) {
            return false;
        }
    } else if (!seconds_optional) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    int64_t micros = 0;
    if (read_char(text, at, ".")) {
        int64_t unit = CLOCK_SECOND_US / 10;
        size_t n = 0;
        for (int digit; n < 9 && read_digits(text, at, 1, &digit); n++, unit /= 10) {
            micros += digit * unit;
        }
        if (n == 0) {
            return false;
        }
    }
    *out_us = ((int64_t)hour * 3600 + minute * 60 + second) * CLOCK_SECOND_US + micros;
    return true;
}

static bool read_zone(struct span text, size_t *at, int64_t *out_us)
{
    if (read_char(text, at, "Zz")) {
        *out_us = 0;
        return true;
    }
    int sign = *at < text.size && text.data[*at] == '-' ? -1 : 1;
    int hours;
    int minutes;
    if (!read_char(text, at, "+-") || !read_digits(text, at, 2, &hours) ||
        !read_char(text, at, ":") || !read_digits(text, at, 2, &minutes) || hours > 23 ||
        minutes > 59) {
        return false;
    }
    *out_us = sign * ((int64_t)hours * 3600 + minutes * 60) * CLOCK_SECOND_US;
    return true;
}

bool clock_parse_rfc3339(struct span text, int64_t *out_us)
{
    size_t at = 0;
    int64_t date;
    int64_t time;
    int64_t zone;
    if (!read_date(text, &at, &date) || !read_char(text, &at, "Tt") ||
        !read_clock(text, &at, false, &time) || !read_zone(text, &at, &zone) || at != text.size) {
        return false;
    }
    *out_us = date + time - zone;
    return true;
}

static bool parse_loose(struct span text, int64_t *out_us)
{
    size_t at = 0;
    int64_t date;
    int64_t time = 0;
    int64_t zone = 0;
    if (!read_date(text, &at, &date)) {
        return false;
    }
    if (at < text.size) {
        if (!read_char(text, &at, "Tt ") || !read_clock(text, &at, true, &time)) {
            return false;
        }
        if (at < text.size && !read_zone(text, &at, &zone)) {
            return false;
        }
    }
    *out_us = date + time - zone;
    return at == text.size;
}

bool clock_parse_duration(struct span text, int64_t *out_us)
{
    int64_t number = 0;
    size_t at = 0;
    for (int digit; at < 12 && read_digits(text, &at, 1, &digit);) {
        number = number * 10 + digit;
    }
    if (at == 0) {
        return false;
    }
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"", CLOCK_SECOND_US},          {"s", CLOCK_SECOND_US},
                 {"ms", CLOCK_SECOND_US / 1000}, {"m", 60 * CLOCK_SECOND_US},
                 {"h", 3600 * CLOCK_SECOND_US},  {"d", CLOCK_DAY_US},
                 {"w", 7 * CLOCK_DAY_US}};
    struct span unit = span_from(text, at);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (span_is(unit, units[i].name)) {
            return !__builtin_mul_overflow(number, units[i].us, out_us);
        }
    }
    return false;
}

enum status clock_parse_user(struct span text, int64_t now_us, int64_t *out_us, struct err *err)
{
    int64_t length;
    if (span_is(text, "now")) {
        *out_us = now_us;
    } else if (span_is(text, "today")) {
        *out_us = clock_day_start(now_us);
    } else if (span_is(text, "yesterday")) {
        *out_us = clock_day_start(now_us) - CLOCK_DAY_US;
    } else if (text.size > 1 && text.data[0] == '-' &&
               clock_parse_duration(span_from(text, 1), &length)) {
        *out_us = now_us - length;
    } else if (!parse_loose(text, out_us)) {
        return err_set(err, ERR_USAGE,
                       "\"%.*s\" is not a time: write 2026-11-01, 2026-11-01T08:30:00Z, -7d, -2h "
                       "or now",
                       SPAN_FMT(text));
    }
    return OK;
}

int64_t clock_day_start(int64_t time_us)
{
    int64_t rest = time_us % CLOCK_DAY_US;
    return time_us - (rest < 0 ? rest + CLOCK_DAY_US : rest);
}

const char *clock_format_day(int64_t time_us, char out[CLOCK_TEXT_BYTES])
{
    struct clock_date date = clock_date_of_days(clock_day_start(time_us) / CLOCK_DAY_US);
    (void)snprintf(out, CLOCK_TEXT_BYTES, "%04lld-%02d-%02d", (long long)date.year, date.month,
                   date.day);
    return out;
}

const char *clock_format(int64_t time_us, char out[CLOCK_TEXT_BYTES])
{
    char day[CLOCK_TEXT_BYTES];
    clock_format_day(time_us, day);
    int64_t rest = time_us - clock_day_start(time_us);
    int64_t seconds = rest / CLOCK_SECOND_US;
    int n = snprintf(out, CLOCK_TEXT_BYTES, "%.12sT%02d:%02d:%02d", day, (int)(seconds / 3600 % 24),
                     (int)(seconds / 60 % 60), (int)(seconds % 60));
    int64_t micros = rest % CLOCK_SECOND_US;
    if (micros != 0) {
        n += snprintf(out + n, CLOCK_TEXT_BYTES - (size_t)n, ".%06d", (int)micros);
        while (out[n - 1] == '0') {
            n--;
        }
    }
    (void)snprintf(out + n, CLOCK_TEXT_BYTES - (size_t)n, "Z");
    return out;
}

bool clock_parse_day(struct span text, int64_t *out_us)
{
    size_t at = 0;
    return text.size == 10 && read_date(text, &at, out_us);
}
