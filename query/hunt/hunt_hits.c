#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

enum { TALLY_MIN = 256 };

static size_t place_of(const struct hunt_hits *tally, size_t indicator, uint32_t warninglist)
{
    size_t mask = tally->table_size - 1;
    size_t at =
        (size_t)((indicator + 1 + ((uint64_t)warninglist << 32)) * UINT64_C(0x9e3779b97f4a7c15) >>
                 20) &
        mask;
    for (; tally->table[at] != 0; at = (at + 1) & mask) {
        const struct hunt_hit *hit = &tally->hits[tally->table[at] - 1];
        if (hit->indicator == indicator && hit->warninglist == warninglist) {
            break;
        }
    }
    return at;
}

static bool tally_grow(struct hunt_hits *tally)
{
    size_t capacity = tally->capacity ? tally->capacity * 2 : TALLY_MIN;
    struct hunt_hit *hits = realloc(tally->hits, capacity * sizeof *hits);
    tally->hits = hits ? hits : tally->hits;
    uint32_t *table = calloc(capacity * 2, sizeof *table);
    if (!hits || !table) {
        free(table);
        return false;
    }
    free(tally->table);
    tally->table = table;
    tally->table_size = capacity * 2;
    tally->capacity = capacity;
    for (size_t i = 0; i < tally->count; i++) {
        table[place_of(tally, hits[i].indicator, hits[i].warninglist)] = (uint32_t)i + 1;
    }
    return true;
}

/* The hit's place; added when it is new. SIZE_MAX: out of memory. */
static size_t hit_at(struct hunt_hits *tally, size_t indicator, uint32_t warninglist)
{
    if (tally->count == tally->capacity && !tally_grow(tally)) {
        return SIZE_MAX;
    }
    size_t at = place_of(tally, indicator, warninglist);
    if (tally->table[at] == 0) {
        tally->hits[tally->count] = (struct hunt_hit){.indicator = indicator,
                                                      .warninglist = warninglist,
                                                      .first_us = INT64_MAX,
                                                      .last_us = INT64_MIN};
        tally->table[at] = (uint32_t)++tally->count;
    }
    return tally->table[at] - 1;
}

struct hunt_hit *hunt_hits_of(struct hunt_hits *tally, size_t indicator, uint32_t warninglist)
{
    size_t at = hit_at(tally, indicator, warninglist);
    return at == SIZE_MAX ? NULL : &tally->hits[at];
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
    struct span lookup = arena_keep(arena, name);
    names->items[names->count] = lookup;
    names->count += lookup.data != NULL;
    return lookup.data != NULL;
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
    for (size_t i = 0; i < from->count; i++) {
        const struct hunt_hit *other = &from->hits[i];
        size_t at = hit_at(into, other->indicator, other->warninglist);
        if (at == SIZE_MAX) {
            return false;
        }
        struct hunt_hit *hit = &into->hits[at];
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
    const struct span *x = a;
    const struct span *y = b;
    int order = memcmp(x->data, y->data, x->size < y->size ? x->size : y->size);
    return order != 0 ? order : x->size < y->size ? -1 : x->size > y->size;
}

static void sort_names(struct hunt_names *names)
{
    qsort(names->items, names->count, sizeof names->items[0], by_text);
}

void hunt_hits_end(struct hunt_hits *tally, struct hunt_result *out)
{
    if (tally->count > 0) {
        qsort(tally->hits, tally->count, sizeof *tally->hits, by_events);
    }
    for (size_t i = 0; i < tally->count; i++) {
        sort_names(&tally->hits[i].actors);
        sort_names(&tally->hits[i].targets);
        sort_names(&tally->hits[i].fields);
    }
    out->hits = tally->hits;
    out->n_hits = tally->count;
    out->arena = tally->arena;
    tally->hits = NULL;
    tally->arena = (struct arena)ARENA_INIT;
    hunt_hits_fini(tally);
}

void hunt_hits_fini(struct hunt_hits *tally)
{
    free(tally->hits);
    free(tally->table);
    arena_fini(&tally->arena);
    *tally = (struct hunt_hits){0};
}
