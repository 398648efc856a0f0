/* What is counted of an event, block by block. Part of query/aggregate/top.c. */
#ifndef QUERY_AGGREGATE_FACET_H
#define QUERY_AGGREGATE_FACET_H

#include "query/aggregate/aggregate.h"

enum facet_kind { FACET_FIELD, FACET_ACTOR, FACET_SEVERITY, FACET_DAY, FACET_HOUR };

struct facet {
    enum facet_kind kind;
    struct span field;
};

/* A value of an event: its number among the texts. */
struct facet_cell {
    uint32_t number;
    uint32_t next; /* index + 1 of the event's next one */
};

struct facet_cells {
    uint32_t head[BLOCK_EVENTS_MAX]; /* index + 1 */
    VEC(struct facet_cell) items;
};

/* A stretch of time that has one number. */
struct facet_period {
    int64_t from_us; /* from >= to: none yet */
    int64_t to_us;
    uint32_t number;
};

/* A count under way, of one thread. */
struct facet_pass {
    struct facet facets[TUPLE_COUNT_PARTS_MAX];
    size_t n_facets;
    struct intern texts;
    struct tuple_count tuples;
    int64_t events;    /* that satisfied the query */
    struct plan *plan; /* of the segment at hand */
    /* By part, by value of the segment: number + 1, or UINT32_MAX for a value not shown. */
    uint32_t *value_numbers[TUPLE_COUNT_PARTS_MAX];
    size_t n_values[TUPLE_COUNT_PARTS_MAX];
    struct facet_cells cells[TUPLE_COUNT_PARTS_MAX];
    struct facet_period periods[TUPLE_COUNT_PARTS_MAX]; /* seen last */
    struct bitmap found;                                /* events that a facet has a value for */
};

/* By name: a field, or actor, severity, day, hour. The name must outlive it. */
struct facet facet_of(struct span name);

/* The values of facet `part` of the block's events in map: into pass->cells, or, when it is the
 * only facet and the block has it as a column, straight into pass->tuples. */
MUST_USE enum status facet_block(struct facet_pass *pass, size_t part, const struct bitmap *map,
                                 struct err *err);
/* The values of a single event, as slot 0 of pass->cells. */
MUST_USE enum status facet_event(struct facet_pass *pass, size_t part, const struct event *event,
                                 struct err *err);

void facet_cells_clear(struct facet_cells *cells);
void facet_cells_fini(struct facet_cells *cells);

static inline const struct facet_cell *facet_cell_at(const struct facet_cells *cells,
                                                     uint32_t index)
{
    return &cells->items.items[index - 1];
}

#endif
