/* Counting texts: each distinct text gets a number, each tuple of numbers a count. One thread. */
#ifndef QUERY_TALLY_H
#define QUERY_TALLY_H

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

/* Tuples of `parts` numbers with a count each. */
struct tally {
    struct texts tuples; /* the numbers' bytes */
    int64_t *counts;
    uint32_t capacity;
    size_t parts;
};

void tally_init(struct tally *tally, size_t parts);
void tally_fini(struct tally *tally);
MUST_USE enum status tally_add(struct tally *tally, const uint32_t *numbers, int64_t count,
                               struct err *err);

#endif
