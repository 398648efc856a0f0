/* The kept observables of a segment's blocks. Blocks that were written before there were any have
 * none: they are hunted by their events. */
#ifndef SCHEMA_SEGMENT_SEGMENT_OBSERVABLE_H
#define SCHEMA_SEGMENT_SEGMENT_OBSERVABLE_H

#include "schema/block/observable_index.h"
#include "schema/segment/segment.h"

enum segment_observable_list {
    SEGMENT_OBSERVABLE_VALUES, /* of the values that are new in the dictionary with this block */
    SEGMENT_OBSERVABLE_EVENTS, /* of the values of its events that are in no column */
};

/* *out_is_there: false when the block has no such list. An event's observables are those of its
 * values in columns and those of the list of events, or it is partial (segment_partial). */
MUST_USE enum status segment_observable_read(struct segment *segment, int64_t block,
                                             enum segment_observable_list list,
                                             struct observable_index *out, bool *out_is_there,
                                             struct err *err);

#endif
