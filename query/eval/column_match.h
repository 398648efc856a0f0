/* Events of a block that have a value in one of its columns which satisfies a predicate. One
 * thread. */
#ifndef QUERY_EVAL_COLUMN_MATCH_H
#define QUERY_EVAL_COLUMN_MATCH_H

#include "query/eval/value_match.h"
#include "schema/block/bitmap.h"

struct column_match {
    const struct value_match *match;
    struct value_match_reader *reader;
    const struct block_columns *columns;
    const struct bitmap *mask; /* events that are asked for */
    struct bitmap *map;        /* those that satisfy it are added */
    bool skips_text;           /* the text of this block has none of its words */
};

/* Column i of the block. ERR_CORRUPT of that column. */
MUST_USE enum status column_match_add(const struct column_match *work, size_t i, struct err *err);

#endif
