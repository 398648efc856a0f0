/* Times: microseconds since 1970-01-01T00:00:00Z, UTC only, in int64_t named ..._us. */
#ifndef SCHEMA_BASE_CLOCK_H
#define SCHEMA_BASE_CLOCK_H

#include "schema/base/err.h"
#include "schema/base/span.h"

#define CLOCK_SECOND_US INT64_C(1000000)
#define CLOCK_DAY_US    (INT64_C(86400) * CLOCK_SECOND_US)

enum { CLOCK_TEXT_BYTES = 32 };

/* Wall clock. Any thread. In builds with STELE_TEST_CLOCK (for tests) the environment variable
 * STELE_CLOCK_US fixes it. */
int64_t clock_now_us(void);
/* Monotonic clock, for waiting and measuring only. */
int64_t clock_monotonic_us(void);

/* RFC 3339 date-time with Z or an offset, 0-9 fraction digits (over 6 are cut), upper or lower T
 * and Z; nothing before or after. False when it is anything else, or no such day exists. */
MUST_USE bool clock_parse_rfc3339(struct span text, int64_t *out_us);

/* What a person may write: RFC 3339, with a space for T, without seconds, a bare date, `now`,
 * `today`, `yesterday`, or relative to now_us: -90s -15m -2h -7d -2w. ERR_USAGE says what is taken.
 */
MUST_USE enum status clock_parse_user(struct span text, int64_t now_us, int64_t *out_us,
                                      struct err *err);

/* A length of time: 90s, 15m, 2h, 7d, 2w, 250ms; a bare number is seconds. */
MUST_USE bool clock_parse_duration(struct span text, int64_t *out_us);

/* "2026-11-23T10:00:00.123456Z", the fraction cut of trailing zeros. Returns out. */
const char *clock_format(int64_t time_us, char out[CLOCK_TEXT_BYTES]);

/* "2026-11-23", the UTC day. Returns out. */
const char *clock_format_day(int64_t time_us, char out[CLOCK_TEXT_BYTES]);

/* A day of the proleptic Gregorian calendar; days are counted from 1970-01-01. */
struct clock_date {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};
int64_t clock_days_of_date(struct clock_date date);
struct clock_date clock_date_of_days(int64_t days);

/* First microsecond of the UTC day that holds time_us (floor, also before 1970). */
int64_t clock_day_start(int64_t time_us);

/* Reads "2026-11-23"; false when it is not a day. */
MUST_USE bool clock_parse_day(struct span text, int64_t *out_us);

#endif
