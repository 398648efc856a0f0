/* What holds mean for a day. Any thread. */
#ifndef DAEMON_RETENTION_HOLD_CHECK_H
#define DAEMON_RETENTION_HOLD_CHECK_H

#include "schema/archive/legal_hold.h"

/* In order of id. */
struct hold_check_list {
    struct legal_hold *items;
    size_t count;
};

/* The first hold of a range (or, with is_range false, of a session or user that could be for the
 * day, by its range alone) that touches the UTC day; 0: none. */
int64_t hold_check_day(int64_t day_us, const struct hold_check_list *holds, bool is_range);
/* *out_hold is the first hold of a session or user of which the day's file at `path` has an event
 * (within the hold's range, if it has one); left as it is when there is none, or one is set
 * already. Words that stand in a longer value (alice in alice@example.com) are found, too. */
MUST_USE enum status hold_check_subject(const char *path, int64_t day_us,
                                        const struct hold_check_list *holds, int64_t *out_hold,
                                        struct err *err);

#endif
