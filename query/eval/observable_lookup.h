/* Which events of a block have an observable that is asked for, by what is kept with the block
 * (schema/segment/segment_observable.h). One thread. */
#ifndef QUERY_EVAL_OBSERVABLE_LOOKUP_H
#define QUERY_EVAL_OBSERVABLE_LOOKUP_H

#include "query/eval/block_view.h"
#include "schema/base/vec.h"
#include "schema/segment/segment_observable.h"

struct observable_lookup_numbers VEC_OF(uint32_t);

/* The caller's test: one observable, or a set of a million indicators. */
struct observable_lookup_ops {
    /* Adds the entries (ascending) of the block's index that may match; of addresses exactly those
     * that do. False: out of memory. */
    bool (*candidates)(const void *context, const struct observable_index *index,
                       struct observable_lookup_numbers *out_entries);
    bool (*matches)(const void *context, const struct observable *observable);
    const void *context;
};

/* For the segment at hand. All but ops zeroed to begin with. */
struct observable_lookup {
    struct observable_lookup_ops ops;
    struct segment *segment; /* whose values are known; NULL: none yet */
    struct buf values;       /* a bit by value of the dictionary: it matches */
    VEC(size_t) fields;      /* that have such values */
    struct observable_index index;
    struct observable_lookup_numbers entries; /* of the index: candidates */
    struct observable_lookup_numbers numbers; /* of the dictionary's values */
    struct observable_scanner scanner;
    bool failed; /* out of memory */
};
void observable_lookup_fini(struct observable_lookup *lookup);
/* The segment is closed: forgets it. */
void observable_lookup_leave(struct observable_lookup *lookup);

/* Of the block at which the view is: events that match, and probable matches, to be confirmed from
 * their bytes; all of them when nothing is kept with the block. */
MUST_USE enum status observable_lookup_block(struct observable_lookup *lookup,
                                             struct block_view *view, struct bitmap *out_sure,
                                             struct bitmap *out_maybe, struct err *err);

#endif
