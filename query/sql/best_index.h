/* What is pushed down from SQL into the archive, as the text that EXPLAIN QUERY PLAN shows:
 *
 *   time>=? time<? event=? sid=null pid<=? user=any(?) user~like(?) MATCH newest-first limit=?
 *
 * one term for each constraint, in the order of their arguments (sid=null and the order have
 * none; user~ascending is an order, too). xBestIndex writes it and xFilter reads it. */
#ifndef QUERY_SQL_BEST_INDEX_H
#define QUERY_SQL_BEST_INDEX_H

#include "query/sql/columns.h"
#include "query/sql/sqlite_api.h"

enum best_index_op {
    BEST_INDEX_EQUAL,
    BEST_INDEX_LESS,
    BEST_INDEX_LESS_EQUAL,
    BEST_INDEX_GREATER,
    BEST_INDEX_GREATER_EQUAL,
    BEST_INDEX_IS, /* equal, or both NULL */
    BEST_INDEX_NULL,
    BEST_INDEX_ANY, /* IN, all values at once */
    BEST_INDEX_LIKE,
    BEST_INDEX_GLOB,
    BEST_INDEX_ASCENDING,
    BEST_INDEX_DESCENDING,
    BEST_INDEX_MATCH,
    BEST_INDEX_NEWEST,
    BEST_INDEX_OLDEST,
    BEST_INDEX_LIMIT,
    BEST_INDEX_OFFSET,
};

/* Of more events, where each of them is takes too much memory (2 bytes, and 16 for each value of a
 * block). */
#define BEST_INDEX_GROUPED_EVENTS_MAX INT64_C(50000000)

struct best_index_term {
    enum best_index_op op;
    size_t column; /* up to DESCENDING */
};

/* True when its term has an argument. */
bool best_index_has_argument(enum best_index_op op);

/* xBestIndex: fills in usage, idxNum, idxStr, costs. `events` is about how many the archive has. */
int best_index_choose(const struct columns *columns, int64_t events, size_t days,
                      sqlite3_index_info *info);

/* Reads the term at *at and moves on; false at the end. */
bool best_index_next(const struct columns *columns, const char *text, size_t *at,
                     struct best_index_term *out_term);

#endif
