/* Counting texts: each distinct text gets a number, each tuple of numbers a count. One thread. */
#ifndef QUERY_AGGREGATE_TUPLE_COUNT_H
#define QUERY_AGGREGATE_TUPLE_COUNT_H

#include "schema/base/index_table.h"
#include "schema/base/intern.h"
#include "schema/base/vec.h"

/* Over it: ERR_LIMIT. */
enum { TUPLE_COUNT_TEXTS_MAX = 1 << 22, TUPLE_COUNT_PARTS_MAX = 4 };

MUST_USE enum status tuple_count_text(struct intern *texts, struct span text, uint32_t *out_number,
                                      struct err *err);

/* Tuples of numbers with a count each; numbers beyond those in use are 0. */
struct tuple_count_row {
    uint32_t numbers[TUPLE_COUNT_PARTS_MAX];
    int64_t count;
};

/* Of a single part, row i is that of number i, and its count may be 0. */
struct tuple_count {
    size_t n_parts;
    VEC(struct tuple_count_row) rows;
    struct index_table table;
    uint64_t seed;
};

void tuple_count_init(struct tuple_count *tuples, size_t n_parts);
void tuple_count_fini(struct tuple_count *tuples);
MUST_USE enum status tuple_count_add(struct tuple_count *tuples,
                                     const uint32_t numbers[TUPLE_COUNT_PARTS_MAX], int64_t count,
                                     struct err *err);
/* Rows whose count is not 0. */
size_t tuple_count_distinct(const struct tuple_count *tuples);

#endif
