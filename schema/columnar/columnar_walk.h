/* The values of a column one after the other, as they are spelled. One thread. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_WALK_H
#define SCHEMA_COLUMNAR_COLUMNAR_WALK_H

#include "schema/columnar/columnar.h"

/* A string has its quotes left away, and is not unescaped; all else is as it was spelled. */
struct columnar_value {
    struct span text;
    bool is_string;
};

struct columnar_walk {
    const struct vocabulary *vocabulary;
    const struct columnar_column *column;
    size_t at;       /* the value that comes next */
    size_t next_odd; /* of the column's odd ones */
    char text[VALUE_FORM_SPELLING_MAX];
};

/* Before the first value. Both must outlive the walk. */
static inline struct columnar_walk columnar_walk(const struct vocabulary *vocabulary,
                                                 const struct columnar_column *column)
{
    return (struct columnar_walk){.vocabulary = vocabulary, .column = column};
}

/* A spelling as a value. */
struct columnar_value columnar_value_of(struct span spelling);

/* The next of column->n_values; lives until the one behind it is asked for. */
struct columnar_value columnar_walk_next(struct columnar_walk *walk);

#endif
