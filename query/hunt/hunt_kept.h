/* Which events of a block a hunt has to look at, by the observables that are kept with it
 * (schema/segment_observed.h): each that may have an indicator, and hardly another. One thread. */
#ifndef QUERY_HUNT_HUNT_KEPT_H
#define QUERY_HUNT_HUNT_KEPT_H

#include "query/block_view.h"
#include "query/hunt/indicator.h"
#include "schema/segment_observed.h"

/* A thread's, for the segment that it is at. Zeroed to begin with. */
struct hunt_kept {
    const struct indicator_set *set;
    struct segment *segment; /* whose values are matched; NULL: none yet */
    struct buf values;       /* a bit by value of the dictionary: may be an indicator */
    struct buf fields;       /* size_t: fields that have such values */
    struct observed observed;
    struct buf entries; /* uint32_t: of `observed`, may be indicators */
    struct observer observer;
    bool found; /* by the value that is looked at */
};
void hunt_kept_fini(struct hunt_kept *kept);
/* The segment is closed: forgets it. */
void hunt_kept_leave(struct hunt_kept *kept);

/* The events of the block at which the view is: those that may have an indicator; all of them when
 * nothing is kept with it. */
MUST_USE enum status hunt_kept_block(struct hunt_kept *kept, struct block_view *view,
                                     struct bitmap *out_map, struct err *err);

#endif
