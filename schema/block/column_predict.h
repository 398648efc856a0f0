/* Which column of a block tells most of another one: events of a type have the same fields, a
 * session has one user and one host. What another column tells need not be written again.
 * Inside schema/ only; one thread. */
#ifndef SCHEMA_BLOCK_COLUMN_PREDICT_H
#define SCHEMA_BLOCK_COLUMN_PREDICT_H

#include "schema/block/column.h"

/* A chain of partners is no longer than this: reading a column reads its partners first. */
enum { COLUMN_PREDICT_DEPTH_MAX = 3, COLUMN_PREDICT_CANDIDATES_MAX = 128 };

struct column_predict_candidate {
    struct column_predictor predictor;
    unsigned depth; /* longest chain of partners below it */
};

/* What is remembered for a field from block to block. */
struct column_predict_memory {
    uint32_t presence; /* field + 1; 0: none */
    uint32_t values;
    uint32_t asked; /* blocks since all were compared */
};

/* Columns of the block that are written already. */
struct column_predict_candidates {
    struct column_predict_candidate items[COLUMN_PREDICT_CANDIDATES_MAX];
    size_t count;
};

/* Picks partners for the column, NULL where none is worth it, and remembers them. */
void column_predict(const struct column_predict_candidates *candidates,
                    const struct column_source *source, struct column_predict_memory *relation,
                    const struct column_predict_candidate **out_presence,
                    const struct column_predict_candidate **out_values);

#endif
