/* A query of the archive as SQL over the table of lake_table.h. What it says of a line is what
 * query/language/match.h says of the event; what cannot be said in the engine so that the answer is
 * the same is refused in words, and what depends on the data (see lake_predicate.c) makes the query
 * fail when it is run. */
#ifndef QUERY_LAKE_LAKE_SELECT_H
#define QUERY_LAKE_LAKE_SELECT_H

#include "query/lake/lake_engine.h"
#include "query/language/ast.h"

struct lake_select {
    enum lake_engine engine;
    const char *table;
    const struct query *query;
    int64_t from_us; /* the event's time: from, before; INT64_MIN and INT64_MAX: open */
    int64_t to_us;
    bool count;
    int64_t limit; /* 0: all */
    bool oldest_first;
};

/* Appends the statement. ERR_USAGE: "this leaf cannot be said in ENGINE: ...". */
MUST_USE enum status lake_select_write(const struct lake_select *select, struct buf *out,
                                       struct err *err);

#endif
