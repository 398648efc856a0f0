/* Values of a column that came just before, told apart by their ends: most values come again, and
 * so are found without a hash of all their bytes. Only what is found here is the same for certain;
 * what is not may have come as well. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_RECENT_H
#define SCHEMA_COLUMNAR_COLUMNAR_RECENT_H

#include "schema/columnar/columnar_walk.h"

enum { COLUMNAR_RECENT_SLOTS = 256, COLUMNAR_ENDS_BYTES = 16 };

/* The first and the last bytes, which overlap; up to COLUMNAR_ENDS_BYTES, all of them. */
struct columnar_ends {
    uint64_t first;
    uint64_t last;
    size_t size;
};

struct columnar_recent {
    struct columnar_ends ends; /* size 0: none */
    struct span value;
    uint64_t place; /* what the caller notes of it */
};

/* Zeroed to begin with. */
struct columnar_recents {
    struct columnar_recent slots[COLUMNAR_RECENT_SLOTS];
};

static inline struct columnar_ends columnar_ends_of(struct span value)
{
    struct columnar_ends ends = {0, 0, value.size};
    const char *data = value.data;
    size_t size = value.size;
    if (size >= 8) {
        memcpy(&ends.first, data, 8);
        memcpy(&ends.last, data + size - 8, 8);
    } else if (size >= 4) {
        memcpy(&ends.first, data, 4);
        memcpy(&ends.last, data + size - 4, 4);
    } else if (size > 0) {
        ends.first = (uint64_t)(uint8_t)data[0] | (uint64_t)(uint8_t)data[size / 2] << 8 |
                     (uint64_t)(uint8_t)data[size - 1] << 16;
    }
    return ends;
}

static inline size_t columnar_ends_slot(const struct columnar_ends *ends)
{
    uint64_t mixed = (ends->first ^ ends->size) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32 ^ ends->last) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(mixed >> 56) & (COLUMNAR_RECENT_SLOTS - 1);
}

/* An empty value is none that came. */
static inline bool columnar_recent_is(const struct columnar_recent *recent,
                                      const struct columnar_ends *ends, struct span value)
{
    return recent->ends.size == ends->size && ends->size > 0 && recent->ends.first == ends->first &&
           recent->ends.last == ends->last &&
           (ends->size <= COLUMNAR_ENDS_BYTES ||
            memcmp(recent->value.data + 8, value.data + 8, value.size - COLUMNAR_ENDS_BYTES) == 0);
}

/* True when the value came before, as a string or not as this one; it counts as come from now on,
 * and must stay where it is. */
static inline bool columnar_recents_had(struct columnar_recents *recents,
                                        struct columnar_value value)
{
    struct columnar_ends ends = columnar_ends_of(value.text);
    struct columnar_recent *recent = &recents->slots[columnar_ends_slot(&ends)];
    if (columnar_recent_is(recent, &ends, value.text) && recent->place == value.is_string) {
        return true;
    }
    *recent = (struct columnar_recent){ends, value.text, value.is_string};
    return false;
}

#endif
