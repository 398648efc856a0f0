/* Which column of a block tells most of another one: events of a type have the same fields, a
 * session has one user and one host. What another column tells need not be written again.
 * Inside schema/ only; one thread. */
#ifndef SCHEMA_BLOCK_COLUMN_PREDICT_H
#define SCHEMA_BLOCK_COLUMN_PREDICT_H

#include "schema/block/column.h"

/* A chain of partners is no longer than this: reading a column reads its partners first. */
enum { RELATE_DEPTH_MAX = 3, RELATE_CANDIDATES_MAX = 128 };

struct candidate {
    struct column_partner partner;
    unsigned depth; /* longest chain of partners below it */
};

/* What is remembered for a field from block to block. */
struct relation {
    uint32_t presence; /* field + 1; 0: none */
    uint32_t values;
    uint32_t asked; /* blocks since all were compared */
};

/* Columns of the block that are written already. */
struct candidates {
    struct candidate items[RELATE_CANDIDATES_MAX];
    size_t count;
};

/* Picks partners for the column, NULL where none is worth it, and remembers them. */
void relate(const struct candidates *candidates, const struct column_source *source,
            struct relation *relation, const struct candidate **out_presence,
            const struct candidate **out_values);

#endif
