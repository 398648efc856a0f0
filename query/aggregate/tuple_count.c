#include "query/aggregate/tuple_count.h"

#include <stdlib.h>

#include "schema/base/digest.h"

static enum status too_many(struct err *err)
{
    return err_set(err, ERR_LIMIT,
                   "more than %d distinct values: narrow the search or take another field",
                   TUPLE_COUNT_TEXTS_MAX);
}

void tuple_count_texts_init(struct tuple_count_texts *texts)
{
    *texts = (struct tuple_count_texts){0};
    random_fill(&texts->seed, sizeof texts->seed);
}

void tuple_count_texts_fini(struct tuple_count_texts *texts)
{
    arena_fini(&texts->arena);
    free(texts->items);
    free(texts->table);
    *texts = (struct tuple_count_texts){0};
}

static uint32_t bucket_of(const struct tuple_count_texts *texts, struct span text)
{
    return (uint32_t)hash64(text, texts->seed) & texts->mask;
}

static bool texts_grow(struct tuple_count_texts *texts)
{
    uint32_t capacity = texts->capacity ? texts->capacity * 2 : 256;
    struct span *items = realloc(texts->items, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    texts->items = items;
    uint32_t *table = calloc((size_t)capacity * 2, sizeof *table);
    if (!table) {
        return false;
    }
    free(texts->table);
    texts->table = table;
    texts->capacity = capacity;
    texts->mask = capacity * 2 - 1;
    for (uint32_t i = 0; i < texts->count; i++) {
        uint32_t at = bucket_of(texts, items[i]);
        while (table[at] != 0) {
            at = (at + 1) & texts->mask;
        }
        table[at] = i + 1;
    }
    return true;
}

enum status tuple_count_text(struct tuple_count_texts *texts, struct span text,
                             uint32_t *out_number, struct err *err)
{
    if (texts->count == TUPLE_COUNT_TEXTS_MAX) {
        return too_many(err);
    }
    if (texts->count == texts->capacity && !texts_grow(texts)) {
        return err_nomem(err, "count");
    }
    uint32_t at = bucket_of(texts, text);
    for (; texts->table[at] != 0; at = (at + 1) & texts->mask) {
        if (span_equal(texts->items[texts->table[at] - 1], text)) {
            *out_number = texts->table[at] - 1;
            return OK;
        }
    }
    struct span copy = arena_copy(&texts->arena, text);
    if (!copy.data) {
        return err_nomem(err, "count");
    }
    texts->items[texts->count] = copy;
    texts->table[at] = ++texts->count;
    *out_number = texts->count - 1;
    return OK;
}

void tuple_count_init(struct tuple_count *tuples)
{
    *tuples = (struct tuple_count){0};
    random_fill(&tuples->seed, sizeof tuples->seed);
}

void tuple_count_fini(struct tuple_count *tuples)
{
    free(tuples->rows);
    free(tuples->table);
    *tuples = (struct tuple_count){0};
}

static inline uint32_t tuple_bucket(const struct tuple_count *tuples, const uint32_t *numbers)
{
    uint64_t low = (uint64_t)numbers[1] << 32 | numbers[0];
    uint64_t high = (uint64_t)numbers[3] << 32 | numbers[2];
    uint64_t hash = (low ^ tuples->seed) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ high) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32) & tuples->mask;
}

static bool tally_grow(struct tuple_count *tuples)
{
    uint32_t capacity = tuples->capacity ? tuples->capacity * 2 : 256;
    struct tuple_count_row *rows = realloc(tuples->rows, capacity * sizeof *rows);
    if (!rows) {
        return false;
    }
    tuples->rows = rows;
    uint32_t *table = calloc((size_t)capacity * 2, sizeof *table);
    if (!table) {
        return false;
    }
    free(tuples->table);
    tuples->table = table;
    tuples->capacity = capacity;
    tuples->mask = capacity * 2 - 1;
    for (uint32_t i = 0; i < tuples->count; i++) {
        uint32_t at = tuple_bucket(tuples, rows[i].numbers);
        while (table[at] != 0) {
            at = (at + 1) & tuples->mask;
        }
        table[at] = i + 1;
    }
    return true;
}

enum status tuple_count_add(struct tuple_count *tuples,
                            const uint32_t numbers[TUPLE_COUNT_PARTS_MAX], int64_t count,
                            struct err *err)
{
    if (tuples->count == TUPLE_COUNT_TEXTS_MAX) {
        return too_many(err);
    }
    if (tuples->count == tuples->capacity && !tally_grow(tuples)) {
        return err_nomem(err, "count");
    }
    uint32_t at = tuple_bucket(tuples, numbers);
    for (; tuples->table[at] != 0; at = (at + 1) & tuples->mask) {
        struct tuple_count_row *row = &tuples->rows[tuples->table[at] - 1];
        if (row->numbers[0] == numbers[0] && row->numbers[1] == numbers[1] &&
            row->numbers[2] == numbers[2] && row->numbers[3] == numbers[3]) {
            row->count += count;
            return OK;
        }
    }
    struct tuple_count_row *row = &tuples->rows[tuples->count];
    memcpy(row->numbers, numbers, sizeof row->numbers);
    row->count = count;
    tuples->table[at] = ++tuples->count;
    return OK;
}
