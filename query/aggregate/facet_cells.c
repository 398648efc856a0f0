#include "query/aggregate/facet_cells.h"

void facet_cells_fini(struct facet_cells *cells)
{
    vec_fini(&cells->items);
}

void facet_cells_clear(struct facet_cells *cells)
{
    if (cells->items.count > 0) {
        memset(cells->head, 0, sizeof cells->head);
    }
    vec_clear(&cells->items);
}

enum status facet_cells_add(struct facet_cells *cells, size_t slot, uint32_t number,
                            struct err *err)
{
    for (uint32_t at = cells->head[slot]; at != 0; at = facet_cell_at(cells, at)->next) {
        if (facet_cell_at(cells, at)->number == number) {
            return OK;
        }
    }
    if (!vec_push(&cells->items, (struct facet_cell){number, cells->head[slot]})) {
        return err_nomem(err, "top");
    }
    cells->head[slot] = (uint32_t)cells->items.count;
    return OK;
}
