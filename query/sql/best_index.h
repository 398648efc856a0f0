/* What is pushed down from SQL into the archive, as the text that EXPLAIN QUERY PLAN shows:
 *
 *   time>=? time<? event=? sid=null pid<=? user=any(?) user~like(?) MATCH newest-first limit=?
 *
 * one piece for each constraint, in the order of their arguments (sid=null and the order have
 * none). xBestIndex writes it and xFilter reads it. */
#ifndef QUERY_SQL_BEST_INDEX_H
#define QUERY_SQL_BEST_INDEX_H

#include "query/sql/columns.h"
#include "query/sql/sqlite_api.h"

enum push_op {
    PUSH_EQUAL,
    PUSH_LESS,
    PUSH_LESS_EQUAL,
    PUSH_MORE,
    PUSH_MORE_EQUAL,
    PUSH_IS, /* equal, or both NULL */
    PUSH_NULL,
    PUSH_ANY, /* IN, all values at once */
    PUSH_LIKE,
    PUSH_GLOB,
    PUSH_MATCH,
    PUSH_NEWEST,
    PUSH_OLDEST,
    PUSH_LIMIT,
    PUSH_OFFSET,
};

struct push_piece {
    enum push_op op;
    size_t column; /* up to GLOB */
};

/* True when the piece has an argument. */
bool push_has_argument(enum push_op op);

/* xBestIndex: fills in usage, idxNum, idxStr, costs. `events` is about how many the archive has. */
int push_plan(const struct table_columns *columns, int64_t events, size_t days,
              sqlite3_index_info *info);

/* Reads the piece at *at and moves on; false at the end. */
bool push_read(const struct table_columns *columns, const char *text, size_t *at,
               struct push_piece *out_piece);

#endif
