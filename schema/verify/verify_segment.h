/* A day's file against the seals, against its own proofs, and each index against the events. One
 * thread. */
#ifndef SCHEMA_VERIFY_VERIFY_SEGMENT_H
#define SCHEMA_VERIFY_VERIFY_SEGMENT_H

#include "schema/verify/seal_set.h"

struct verify_segment {
    const char *path;
    const char *where; /* how the report names it */
    int64_t day_us;
    const struct seal_set *set; /* NULL: no seals are asked */
    bool quick;                 /* digests of what is stored; no line is made */
    struct verify_report *report;
    void (*step)(void *context); /* after each block; may be NULL */
    void *context;
};

/* Faults go to the report. An error: the file could not be read as one of ours for a reason that is
 * not its content (memory, access, a newer version). */
MUST_USE enum status verify_segment(const struct verify_segment *verify, struct err *err);

#endif
