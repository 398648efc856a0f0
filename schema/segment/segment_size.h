/* Where a segment's bytes are: pages of its file by what they hold, from SQLite's dbstat table. */
#ifndef SCHEMA_SEGMENT_SEGMENT_SIZE_H
#define SCHEMA_SEGMENT_SEGMENT_SIZE_H

#include "schema/segment/segment.h"

enum segment_size_part {
    SEGMENT_SIZE_COLUMNS,     /* the events, and how they came */
    SEGMENT_SIZE_VOCABULARY,  /* what their columns share, twice */
    SEGMENT_SIZE_WORDS,       /* words of text */
    SEGMENT_SIZE_OBSERVABLES, /* what indicators can name */
    SEGMENT_SIZE_OTHER,       /* block rows, proofs, free pages */
    SEGMENT_SIZE_COUNT
};
const char *segment_size_part_name(enum segment_size_part part);

/* Adds the segment's bytes to out. Reads the whole file. ERR_CONFIG when this SQLite was built
 * without dbstat. */
MUST_USE enum status segment_size_read(struct segment *segment, int64_t out[SEGMENT_SIZE_COUNT],
                                       struct err *err);

#endif
