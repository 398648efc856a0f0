#include "schema/event/event_time.h"

#include "schema/event/json_text.h"
#include "schema/text/ascii.h"

enum {
    DATE_BYTES = 10,
    CLOCK_BYTES = 8,   /* 08:30:13 */
    EPOCH_DIGITS = 16, /* of a time in microseconds since 1970, from 2001 to 2286 */
    EXPONENT_MAX = 18,
};

/* Two digits at `at` below the bound, or -1. */
static int two_digits(struct span text, size_t at, int below)
{
    if (at + 2 > text.size || !ascii_is_digit(text.data[at]) ||
        !ascii_is_digit(text.data[at + 1])) {
        return -1;
    }
    int value = (text.data[at] - '0') * 10 + text.data[at + 1] - '0';
    return value < below ? value : -1;
}

static bool read_clock(struct span text, int64_t *out_us)
{
    int hour = two_digits(text, 0, 24);
    int minute = two_digits(text, 3, 60);
    int second = two_digits(text, 6, 61);
    bool fine =
        hour >= 0 && minute >= 0 && second >= 0 && text.data[2] == ':' && text.data[5] == ':';
    *out_us = (hour * INT64_C(3600) + minute * 60 + second) * CLOCK_SECOND_US;
    return fine;
}

/* Behind a fraction of any length, or where it would begin. SIZE_MAX: a mark without digits. */
static size_t read_fraction(struct span text, size_t at, int64_t *us)
{
    if (at >= text.size || (text.data[at] != '.' && text.data[at] != ',')) {
        return at;
    }
    size_t first = ++at;
    int64_t unit = CLOCK_SECOND_US / 10;
    for (; at < text.size && ascii_is_digit(text.data[at]); at++, unit /= 10) {
        *us += (text.data[at] - '0') * unit;
    }
    return at > first ? at : SIZE_MAX;
}

static bool is_utc(struct span name)
{
    return span_is(name, "UTC") || span_is(name, "GMT") || span_is(name, "Z") ||
           span_is(name, "z") || span_is(name, "utc");
}

/* "", "Z", "UTC", "+02", "+0200", "+02:00", "+0000 UTC", each perhaps behind a blank. */
static bool read_zone(struct span text, int64_t *out_us)
{
    *out_us = 0;
    text = ascii_trim_blanks(text);
    if (text.size == 0 || is_utc(text)) {
        return true;
    }
    if (text.data[0] != '+' && text.data[0] != '-') {
        return false;
    }
    int hours = two_digits(text, 1, 24);
    size_t at = 3;
    at += at < text.size && text.data[at] == ':';
    int minutes = two_digits(text, at, 60);
    if (hours < 0 || (minutes < 0 && at != 3)) {
        return false;
    }
    at += minutes >= 0 ? 2 : 0;
    int64_t zone = (hours * INT64_C(3600) + (minutes > 0 ? minutes : 0) * 60) * CLOCK_SECOND_US;
    *out_us = text.data[0] == '-' ? -zone : zone;
    struct span rest = span_from(text, at);
    return rest.size == 0 || (rest.data[0] == ' ' && is_utc(ascii_trim_blanks(rest)));
}

static bool read_date_time(struct span text, int64_t *out_us)
{
    int64_t day;
    int64_t clock;
    int64_t zone;
    if (text.size < DATE_BYTES + 1 + CLOCK_BYTES || !strchr("Tt ", text.data[DATE_BYTES]) ||
        !text.data[DATE_BYTES] || !clock_parse_day(span_of(text.data, DATE_BYTES), &day) ||
        !read_clock(span_from(text, DATE_BYTES + 1), &clock)) {
        return false;
    }
    size_t at = read_fraction(text, DATE_BYTES + 1 + CLOCK_BYTES, &clock);
    if (at == SIZE_MAX || !read_zone(span_from(text, at), &zone)) {
        return false;
    }
    *out_us = day + clock - zone;
    return true;
}

/* "e+09" and the like up to the end; false when it is anything else. */
static bool read_exponent(struct span text, size_t *out_exponent)
{
    size_t at = 1;
    *out_exponent = 0;
    at += at < text.size && text.data[at] == '+';
    size_t first = at;
    for (; at < text.size && ascii_is_digit(text.data[at]); at++) {
        *out_exponent = *out_exponent * 10 + (size_t)(text.data[at] - '0');
        if (*out_exponent > EXPONENT_MAX) {
            return false;
        }
    }
    return at == text.size && at > first && (text.data[0] == 'e' || text.data[0] == 'E');
}

/* Digits without a sign. Whatever the unit, the first EPOCH_DIGITS digits are the microseconds. */
static bool read_epoch(struct span text, int64_t *out_us)
{
    size_t digits = 0;
    size_t whole = 0; /* digits before the point */
    size_t exponent = 0;
    bool point = false;
    size_t at = 0;
    *out_us = 0;
    for (; at < text.size && (ascii_is_digit(text.data[at]) || text.data[at] == '.'); at++) {
        if (text.data[at] == '.') {
            if (point || at == 0 || at + 1 == text.size) {
                return false;
            }
            point = true;
            continue;
        }
        *out_us = digits < EPOCH_DIGITS ? *out_us * 10 + (text.data[at] - '0') : *out_us;
        digits++;
        whole += !point;
    }
    if (digits == 0 || text.data[0] == '0' ||
        (at < text.size && !read_exponent(span_from(text, at), &exponent))) {
        return false;
    }
    for (; digits < EPOCH_DIGITS; digits++) {
        *out_us *= 10;
    }
    whole += exponent;
    return whole == 10 || whole == 13 || whole == 16 || whole == 19;
}

bool event_time_read(struct span text, int64_t *out_us)
{
    if (clock_parse_rfc3339(text, out_us)) {
        return true;
    }
    int64_t us;
    text = ascii_trim_blanks(text);
    bool found = read_date_time(text, &us) || read_epoch(text, &us);
    *out_us = found ? us : *out_us;
    return found;
}

struct span event_time_number(struct span object)
{
    size_t at = json_text_skip_space(object, 1);
    while (at < object.size && object.data[at] == '"') {
        struct span key;
        bool escaped;
        size_t colon =
            json_text_skip_space(object, json_text_skip_string(object, at, &key, &escaped));
        size_t value = json_text_skip_space(object, colon + 1);
        size_t end = json_text_value_end(object, value);
        if (end == 0) {
            break;
        }
        if (span_is(key, "time") && ascii_is_digit(object.data[value])) {
            return span_of(object.data + value, end - value);
        }
        at = json_text_skip_space(object, json_text_skip_space(object, end) + 1);
    }
    return span_of(NULL, 0);
}
