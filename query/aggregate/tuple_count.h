/* Counting texts: each distinct text gets a number, each tuple of numbers a count. One thread. */
#ifndef QUERY_AGGREGATE_TUPLE_COUNT_H
#define QUERY_AGGREGATE_TUPLE_COUNT_H

#include "schema/base/arena.h"
#include "schema/base/err.h"

/* Over it: ERR_LIMIT. */
enum { TALLY_TEXTS_MAX = 1 << 22, TALLY_PARTS_MAX = 4 };

/* Texts to numbers from 0. */
struct texts {
    struct arena arena;
    struct span *items;
    uint32_t count;
    uint32_t capacity;
    uint32_t *table; /* number + 1 */
    uint32_t mask;
    uint64_t seed;
};

void texts_init(struct texts *texts);
void texts_fini(struct texts *texts);
MUST_USE enum status texts_number(struct texts *texts, struct span text, uint32_t *out_number,
                                  struct err *err);

/* Tuples of numbers with a count each; numbers beyond those in use are 0. */
struct tally_row {
    uint32_t numbers[TALLY_PARTS_MAX];
    int64_t count;
};

struct tally {
    struct tally_row *rows;
    uint32_t count;
    uint32_t capacity;
    uint32_t *table; /* row + 1 */
    uint32_t mask;
    uint64_t seed;
};

void tally_init(struct tally *tally);
void tally_fini(struct tally *tally);
MUST_USE enum status tally_add(struct tally *tally, const uint32_t numbers[TALLY_PARTS_MAX],
                               int64_t count, struct err *err);

#endif
