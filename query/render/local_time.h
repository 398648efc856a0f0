/* Times for people, in a time zone of the system's (by its IANA name): given and shown. Without a
 * zone all is UTC. */
#ifndef QUERY_RENDER_LOCAL_TIME_H
#define QUERY_RENDER_LOCAL_TIME_H

#include "schema/base/clock.h"

enum { LOCAL_TIME_BYTES = 48 };

/* Sets the zone of the process: "Europe/Berlin", "UTC", or "local" for that of the machine. At the
 * start, in the only thread. ERR_USAGE: the system knows no such zone. */
MUST_USE enum status local_time_set_zone(const char *name, struct err *err);

/* "2026-11-23T11:00:00.123456+01:00", the fraction cut of trailing zeros; with Z where the zone has
 * UTC's time. Any thread. Return out. */
const char *local_time_format(int64_t time_us, char out[LOCAL_TIME_BYTES]);
/* The same in whole seconds. */
const char *local_time_seconds(int64_t time_us, char out[LOCAL_TIME_BYTES]);

/* clock_parse_user; a time that says no offset, today and yesterday are of the zone. */
MUST_USE enum status local_time_parse(struct span text, int64_t now_us, int64_t *out_us,
                                      struct err *err);

#endif
