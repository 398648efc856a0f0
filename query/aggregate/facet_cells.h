/* The numbers that the events of a block have, each once an event. One thread. Part of
 * query/aggregate/top.c. */
#ifndef QUERY_AGGREGATE_FACET_CELLS_H
#define QUERY_AGGREGATE_FACET_CELLS_H

#include "schema/base/vec.h"
#include "schema/block/block.h"

struct facet_cell {
    uint32_t number;
    uint32_t next; /* index + 1 of the event's next one */
};

struct facet_cells {
    uint32_t head[BLOCK_EVENTS_MAX]; /* index + 1; 0: the event has none */
    VEC(struct facet_cell) items;
};

/* Zeroed to begin with. */
void facet_cells_fini(struct facet_cells *cells);
void facet_cells_clear(struct facet_cells *cells);
/* Nothing happens when the event has the number already. */
MUST_USE enum status facet_cells_add(struct facet_cells *cells, size_t slot, uint32_t number,
                                     struct err *err);

/* A cell by what `head` and `next` say of it. */
static inline const struct facet_cell *facet_cell_at(const struct facet_cells *cells,
                                                     uint32_t index)
{
    return &cells->items.items[index - 1];
}

#endif
