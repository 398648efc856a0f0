/* What is counted of events, block by block. Part of query/aggregate/top.c. */
#ifndef QUERY_AGGREGATE_FACET_H
#define QUERY_AGGREGATE_FACET_H

#include "query/aggregate/aggregate.h"
#include "query/aggregate/facet_field.h"

enum facet_kind { FACET_FIELDS, FACET_DAY, FACET_HOUR };

/* The fields that may be the actor are fewer. */
enum { FACET_FIELDS_MAX = 8 };

/* A stretch of time that has one number. */
struct facet_period {
    int64_t from_us; /* from >= to: none yet */
    int64_t to_us;
    uint32_t number;
};

struct facet {
    enum facet_kind kind;
    struct facet_field fields[FACET_FIELDS_MAX]; /* an event has what the first of them that it has
                                                    gives */
    size_t n_fields;
    struct facet_period period; /* seen last */
    struct facet_cells cells;   /* of the block at hand */
};

/* A count under way, of one thread. */
struct facet_pass {
    struct facet facets[TUPLE_COUNT_PARTS_MAX];
    size_t n_facets;
    struct intern texts;
    struct tuple_count tuples;
    int64_t events; /* that satisfied the query */
};

/* By names, which must outlive it: fields, or actor, severity, day, hour. */
void facet_pass_init(struct facet_pass *pass, const struct span *names, size_t n_names);
/* NULL and zeroed are fine. */
void facet_pass_fini(struct facet_pass *pass);

/* The values of facet `part` of the view's events in map: into its cells, or, when it is the only
 * facet, straight into pass->tuples where that is as well. */
MUST_USE enum status facet_block(struct facet_pass *pass, size_t part, struct block_view *view,
                                 const struct bitmap *map, struct err *err);
/* The values of a single event, as slot 0 of the cells. */
MUST_USE enum status facet_event(struct facet_pass *pass, size_t part, const struct event *event,
                                 struct err *err);
/* The next block is of another segment. */
void facet_leave(struct facet_pass *pass);

#endif
