/* What one event has of the indicators; emptied for the next event at the cost of what was in it.
 */
#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

enum { FINDS_MIN = 64 };

static size_t place_of(const struct hunt_finds *finds, size_t indicator)
{
    size_t mask = finds->table_size - 1;
    size_t at = (size_t)((indicator + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;
    while (finds->table[at] != 0 && finds->items[finds->table[at] - 1].indicator != indicator) {
        at = (at + 1) & mask;
    }
    return at;
}

static bool finds_grow(struct hunt_finds *finds)
{
    size_t capacity = finds->capacity ? finds->capacity * 2 : FINDS_MIN;
    struct hunt_found *items = realloc(finds->items, capacity * sizeof *items);
    finds->items = items ? items : finds->items;
    uint32_t *table = calloc(capacity * 2, sizeof *table);
    if (!items || !table) {
        free(table);
        return false;
    }
    free(finds->table);
    finds->table = table;
    finds->table_size = capacity * 2;
    finds->capacity = capacity;
    for (size_t i = 0; i < finds->count; i++) {
        table[place_of(finds, items[i].indicator)] = (uint32_t)i + 1;
    }
    return true;
}

struct hunt_found *hunt_finds_of(struct hunt_finds *finds, size_t indicator, bool *out_new)
{
    if (finds->count == finds->capacity && !finds_grow(finds)) {
        return NULL;
    }
    size_t at = place_of(finds, indicator);
    *out_new = finds->table[at] == 0;
    if (*out_new) {
        struct hunt_found *item = &finds->items[finds->count];
        *item = (struct hunt_found){.indicator = indicator};
        finds->table[at] = (uint32_t)++finds->count;
        return item;
    }
    return &finds->items[finds->table[at] - 1];
}

struct hunt_found *hunt_finds_get(const struct hunt_finds *finds, size_t indicator)
{
    uint32_t number = finds->count ? finds->table[place_of(finds, indicator)] : 0;
    return number ? &finds->items[number - 1] : NULL;
}

void hunt_finds_clear(struct hunt_finds *finds)
{
    if (finds->count * 8 > finds->table_size) {
        memset(finds->table, 0, finds->table_size * sizeof *finds->table);
        finds->count = 0;
    }
    while (finds->count > 0) { /* the last first: those before it are still found */
        size_t at = place_of(finds, finds->items[finds->count - 1].indicator);
        finds->table[at] = 0;
        finds->count--;
    }
}

void hunt_finds_fini(struct hunt_finds *finds)
{
    free(finds->items);
    free(finds->table);
    *finds = (struct hunt_finds){0};
}
