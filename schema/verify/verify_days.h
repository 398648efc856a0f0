/* Days of an archive against the seals, against their own proofs, and each index against the
 * events. Several threads look at the blocks, each with a handle of its own; what they find is told
 * by the caller's thread, in the order of days and blocks, whoever found it.
 *
 * A day is what the file has when it is opened: blocks that come later are not looked at. */
#ifndef SCHEMA_VERIFY_VERIFY_DAYS_H
#define SCHEMA_VERIFY_VERIFY_DAYS_H

#include "schema/verify/seal_set.h"

struct verify_days {
    const char *dir; /* the archive's */
    const int64_t *days_us;
    size_t n_days;
    const struct seal_set *set; /* NULL: no seals are asked */
    bool quick;                 /* digests of what is stored; no line is made */
    size_t threads;             /* 0: as many as there are cores */
    size_t blocks_at_once;      /* what a thread takes of a day; 0: as many as are worth it */
    struct verify_report *report;
};

/* Faults go to the report. An error: a file could not be read as one of ours for a reason that is
 * not its content (memory, access, a newer version). A day that has just been deleted is passed
 * over, as the next seal will say. */
MUST_USE enum status verify_days(const struct verify_days *verify, struct err *err);

#endif
