/* What segments hold, summed: of an archive's days, or of one file. */
#ifndef TOOLS_STELE_VERBS_STATS_SUMS_H
#define TOOLS_STELE_VERBS_STATS_SUMS_H

#include "schema/segment/segment_size.h"

struct stats_sums {
    int64_t blocks;
    int64_t events;
    int64_t raw_bytes;
    int64_t frame_bytes; /* the events themselves, compressed */
    int64_t file_bytes;  /* segments and catalogue with their logs */
    int64_t oldest_us;   /* of event time; 0 when there is no event */
    int64_t newest_us;
    bool with_parts; /* parts are summed: every segment is read from end to end */
    int64_t parts[SEGMENT_SIZE_COUNT];
};

/* Adds what the segment holds; not the bytes of its file. */
MUST_USE enum status stats_sums_add(struct stats_sums *sums, struct segment *segment,
                                    struct err *err);
/* Of the file and its log; 0: not there. */
int64_t stats_sums_file_bytes(const char *path);

#endif
