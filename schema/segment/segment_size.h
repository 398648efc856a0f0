/* Where a segment's bytes are: pages of its file by what they hold, from SQLite's dbstat table. */
#ifndef SCHEMA_SEGMENT_SEGMENT_SIZE_H
#define SCHEMA_SEGMENT_SEGMENT_SIZE_H

#include "schema/segment/segment.h"

enum segment_part {
    PART_FRAMES,     /* the events, compressed */
    PART_COLUMNS,    /* values by field */
    PART_DICTIONARY, /* distinct values and their terms */
    PART_TERMS,      /* terms of text */
    PART_VECTORS,    /* times, arrivals, identities */
    PART_OTHER,      /* block rows, fields, free pages */
    PART_COUNT
};
const char *segment_part_name(enum segment_part part);

/* Adds the segment's bytes to out. Reads the whole file. ERR_CONFIG when this SQLite was built
 * without dbstat. */
MUST_USE enum status segment_parts(struct segment *segment, int64_t out[PART_COUNT],
                                   struct err *err);

#endif
