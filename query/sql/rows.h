/* Rows that are ready to be asked for their values: a run of one day's events. A value comes from
 * the segment's columns (query/sql/cells.h), and from the event's line only where these leave it
 * open; either way it is what json_path.h finds in the line, newlines inside of it taken as spaces.
 * One thread. */
#ifndef QUERY_SQL_ROWS_H
#define QUERY_SQL_ROWS_H

#include "query/eval/plan.h"
#include "query/sql/columns.h"
#include "query/sql/json_path.h"
#include "query/sql/snapshot.h"

enum { ROWS_MAX = BLOCK_EVENTS_MAX };

#define ROWS_TIME_UNKNOWN INT64_MIN

struct row {
    int64_t time_us;                        /* ROWS_TIME_UNKNOWN: the block tells it */
    const struct block_info *block;         /* NULL: in the inbox */
    const struct inbox_scan_event *waiting; /* then this */
    uint32_t slot;
};

struct rows;

MUST_USE enum status rows_new(const struct columns *columns, struct rows **out_rows,
                              struct err *err);
/* NULL is fine. */
void rows_free(struct rows *rows);

/* Forgets the rows; those added next are of this day. view is of its segment (or NULL), and may
 * stand anywhere. */
void rows_begin(struct rows *rows, struct snapshot_day *day, struct block_view *view);
/* At most ROWS_MAX. */
void rows_add(struct rows *rows, struct row row);
size_t rows_count(const struct rows *rows);
const struct row *rows_at(const struct rows *rows, size_t i);

/* The value of a field's column; lives until rows_begin. */
MUST_USE enum status rows_field(struct rows *rows, size_t i, size_t column,
                                const struct json_path_value **out_value, struct err *err);
MUST_USE enum status rows_raw(struct rows *rows, size_t i, struct span *out_raw, struct err *err);
MUST_USE enum status rows_time(struct rows *rows, size_t i, int64_t *out_us, struct err *err);
MUST_USE enum status rows_received(struct rows *rows, size_t i, int64_t *out_us, struct err *err);
/* Who did it; empty when the event names no one. */
MUST_USE enum status rows_actor(struct rows *rows, size_t i, struct span *out_actor,
                                struct err *err);

#endif
