#include "schema/block/bitmap.h"

void bitmap_fill(struct bitmap *map, size_t n_events)
{
    CHECK(n_events <= BLOCK_EVENTS_MAX);
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        size_t first = i * 64;
        map->words[i] = n_events >= first + 64 ? UINT64_MAX
                        : n_events > first     ? (UINT64_C(1) << (n_events - first)) - 1
                                               : 0;
    }
}

void bitmap_clear(struct bitmap *map)
{
    memset(map, 0, sizeof *map);
}

bool bitmap_is_empty(const struct bitmap *map)
{
    uint64_t any = 0;
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        any |= map->words[i];
    }
    return any == 0;
}

size_t bitmap_count(const struct bitmap *map)
{
    size_t count = 0;
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        count += (size_t)__builtin_popcountll(map->words[i]);
    }
    return count;
}

void bitmap_and(struct bitmap *map, const struct bitmap *other)
{
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        map->words[i] &= other->words[i];
    }
}

void bitmap_or(struct bitmap *map, const struct bitmap *other)
{
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        map->words[i] |= other->words[i];
    }
}

void bitmap_without(struct bitmap *map, const struct bitmap *other)
{
    for (size_t i = 0; i < BITMAP_WORDS; i++) {
        map->words[i] &= ~other->words[i];
    }
}
