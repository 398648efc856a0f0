/* The time of an event as programs write it. Usual times are RFC 3339 and are read by
 * schema/base/clock.h; what is read besides:
 *     2026-10-05 08:30:13[.123456]       a blank for the T, no zone: UTC
 *     2026-10-05T10:30:13+0200, +02      the zone without its colon or minutes, behind a blank too
 *     2026-10-05 08:30:13 UTC, +0000 UTC the zone by its name (UTC, GMT), also behind an offset
 *     1791189013[.5], 1.791189013e9      seconds since 1970; milli-, micro- and nanoseconds by the
 *                                        number of digits (10, 13, 16, 19)
 * Pure. */
#ifndef SCHEMA_EVENT_EVENT_TIME_H
#define SCHEMA_EVENT_EVENT_TIME_H

#include "schema/base/clock.h"

/* text: a string without its quotes, or a number as it stands. Microseconds; what is finer is cut.
 * False when it is none of these. */
MUST_USE bool event_time_read(struct span text, int64_t *out_us);

/* The first number that the object (which parses) has as `time`; else the empty span. */
struct span event_time_number(struct span object);

#endif
