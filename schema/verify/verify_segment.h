/* A day's file under verification, as its checks see it. Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_SEGMENT_H
#define SCHEMA_VERIFY_VERIFY_SEGMENT_H

#include "schema/verify/seal_set.h"

struct verify_segment {
    const char *where; /* how the report names it */
    int64_t day_us;
    const struct seal_set *set; /* NULL: no seals are asked */
    bool quick;                 /* digests of what is stored; no line is made */
    struct verify_report *report;
};

#endif
