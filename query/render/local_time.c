#include "query/render/local_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool has_zone;

/* libc takes what it does not know for UTC: the zone's file has to be there. */
static bool is_known(const char *name)
{
    char path[256];
    const char *dir = getenv("TZDIR");
    bool is_plain = *name && *name != '/' && *name != '.' && !strstr(name, "..");
    int size = snprintf(path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", name);
    return is_plain && size > 0 && size < (int)sizeof path && access(path, R_OK) == 0;
}

enum status local_time_set_zone(const char *name, struct err *err)
{
    bool is_local = strcmp(name, "local") == 0;
    bool is_utc = strcmp(name, "UTC") == 0 || strcmp(name, "utc") == 0 || strcmp(name, "Z") == 0;
    if (!is_local && !is_utc && !is_known(name)) {
        return err_set(err, ERR_USAGE,
                       "--tz: the system knows no time zone \"%s\" (names are like Europe/Berlin; "
                       "local is this machine's, UTC the default)",
                       name);
    }
    if (!is_local && !is_utc && setenv("TZ", name, 1) != 0) {
        return err_nomem(err, "--tz");
    }
    has_zone = !is_utc;
    tzset();
    return OK;
}

static int64_t floor_seconds(int64_t time_us)
{
    int64_t fraction = time_us % CLOCK_SECOND_US;
    return (time_us - fraction) / CLOCK_SECOND_US - (fraction < 0);
}

/* Date, time and offset with the fraction between. */
static const char *format(int64_t time_us, const char *fraction, char out[LOCAL_TIME_BYTES])
{
    struct tm tm;
    time_t seconds = (time_t)floor_seconds(time_us);
    if (!localtime_r(&seconds, &tm)) {
        return clock_format(time_us, out);
    }
    size_t size = strftime(out, LOCAL_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    long minutes = tm.tm_gmtoff / 60;
    long plain = minutes < 0 ? -minutes : minutes;
    if (minutes == 0) {
        (void)snprintf(out + size, LOCAL_TIME_BYTES - size, "%sZ", fraction);
    } else {
        (void)snprintf(out + size, LOCAL_TIME_BYTES - size, "%s%c%02ld:%02ld", fraction,
                       minutes < 0 ? '-' : '+', plain / 60, plain % 60);
    }
    return out;
}

const char *local_time_format(int64_t time_us, char out[LOCAL_TIME_BYTES])
{
    char utc[CLOCK_TEXT_BYTES];
    if (!has_zone) {
        return clock_format(time_us, out);
    }
    const char *point = strchr(clock_format(time_us, utc), '.');
    char fraction[CLOCK_TEXT_BYTES] = "";
    if (point) {
        (void)snprintf(fraction, sizeof fraction, "%.*s", (int)strcspn(point, "Z"), point);
    }
    return format(time_us, fraction, out);
}

const char *local_time_seconds(int64_t time_us, char out[LOCAL_TIME_BYTES])
{
    int64_t whole_us = floor_seconds(time_us) * CLOCK_SECOND_US;
    return has_zone ? format(whole_us, "", out) : clock_format(whole_us, out);
}

/* The time of that clock and calendar in the zone. */
static enum status from_local(struct tm *tm, int64_t fraction_us, int64_t *out_us, struct err *err)
{
    tm->tm_isdst = -1;
    time_t seconds = mktime(tm);
    if (seconds == (time_t)-1) {
        return err_set(err, ERR_USAGE, "no such time in this time zone");
    }
    *out_us = (int64_t)seconds * CLOCK_SECOND_US + fraction_us;
    return OK;
}

enum status local_time_parse(struct span text, int64_t now_us, int64_t *out_us, struct err *err)
{
    int64_t time_us = 0;
    struct tm tm = {0};
    bool today = span_is(text, "today");
    bool yesterday = span_is(text, "yesterday");
    enum status status = clock_parse_user(text, now_us, &time_us, err);
    bool says_offset = text.size > 0 && memchr("Zz", text.data[text.size - 1], 2);
    for (size_t i = 11; i < text.size; i++) {
        says_offset = says_offset || text.data[i] == '+' || text.data[i] == '-';
    }
    bool is_date = text.size >= 10 && text.data[4] == '-' && text.data[7] == '-';
    if (status == OK && has_zone && (today || yesterday)) {
        time_t now = (time_t)floor_seconds(now_us);
        if (!localtime_r(&now, &tm)) {
            return err_set(err, ERR_USAGE, "no such time in this time zone");
        }
        tm.tm_hour = 0;
        tm.tm_min = 0;
        tm.tm_sec = 0;
        tm.tm_mday -= yesterday ? 1 : 0;
        return from_local(&tm, 0, out_us, err);
    }
    if (status == OK && has_zone && is_date && !says_offset) {
        time_t seconds = (time_t)floor_seconds(time_us);
        if (!gmtime_r(&seconds, &tm)) {
            return err_set(err, ERR_USAGE, "no such time in this time zone");
        }
        return from_local(&tm, time_us - (int64_t)seconds * CLOCK_SECOND_US, out_us, err);
    }
    *out_us = status == OK ? time_us : *out_us;
    return status;
}
