#include "query/tally.h"

#include <stdlib.h>

#include "schema/base/digest.h"

static enum status nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "count: out of memory");
}

void texts_init(struct texts *texts)
{
    *texts = (struct texts){0};
    random_fill(&texts->seed, sizeof texts->seed);
}

void texts_fini(struct texts *texts)
{
    arena_fini(&texts->arena);
    free(texts->items);
    free(texts->table);
    *texts = (struct texts){0};
}

static uint32_t bucket_of(const struct texts *texts, struct span text)
{
    return (uint32_t)hash64(text, texts->seed) & texts->mask;
}

static bool texts_grow(struct texts *texts)
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

enum status texts_number(struct texts *texts, struct span text, uint32_t *out_number,
                         struct err *err)
{
    if (texts->count == TALLY_TEXTS_MAX) {
        return err_set(err, ERR_LIMIT,
                       "more than %d distinct values: narrow the search or take another field",
                       TALLY_TEXTS_MAX);
    }
    if (texts->count == texts->capacity && !texts_grow(texts)) {
        return nomem(err);
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
        return nomem(err);
    }
    texts->items[texts->count] = copy;
    texts->table[at] = ++texts->count;
    *out_number = texts->count - 1;
    return OK;
}

void tally_init(struct tally *tally, size_t parts)
{
    CHECK(parts >= 1 && parts <= TALLY_PARTS_MAX);
    *tally = (struct tally){.parts = parts};
    texts_init(&tally->tuples);
}

void tally_fini(struct tally *tally)
{
    texts_fini(&tally->tuples);
    free(tally->counts);
    *tally = (struct tally){0};
}

enum status tally_add(struct tally *tally, const uint32_t *numbers, int64_t count, struct err *err)
{
    uint32_t tuple;
    struct span bytes = span_of(numbers, tally->parts * sizeof *numbers);
    enum status status = texts_number(&tally->tuples, bytes, &tuple, err);
    if (status != OK) {
        return status;
    }
    if (tuple >= tally->capacity) {
        uint32_t capacity = tally->tuples.capacity;
        int64_t *counts = realloc(tally->counts, capacity * sizeof *counts);
        if (!counts) {
            return nomem(err);
        }
        memset(counts + tally->capacity, 0, (capacity - tally->capacity) * sizeof *counts);
        tally->counts = counts;
        tally->capacity = capacity;
    }
    tally->counts[tuple] += count;
    return OK;
}
