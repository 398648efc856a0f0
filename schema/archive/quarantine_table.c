#include "schema/archive/quarantine_table.h"

#include <stdlib.h>

#include "schema/archive/archive_internal.h"
#include "schema/archive/source_table.h"
#include "schema/db/db_query.h"

enum status quarantine_add(struct archive *archive, const struct source *source,
                           int64_t received_us, enum event_fault fault, int64_t position,
                           struct span body, struct err *err)
{
    int64_t source_id;
    enum status status = source_intern(archive, source, &source_id, err);
    if (status != OK) {
        return status;
    }
    return db_run_with(archive->statements[STATEMENT_QUARANTINE_ADD],
                       DB_WITH(DB_INT(received_us), DB_INT(source_id),
                               DB_STR(event_fault_text(fault)), DB_INT(position), DB_BLOB(body)),
                       err);
}

struct quarantine_cursor {
    sqlite3_stmt *stmt;
};

enum status quarantine_cursor_open(struct archive *archive, struct quarantine_cursor **out_cursor,
                                   struct err *err)
{
    struct quarantine_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_nomem(err, "quarantine");
    }
    enum status status =
        db_prepare(archive->db,
                   "SELECT q.id, q.received_us, q.fault, q.position, q.body, " SOURCE_COLUMNS
                   " FROM quarantine q JOIN source s ON s.id = q.source ORDER BY q.id",
                   &cursor->stmt, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    *out_cursor = cursor;
    return OK;
}

enum status quarantine_cursor_next(struct quarantine_cursor *cursor, struct quarantine_row *out_row,
                                   bool *out_end, struct err *err)
{
    bool row = false;
    enum status status = db_step(cursor->stmt, &row, err);
    if (status != OK) {
        return status;
    }
    *out_end = !row;
    if (row) {
        sqlite3_stmt *stmt = cursor->stmt;
        *out_row = (struct quarantine_row){
            .id = sqlite3_column_int64(stmt, 0),
            .received_us = sqlite3_column_int64(stmt, 1),
            .fault = db_column_span(stmt, 2),
            .position = sqlite3_column_int64(stmt, 3),
            .body = db_column_span(stmt, 4),
            .source = source_columns(stmt, 5),
        };
    }
    return OK;
}

void quarantine_cursor_close(struct quarantine_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->stmt);
        free(cursor);
    }
}
