#include "schema/base/index_table.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

void index_table_fini(struct index_table *table)
{
    free(table->slots);
    *table = (struct index_table){0};
}

void index_table_clear(struct index_table *table)
{
    if (table->count > 0) {
        memset(table->slots, 0, index_table_bytes(table));
    }
    table->count = 0;
}

static void put(struct index_table *table, uint64_t slot)
{
    size_t at = (size_t)(slot >> 32) & table->mask;
    while (table->slots[at] != 0) {
        at = (at + 1) & table->mask;
    }
    table->slots[at] = slot;
    table->count++;
}

bool index_table_reserve(struct index_table *table, size_t extra)
{
    if (extra > INDEX_TABLE_MAX || table->count > INDEX_TABLE_MAX - extra) {
        return false;
    }
    size_t before = table->slots ? table->mask + 1 : 0;
    size_t wanted = before ? before : FIRST_SLOTS;
    while (wanted / 2 < table->count + extra) {
        wanted *= 2;
    }
    if (wanted == before) {
        return true;
    }
    struct index_table grown = {.slots = calloc(wanted, sizeof *grown.slots), .mask = wanted - 1};
    if (!grown.slots) {
        return false;
    }
    for (size_t i = 0; i < before; i++) {
        if (table->slots[i] != 0) {
            put(&grown, table->slots[i]);
        }
    }
    CHECK(grown.count == table->count);
    free(table->slots);
    *table = grown;
    return true;
}

bool index_table_add(struct index_table *table, uint32_t hash, uint32_t number)
{
    if (number >= INDEX_TABLE_MAX || !index_table_reserve(table, 1)) {
        return false;
    }
    put(table, (uint64_t)hash << 32 | (number + 1));
    return true;
}

/* What stands behind the hole moves into it, unless it would come before its home. */
void index_table_remove(struct index_table *table, uint32_t hash, uint32_t number)
{
    CHECK(table->count > 0);
    size_t hole = hash & table->mask;
    while (table->slots[hole] != ((uint64_t)hash << 32 | (number + 1))) {
        CHECK(table->slots[hole] != 0);
        hole = (hole + 1) & table->mask;
    }
    for (size_t at = (hole + 1) & table->mask; table->slots[at] != 0; at = (at + 1) & table->mask) {
        size_t home = (size_t)(table->slots[at] >> 32) & table->mask;
        if (((at - home) & table->mask) >= ((at - hole) & table->mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = 0;
    table->count--;
}
