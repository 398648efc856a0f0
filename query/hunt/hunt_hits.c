#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

struct hunt_hit *hunt_hits_of(struct hunt_hits *hits, size_t indicator, uint32_t warninglist)
{
    uint32_t hash = index_table_mix(indicator ^ (uint64_t)warninglist << 32);
    for (struct index_table_probe probe = index_table_probe(&hits->table, hash);
         index_table_next(&probe);) {
        struct hunt_hit *hit = vec_at(&hits->items, probe.number);
        if (hit->indicator == indicator && hit->warninglist == warninglist) {
            return hit;
        }
    }
    if (!vec_reserve(&hits->items, 1) ||
        !index_table_add(&hits->table, hash, (uint32_t)hits->items.count)) {
        return NULL;
    }
    struct hunt_hit *hit = vec_add(&hits->items);
    *hit = (struct hunt_hit){.indicator = indicator,
                             .warninglist = warninglist,
                             .first_us = INT64_MAX,
                             .last_us = INT64_MIN};
    return hit;
}

bool hunt_names_add(struct hunt_names *names, struct span name, struct arena *arena)
{
    for (size_t i = 0; i < names->count; i++) {
        if (span_equal(names->items[i], name)) {
            return true;
        }
    }
    if (name.size == 0 || names->count == HUNT_NAMES_MAX) {
        names->more |= name.size > 0;
        return true;
    }
    struct span copy = arena_keep(arena, name);
    names->items[names->count] = copy;
    names->count += copy.data != NULL;
    return copy.data != NULL;
}

static bool merge_names(struct hunt_names *into, const struct hunt_names *from, struct arena *arena)
{
    into->more |= from->more;
    for (size_t i = 0; i < from->count; i++) {
        if (!hunt_names_add(into, from->items[i], arena)) {
            return false;
        }
    }
    return true;
}

bool hunt_hits_merge(struct hunt_hits *into, const struct hunt_hits *from)
{
    for (size_t i = 0; i < from->items.count; i++) {
        const struct hunt_hit *other = &from->items.items[i];
        struct hunt_hit *hit = hunt_hits_of(into, other->indicator, other->warninglist);
        if (!hit) {
            return false;
        }
        hit->events += other->events;
        hit->decoded += other->decoded;
        hit->first_us = other->first_us < hit->first_us ? other->first_us : hit->first_us;
        hit->last_us = other->last_us > hit->last_us ? other->last_us : hit->last_us;
        if (!merge_names(&hit->actors, &other->actors, &into->arena) ||
            !merge_names(&hit->targets, &other->targets, &into->arena) ||
            !merge_names(&hit->fields, &other->fields, &into->arena)) {
            return false;
        }
    }
    return true;
}

static int by_events(const void *a, const void *b)
{
    const struct hunt_hit *x = a;
    const struct hunt_hit *y = b;
    if (x->events != y->events) {
        return x->events > y->events ? -1 : 1;
    }
    if (x->indicator != y->indicator) {
        return x->indicator < y->indicator ? -1 : 1;
    }
    return x->warninglist < y->warninglist ? -1 : x->warninglist > y->warninglist;
}

static int by_text(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static void sort_names(struct hunt_names *names)
{
    qsort(names->items, names->count, sizeof names->items[0], by_text);
}

void hunt_hits_end(struct hunt_hits *hits, struct hunt_result *out)
{
    vec_sort(&hits->items, by_events);
    for (size_t i = 0; i < hits->items.count; i++) {
        struct hunt_hit *hit = &hits->items.items[i];
        sort_names(&hit->actors);
        sort_names(&hit->targets);
        sort_names(&hit->fields);
    }
    out->n_hits = hits->items.count;
    out->hits = vec_take(&hits->items);
    out->arena = hits->arena;
    hits->arena = (struct arena)ARENA_INIT;
    hunt_hits_fini(hits);
}

void hunt_hits_fini(struct hunt_hits *hits)
{
    vec_fini(&hits->items);
    index_table_fini(&hits->table);
    arena_fini(&hits->arena);
}
