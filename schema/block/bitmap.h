/* A set of a block's events: bit s is slot s. Plain memory, copied by assignment. */
#ifndef SCHEMA_BLOCK_BITMAP_H
#define SCHEMA_BLOCK_BITMAP_H

#include "schema/block/block.h"

enum { BITMAP_WORDS = BLOCK_EVENTS_MAX / 64 };

struct bitmap {
    uint64_t words[BITMAP_WORDS];
};

static inline void bitmap_set(struct bitmap *map, size_t slot)
{
    map->words[slot / 64] |= UINT64_C(1) << (slot % 64);
}

static inline bool bitmap_get(const struct bitmap *map, size_t slot)
{
    return map->words[slot / 64] >> (slot % 64) & 1;
}

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
