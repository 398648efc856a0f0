/* Which events of a block have an observable that is asked for, by what is kept with the block
 * (schema/segment/segment_observable.h). One thread. */
#ifndef QUERY_EVAL_OBSERVABLE_LOOKUP_H
#define QUERY_EVAL_OBSERVABLE_LOOKUP_H

#include "query/eval/block_view.h"
#include "schema/segment/segment_observable.h"

/* Who asks: for one observable, or for a million indicators. */
struct observable_lookup_ops {
    /* Appends the entries (uint32_t, ascending) of the list that may be asked for; of addresses
     * exactly those that are. */
    void (*pick)(const void *context, const struct observable_index *observed,
                 struct buf *out_entries);
    /* Is the observable asked for? */
    bool (*is)(const void *context, const struct observable *observable);
    const void *context;
};

/* For the segment at hand. All but the asker zeroed to begin with. */
struct observable_lookup {
    struct observable_lookup_ops ops;
    struct segment *segment; /* whose values are known; NULL: none yet */
    struct buf values;       /* a bit by value of the dictionary: has what is asked for */
    struct buf fields;       /* size_t: fields that have such values */
    struct observable_index observed;
    struct buf entries; /* uint32_t: of `observed` */
    struct buf numbers; /* uint32_t: values */
    struct observable_scanner observer;
};
void observable_lookup_fini(struct observable_lookup *lookup);
/* The segment is closed: forgets it. */
void observable_lookup_leave(struct observable_lookup *lookup);

/* Of the block at which the view is: events that have it, and events that hardly lack it, which
 * only their bytes can say; all of them when nothing is kept with the block. */
MUST_USE enum status observable_lookup_block(struct observable_lookup *lookup,
                                             struct block_view *view, struct bitmap *out_sure,
                                             struct bitmap *out_maybe, struct err *err);

#endif
