/* The events that satisfy a query, one row after the other: days newest first (or oldest), each as
 * runs of rows; or, grouped, in the order of a column's values. One thread. */
#ifndef QUERY_SQL_SCAN_H
#define QUERY_SQL_SCAN_H

#include <signal.h>

#include "query/sql/rows.h"

enum scan_order { SCAN_ANY, SCAN_NEWEST, SCAN_OLDEST, SCAN_GROUPED };

struct scan_wish {
    const struct query *query;
    int64_t from_us; /* inclusive */
    int64_t to_us;   /* exclusive */
    enum scan_order order;
    size_t group;                      /* SCAN_GROUPED: by the values of this column */
    bool descending;                   /* then */
    int64_t limit;                     /* no more rows than these are wanted; 0: all */
    const volatile sig_atomic_t *stop; /* looked at before each block; may be NULL */
};

struct scan;

/* The snapshot, the rows and the wish's query must outlive it. */
MUST_USE enum status scan_new(struct snapshot *snapshot, struct rows *rows,
                              const struct scan_wish *wish, struct scan **out_scan,
                              struct err *err);
/* NULL is fine. */
void scan_free(struct scan *scan);

/* On to the next row; the first call, to the first one. ERR_STOPPED when the wish's stop is set. */
MUST_USE enum status scan_next(struct scan *scan, bool *out_end, struct err *err);
/* Where among the rows the scan stands; lives until the next row. */
MUST_USE enum status scan_row(struct scan *scan, size_t *out_row, struct err *err);
/* What the row has in the column that the scan is grouped by; NULL for another column. This costs
 * nearly nothing, while scan_row then opens the row's block again. */
const struct json_path_value *scan_group_value(const struct scan *scan, size_t column);
/* The day at hand, behind scan_row. */
const struct snapshot_day *scan_day(const struct scan *scan);

#endif
