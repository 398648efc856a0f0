/* How indicators are kept: between putting them into a set and asking it. */
#ifndef QUERY_IOC_INDICATOR_SET_INTERNAL_H
#define QUERY_IOC_INDICATOR_SET_INTERNAL_H

#include "query/ioc/indicator_set.h"
#include "schema/base/arena.h"
#include "schema/base/hash64.h"
#include "schema/base/vec.h"
#include "schema/event/observable_key.h"

enum {
    INDICATOR_SET_PREFIX_BITS = 129,
    INDICATOR_SET_TABLE_BITS_MIN = 10,
    INDICATOR_SET_NUMBER_BITS = 64 - OBSERVABLE_KEY_BITS,
    INDICATOR_SET_RANGE_SEED = 0x100, /* apart from those of keys */
    INDICATOR_SET_V4_BITS = 24,
};

/* Open addressing. A slot holds the indicator's key and, below it, its number + 1. The key's high
 * bits say its place, so that sorted keys are looked up from one end of the table to the other; a
 * larger table is filled from the smaller one alone. The last part of a file's path has a slot,
 * too, without a number: by it files are kept with blocks. */
struct indicator_set {
    struct arena arena;
    VEC(struct indicator) items;
    uint64_t *table;
    unsigned table_bits;                       /* its size is at least twice their number */
    size_t n_names;                            /* slots without a number */
    size_t of_kind[OBSERVABLE_KINDS + 1];      /* patterns are the last */
    bool has_range[INDICATOR_SET_PREFIX_BITS]; /* of that length; */
    unsigned char range_bits[INDICATOR_SET_PREFIX_BITS]; /* these, the longest first */
    size_t n_range_bits;
    uint64_t *v4; /* a bit for each INDICATOR_SET_V4_BITS that an IPv4 address asked for begins
                   * with; NULL: none is asked for */
    size_t parts;
    int demanded;
    VEC(uint32_t) inside; /* parts of user agents */
    struct composite_indicators composites;
};

static inline uint64_t
indicator_set_range_key(const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES], unsigned bits)
{
    return hash64(span_of(address, OBSERVABLE_KEY_ADDRESS_BYTES),
                  INDICATOR_SET_RANGE_SEED + bits) >>
           INDICATOR_SET_NUMBER_BITS;
}

static inline size_t indicator_set_place_of(const struct indicator_set *set, uint64_t key)
{
    return (size_t)(key >> (OBSERVABLE_KEY_BITS - set->table_bits));
}

static inline size_t indicator_set_next_place(const struct indicator_set *set, size_t at)
{
    return (at + 1) & (((size_t)1 << set->table_bits) - 1);
}

/* INDICATORS_MAX: it has none. */
static inline uint32_t indicator_set_number_of(uint64_t slot)
{
    return (uint32_t)(slot & ((UINT64_C(1) << INDICATOR_SET_NUMBER_BITS) - 1)) - 1;
}

/* The address as an IPv4 one; false: it is none. */
static inline bool indicator_set_v4_of(const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES],
                                       uint32_t *out_v4)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    *out_v4 = (uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
              (uint32_t)address[14] << 8 | address[15];
    return memcmp(address, mapped, sizeof mapped) == 0;
}

/* Leaves the first `bits` bits of the address. */
static inline void indicator_set_cut(unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES],
                                     unsigned bits)
{
    for (unsigned byte = bits / 8; byte < OBSERVABLE_KEY_ADDRESS_BYTES; byte++) {
        address[byte] &= byte == bits / 8 ? (unsigned char)~(0xffu >> bits % 8) : 0;
    }
}

#endif
