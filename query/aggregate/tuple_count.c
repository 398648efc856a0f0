#include "query/aggregate/tuple_count.h"

#include "schema/base/random.h"

static enum status not_added(bool full, struct err *err)
{
    return full ? err_set(err, ERR_LIMIT,
                          "more than %d distinct values: narrow the search or take another field",
                          TUPLE_COUNT_TEXTS_MAX)
                : err_nomem(err, "count");
}

enum status tuple_count_text(struct intern *texts, struct span text, uint32_t *out_number,
                             struct err *err)
{
    uint32_t number = intern_add(texts, text, TUPLE_COUNT_TEXTS_MAX);
    if (number == INTERN_NONE) {
        return not_added(intern_count(texts) == TUPLE_COUNT_TEXTS_MAX, err);
    }
    *out_number = number;
    return OK;
}

void tuple_count_init(struct tuple_count *tuples, size_t n_parts)
{
    *tuples = (struct tuple_count){.n_parts = n_parts};
    random_fill(&tuples->seed, sizeof tuples->seed);
}

void tuple_count_fini(struct tuple_count *tuples)
{
    vec_fini(&tuples->rows);
    index_table_fini(&tuples->table);
}

static inline uint32_t tuple_hash(const struct tuple_count *tuples, const uint32_t *numbers)
{
    uint64_t low = (uint64_t)numbers[1] << 32 | numbers[0];
    uint64_t high = (uint64_t)numbers[3] << 32 | numbers[2];
    return index_table_mix(index_table_mix(low ^ tuples->seed) ^
                           high * UINT64_C(0x9e3779b97f4a7c15));
}

/* Numbers are small, so that each can have its row. */
static enum status add_single(struct tuple_count *tuples, uint32_t number, int64_t count,
                              struct err *err)
{
    while (tuples->rows.count <= number) {
        struct tuple_count_row row = {.numbers = {(uint32_t)tuples->rows.count}};
        if (!vec_push(&tuples->rows, row)) {
            return not_added(false, err);
        }
    }
    tuples->rows.items[number].count += count;
    return OK;
}

enum status tuple_count_add(struct tuple_count *tuples,
                            const uint32_t numbers[TUPLE_COUNT_PARTS_MAX], int64_t count,
                            struct err *err)
{
    if (tuples->n_parts == 1) {
        return add_single(tuples, numbers[0], count, err);
    }
    uint32_t hash = tuple_hash(tuples, numbers);
    for (struct index_table_probe probe = index_table_probe(&tuples->table, hash);
         index_table_next(&probe);) {
        struct tuple_count_row *row = &tuples->rows.items[probe.number];
        if (row->numbers[0] == numbers[0] && row->numbers[1] == numbers[1] &&
            row->numbers[2] == numbers[2] && row->numbers[3] == numbers[3]) {
            row->count += count;
            return OK;
        }
    }
    bool full = tuples->rows.count == TUPLE_COUNT_TEXTS_MAX;
    struct tuple_count_row row = {.count = count};
    memcpy(row.numbers, numbers, sizeof row.numbers);
    if (full || !vec_reserve(&tuples->rows, 1) ||
        !index_table_add(&tuples->table, hash, (uint32_t)tuples->rows.count)) {
        return not_added(full, err);
    }
    tuples->rows.items[tuples->rows.count++] = row;
    return OK;
}

size_t tuple_count_distinct(const struct tuple_count *tuples)
{
    size_t count = 0;
    for (size_t i = 0; i < tuples->rows.count; i++) {
        count += tuples->rows.items[i].count != 0;
    }
    return count;
}
