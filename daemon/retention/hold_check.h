/* What holds mean for a day. Any thread. */
#ifndef DAEMON_RETENTION_HOLD_CHECK_H
#define DAEMON_RETENTION_HOLD_CHECK_H

#include "schema/archive/legal_hold.h"

/* The first hold of a range that touches the UTC day; 0: none. */
int64_t hold_check_range(int64_t day_us, const struct legal_hold *holds, size_t count);
/* The first hold of a session or user that could be for the day, by its range alone; 0: none. */
int64_t hold_check_candidate(int64_t day_us, const struct legal_hold *holds, size_t count);
/* *out_hold is the first hold of a session or user of which the day's file at `path` has an event
 * (within the hold's range, if it has one); left as it is when there is none, or one is set
 * already. Words that stand in a longer value (alice in alice@example.com) are found, too. */
MUST_USE enum status hold_check_subject(const char *path, int64_t day_us,
                                        const struct legal_hold *holds, size_t count,
                                        int64_t *out_hold, struct err *err);

#endif
