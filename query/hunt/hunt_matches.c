/* What one event has of the indicators; emptied for the next event. */
#include "query/hunt/hunt_internal.h"

struct hunt_indicator_match *hunt_matches_get(const struct hunt_matches *matches, size_t indicator)
{
    for (struct index_table_probe probe =
             index_table_probe(&matches->table, index_table_mix(indicator));
         index_table_next(&probe);) {
        struct hunt_indicator_match *match = vec_at(&matches->items, probe.number);
        if (match->indicator == indicator) {
            return match;
        }
    }
    return NULL;
}

struct hunt_indicator_match *hunt_matches_of(struct hunt_matches *matches, size_t indicator,
                                             bool *out_new)
{
    struct hunt_indicator_match *match = hunt_matches_get(matches, indicator);
    *out_new = !match;
    if (match) {
        return match;
    }
    uint32_t number = (uint32_t)matches->items.count;
    if (!vec_reserve(&matches->items, 1) ||
        !index_table_add(&matches->table, index_table_mix(indicator), number)) {
        return NULL;
    }
    match = vec_add(&matches->items);
    *match = (struct hunt_indicator_match){.indicator = indicator};
    return match;
}

void hunt_matches_clear(struct hunt_matches *matches)
{
    if (matches->items.count > 0) {
        index_table_clear(&matches->table);
        vec_clear(&matches->items);
    }
}

void hunt_matches_fini(struct hunt_matches *matches)
{
    index_table_fini(&matches->table);
    vec_fini(&matches->items);
}
