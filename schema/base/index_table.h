/* Finds the number of a thing by the hash of its key: open addressing with linear probing. The
 * things and their keys stand in an array of the caller's, who hashes and compares:
 *
 *     for (struct index_table_probe probe = index_table_probe(&table, hash);
 * index_table_next(&probe);) { if (span_equal(names[probe.number], name)) { return probe.number;
 *         }
 *     }
 *     ... add the name as names[count] ...
 *     return index_table_add(&table, hash, count++) ? ...
 *
 * A slot holds the hash beside the number, so that a table grows without the keys, and a thing is
 * looked at only when its whole hash is the same. Whoever takes keys from strangers hashes with a
 * seed drawn by chance (hash64(key, seed)). Zeroed to begin with; one owner, no thread rules of its
 * own (many threads may search a table that none changes). */
#ifndef SCHEMA_BASE_INDEX_TABLE_H
#define SCHEMA_BASE_INDEX_TABLE_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* More things than these have no place: index_table_add says false, as if memory were out. */
#define INDEX_TABLE_MAX (UINT32_C(1) << 28)

struct index_table {
    uint64_t *slots; /* hash << 32 | number + 1; 0 is free */
    size_t mask;     /* one less than the number of slots, which is a power of two */
    size_t count;    /* at most half of the slots */
};

void index_table_fini(struct index_table *table);
/* Forgets all numbers, keeps the memory. */
void index_table_clear(struct index_table *table);
/* Makes room so that `extra` numbers can be added without moving anything; false when memory is
 * out or there would be more than INDEX_TABLE_MAX. */
MUST_USE bool index_table_reserve(struct index_table *table, size_t extra);
/* Adds a number that is not there yet; false as index_table_reserve. */
MUST_USE bool index_table_add(struct index_table *table, uint32_t hash, uint32_t number);
/* Takes out a number, which must be there under this hash. */
void index_table_remove(struct index_table *table, uint32_t hash, uint32_t number);

struct index_table_probe {
    const struct index_table *table;
    size_t at; /* the slot that is looked at next */
    uint32_t hash;
    uint32_t number; /* of the candidate */
};

static inline struct index_table_probe index_table_probe(const struct index_table *table,
                                                         uint32_t hash)
{
    return (struct index_table_probe){.table = table, .at = hash & table->mask, .hash = hash};
}

/* Moves on to the next number with this hash; false when there is none. The table must not change
 * meanwhile. */
static inline bool index_table_next(struct index_table_probe *probe)
{
    const struct index_table *table = probe->table;
    while (table->count > 0 && table->slots[probe->at] != 0) {
        uint64_t slot = table->slots[probe->at];
        probe->at = (probe->at + 1) & table->mask;
        if (slot >> 32 == probe->hash) {
            probe->number = (uint32_t)slot - 1;
            return true;
        }
    }
    return false;
}

static inline size_t index_table_bytes(const struct index_table *table)
{
    return table->slots ? (table->mask + 1) * sizeof *table->slots : 0;
}

/* The hash of a number. Mix several by index_table_mix(a ^ index_table_mix(b)). */
static inline uint32_t index_table_mix(uint64_t key)
{
    key = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(key >> 32);
}

#endif
