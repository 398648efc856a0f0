#include "query/search/hit_heap.h"

#include <stdlib.h>

void places_fini(struct places *places)
{
    free(places->items);
    *places = (struct places){0};
}

void places_clear(struct places *places)
{
    places->count = 0;
}

static int compare(const struct place *a, const struct place *b)
{
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    if (a->block != b->block) {
        return a->block < b->block ? -1 : 1;
    }
    return (a->slot > b->slot) - (a->slot < b->slot);
}

/* True when a is to be shown before b. */
static bool comes_before(const struct places *places, const struct place *a, const struct place *b)
{
    int order = compare(a, b);
    return places->oldest_first ? order < 0 : order > 0;
}

static void swap(struct place *a, struct place *b)
{
    struct place place = *a;
    *a = *b;
    *b = place;
}

static void sift_up(struct places *places, size_t i)
{
    while (i > 0 && comes_before(places, &places->items[(i - 1) / 2], &places->items[i])) {
        swap(&places->items[(i - 1) / 2], &places->items[i]);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct places *places, size_t i)
{
    for (;;) {
        size_t last = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < places->count; child++) {
            if (comes_before(places, &places->items[last], &places->items[child])) {
                last = child;
            }
        }
        if (last == i) {
            return;
        }
        swap(&places->items[last], &places->items[i]);
        i = last;
    }
}

enum status places_add(struct places *places, struct place place, struct err *err)
{
    if (places->limit > 0 && places->count == places->limit) {
        if (comes_before(places, &place, &places->items[0])) {
            places->items[0] = place;
            sift_down(places, 0);
        }
        return OK;
    }
    if (places->count == places->capacity) {
        size_t capacity = places->capacity ? places->capacity * 2 : 1024;
        struct place *items = realloc(places->items, capacity * sizeof *items);
        if (!items) {
            return err_nomem(err, "search");
        }
        places->items = items;
        places->capacity = capacity;
    }
    places->items[places->count++] = place;
    if (places->limit > 0) {
        sift_up(places, places->count - 1);
    }
    return OK;
}

bool places_closed_to(const struct places *places, int64_t time_min_us, int64_t time_max_us)
{
    if (places->limit == 0 || places->count < places->limit) {
        return false;
    }
    int64_t last_us = places->items[0].time_us;
    return places->oldest_first ? time_min_us > last_us : time_max_us < last_us;
}

static int ascending(const void *a, const void *b)
{
    return compare(a, b);
}

static int descending(const void *a, const void *b)
{
    return compare(b, a);
}

void places_sort(struct places *places)
{
    if (places->count > 0) {
        qsort(places->items, places->count, sizeof places->items[0],
              places->oldest_first ? ascending : descending);
    }
}
