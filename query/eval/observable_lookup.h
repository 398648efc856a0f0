/* Which events of a block have an observable that is asked for, by what is kept with the block
 * (schema/segment/segment_observable.h) and its columns. One thread. */
#ifndef QUERY_EVAL_OBSERVABLE_LOOKUP_H
#define QUERY_EVAL_OBSERVABLE_LOOKUP_H

#include "query/eval/block_view.h"
#include "schema/base/vec.h"
#include "schema/segment/segment_observable.h"

/* The caller's test: one observable, or a set of a million indicators. */
struct observable_lookup_ops {
    /* Is any of that kind asked for? */
    bool (*asks)(const void *context, enum observable_kind kind);
    /* May one of them be in a group of the kept ones, or be that address? Nothing is missed. */
    bool (*may_have)(const void *context, const struct observable_index_group *group);
    bool (*may_have_v4)(const void *context, uint32_t v4);
    bool (*matches)(const void *context, const struct observable *observable);
    const void *context;
};

/* A path that a block may have something of; or all of its paths. */
#define OBSERVABLE_LOOKUP_ANY UINT32_MAX
struct observable_lookup_place {
    int64_t block;
    uint32_t path;
};

/* A path of the segment. */
struct observable_lookup_path {
    struct segment_observable_path observed;
    bool asks_whole; /* what its field names is asked for */
    bool has_values; /* that match */
};

/* For the segment at hand. All but ops zeroed to begin with. */
struct observable_lookup {
    struct observable_lookup_ops ops;
    struct segment *segment; /* whose values are known, while it is open */
    uint64_t serial;         /* segment_serial of it; 0: none yet */
    const struct vocabulary *vocabulary;
    VEC(struct observable_lookup_path) paths;
    struct buf values;                          /* a bit by value of the vocabulary: it matches */
    VEC(struct observable_lookup_place) places; /* by block and path */
    struct observable_index index;
    struct segment_observable_scanner scanner;
    bool found; /* in the value at hand */
};
void observable_lookup_fini(struct observable_lookup *lookup);

/* Of the block at which the view is: the events that match. */
MUST_USE enum status observable_lookup_block(struct observable_lookup *lookup,
                                             struct block_view *view, struct bitmap *out_map,
                                             struct err *err);

#endif
