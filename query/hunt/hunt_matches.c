/* What one event has of the indicators; emptied for the next event at the cost of what was in it.
 */
#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

enum { FINDS_MIN = 64 };

static size_t place_of(const struct hunt_matches *matches, size_t indicator)
{
    size_t mask = matches->table_size - 1;
    size_t at = (size_t)((indicator + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;
    while (matches->table[at] != 0 &&
           matches->items[matches->table[at] - 1].indicator != indicator) {
        at = (at + 1) & mask;
    }
    return at;
}

static bool finds_grow(struct hunt_matches *matches)
{
    size_t capacity = matches->capacity ? matches->capacity * 2 : FINDS_MIN;
    struct hunt_indicator_match *items = realloc(matches->items, capacity * sizeof *items);
    matches->items = items ? items : matches->items;
    uint32_t *table = calloc(capacity * 2, sizeof *table);
    if (!items || !table) {
        free(table);
        return false;
    }
    free(matches->table);
    matches->table = table;
    matches->table_size = capacity * 2;
    matches->capacity = capacity;
    for (size_t i = 0; i < matches->count; i++) {
        table[place_of(matches, items[i].indicator)] = (uint32_t)i + 1;
    }
    return true;
}

struct hunt_indicator_match *hunt_matches_of(struct hunt_matches *matches, size_t indicator,
                                             bool *out_new)
{
    if (matches->count == matches->capacity && !finds_grow(matches)) {
        return NULL;
    }
    size_t at = place_of(matches, indicator);
    *out_new = matches->table[at] == 0;
    if (*out_new) {
        struct hunt_indicator_match *item = &matches->items[matches->count];
        *item = (struct hunt_indicator_match){.indicator = indicator};
        matches->table[at] = (uint32_t)++matches->count;
        return item;
    }
    return &matches->items[matches->table[at] - 1];
}

struct hunt_indicator_match *hunt_matches_get(const struct hunt_matches *matches, size_t indicator)
{
    uint32_t number = matches->count ? matches->table[place_of(matches, indicator)] : 0;
    return number ? &matches->items[number - 1] : NULL;
}

void hunt_matches_clear(struct hunt_matches *matches)
{
    if (matches->count * 8 > matches->table_size) {
        memset(matches->table, 0, matches->table_size * sizeof *matches->table);
        matches->count = 0;
    }
    while (matches->count > 0) { /* the last first: those before it are still found */
        size_t at = place_of(matches, matches->items[matches->count - 1].indicator);
        matches->table[at] = 0;
        matches->count--;
    }
}

void hunt_matches_fini(struct hunt_matches *matches)
{
    free(matches->items);
    free(matches->table);
    *matches = (struct hunt_matches){0};
}
