/* Operations on a block's sets of events (schema/segment.h). */
#ifndef QUERY_BITMAP_H
#define QUERY_BITMAP_H

#include "schema/segment.h"

enum { BITMAP_WORDS = BLOCK_EVENTS_MAX / 64 };

/* The first n_events slots. */
void bitmap_fill(struct bitmap *map, size_t n_events);
void bitmap_clear(struct bitmap *map);
bool bitmap_is_empty(const struct bitmap *map);
size_t bitmap_count(const struct bitmap *map);
void bitmap_and(struct bitmap *map, const struct bitmap *other);
void bitmap_or(struct bitmap *map, const struct bitmap *other);
/* map without other */
void bitmap_without(struct bitmap *map, const struct bitmap *other);

/* The first slot of the set from `from` on; BLOCK_EVENTS_MAX when there is none. */
static inline size_t bitmap_next(const struct bitmap *map, size_t from)
{
    if (from >= BLOCK_EVENTS_MAX) {
        return BLOCK_EVENTS_MAX;
    }
    size_t i = from / 64;
    uint64_t word = map->words[i] & UINT64_MAX << (from % 64);
    while (word == 0 && ++i < BITMAP_WORDS) {
        word = map->words[i];
    }
    return word ? i * 64 + (size_t)__builtin_ctzll(word) : BLOCK_EVENTS_MAX;
}

#define BITMAP_EACH(map, slot)                                                                     \
    for (size_t slot = bitmap_next((map), 0); slot < BLOCK_EVENTS_MAX;                             \
         slot = bitmap_next((map), slot + 1))

#endif
