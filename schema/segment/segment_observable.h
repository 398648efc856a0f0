/* The observables of a segment: those kept with its blocks, and those of a value as it stands in a
 * column. One thread.
 *
 * A block's list has, for each path, the observables of the values that are new in the vocabulary
 * with it, and of its events' values of that path in columns of text and among the odd ones of a
 * form (path SEGMENT_PATH_LINE: of whole lines). What a column has as a form is not listed, nor is
 * a UUID of the vocabulary (segment_observable_is_uuid): these are looked up by what they are.
 * Blocks without a list are hunted by all their values. */
#ifndef SCHEMA_SEGMENT_SEGMENT_OBSERVABLE_H
#define SCHEMA_SEGMENT_SEGMENT_OBSERVABLE_H

#include "schema/block/observable_index.h"
#include "schema/event/event_value.h"
#include "schema/segment/segment.h"

/* Opens the block's list in *index. *out_is_there: false when the block has none that is whole and
 * of this version. */
MUST_USE enum status segment_observable_read(struct segment *segment, int64_t block,
                                             struct observable_index *index, bool *out_is_there,
                                             struct err *err);

/* A path: its field's name, and what that is observed as. */
struct segment_observable_path {
    uint32_t path;
    struct span name;
    struct observable_field field;
};
/* The segment's vocabulary must be known. */
struct segment_observable_path segment_observable_path(const struct segment *segment,
                                                       uint32_t path);

/* Is this spelling a UUID, and so nothing but what its field names, if it names something? */
bool segment_observable_is_uuid(const struct segment_observable_path *path, struct span spelling);

/* Memory that is kept from value to value; zeroed to begin with. */
struct segment_observable_scanner {
    struct observable_scanner scanner;
    struct event_value_reader reader;
    struct arena arena;
};
void segment_observable_scanner_fini(struct segment_observable_scanner *scanner);

/* Calls `each` with the observables that a value of that path is to an event; some more than once.
 * False: out of memory. */
MUST_USE bool segment_observable_scan(struct segment_observable_scanner *scanner,
                                      const struct segment_observable_path *path,
                                      struct columnar_value value, observable_each *each,
                                      void *context);

#endif
