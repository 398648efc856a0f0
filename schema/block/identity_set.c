#include "schema/block/identity_set.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 8192 };

void identity_set_fini(struct identity_set *set)
{
    free(set->table);
    *set = (struct identity_set){0};
}

static uint32_t fingerprint(uint32_t hash, int64_t time_us)
{
    uint64_t x = (uint64_t)time_us * 0x9e3779b97f4a7c15u + hash;
    x = (x ^ x >> 31) * 0xd6e8feb86659fd93u;
    uint32_t print = (uint32_t)(x >> 32);
    return print ? print : 1;
}

static void put(uint32_t *table, uint32_t mask, uint32_t print)
{
    uint32_t at = print & mask;
    while (table[at] != 0) {
        at = (at + 1) & mask;
    }
    table[at] = print;
}

static bool grow(struct identity_set *set)
{
    size_t slots = set->table ? ((size_t)set->mask + 1) * 2 : FIRST_SLOTS;
    uint32_t *table = set->count < IDENTITY_SET_MAX ? calloc(slots, sizeof *table) : NULL;
    if (!table) {
        identity_set_fini(set);
        set->given_up = true;
        return false;
    }
    for (size_t i = 0; set->table && i <= set->mask; i++) {
        if (set->table[i] != 0) {
            put(table, (uint32_t)slots - 1, set->table[i]);
        }
    }
    free(set->table);
    set->table = table;
    set->mask = (uint32_t)slots - 1;
    return true;
}

void identity_set_add(struct identity_set *set, uint32_t hash, int64_t time_us)
{
    bool full = !set->table || set->count >= set->mask / 4 * 3;
    if (set->given_up || (full && !grow(set))) {
        return;
    }
    put(set->table, set->mask, fingerprint(hash, time_us));
    set->count++;
}

bool identity_set_may_have(const struct identity_set *set, uint32_t hash, int64_t time_us)
{
    if (!set->table) {
        return set->given_up;
    }
    uint32_t print = fingerprint(hash, time_us);
    for (uint32_t at = print & set->mask; set->table[at] != 0; at = (at + 1) & set->mask) {
        if (set->table[at] == print) {
            return true;
        }
    }
    return false;
}
