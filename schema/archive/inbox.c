#include "schema/archive/inbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/archive_internal.h"
#include "schema/archive/quarantine_table.h"
#include "schema/archive/source_table.h"
#include "schema/db/db_query.h"

static enum status inbox_add(struct archive *archive, const struct inbox_item *item,
                             struct err *err)
{
    if (item->fault != EVENT_FAULT_NONE) {
        enum status status = quarantine_add(archive, &item->source, item->received_us, item->fault,
                                            0, item->body, err);
        return THEN(status, archive_counter_add(archive, EVENT_COUNTER_quarantined, 1, err));
    }
    int64_t source;
    enum status status = source_intern(archive, &item->source, &source, err);
    if (status != OK) {
        return status;
    }
    return db_run_with(archive->statements[STATEMENT_INBOX_ADD],
                       DB_WITH(DB_INT(item->received_us), DB_INT(source), DB_BLOB(item->body)),
                       err);
}

enum status inbox_append(struct archive *archive, const struct inbox_item *items, size_t count,
                         struct err *err)
{
    enum status status = archive_begin(archive, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = inbox_add(archive, &items[i], err);
    }
    status = THEN(status, archive_commit(archive, err));
    if (status != OK) {
        archive_rollback(archive);
    }
    return status;
}

struct inbox_cursor {
    sqlite3_stmt *stmt;
};

enum status inbox_cursor_open(struct archive *archive, int64_t after_id,
                              struct inbox_cursor **out_cursor, struct err *err)
{
    struct inbox_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_nomem(err, "inbox");
    }
    enum status status = db_prepare_with(
        archive->db,
        "SELECT i.id, i.received_us, i.body, " SOURCE_COLUMNS
        " FROM inbox i JOIN source s ON s.id = i.source WHERE i.id > max(?1,"
        " (SELECT coalesce(max(value), 0) FROM counter WHERE name = 'inbox_deleted'))"
        " ORDER BY i.id",
        DB_WITH(DB_INT(after_id)), &cursor->stmt, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    *out_cursor = cursor;
    return OK;
}

enum status inbox_cursor_next(struct inbox_cursor *cursor, struct inbox_row *out_row, bool *out_end,
                              struct err *err)
{
    bool row = false;
    enum status status = db_step(cursor->stmt, &row, err);
    if (status != OK) {
        return status;
    }
    *out_end = !row;
    if (row) {
        sqlite3_stmt *stmt = cursor->stmt;
        *out_row = (struct inbox_row){
            .id = sqlite3_column_int64(stmt, 0),
            .received_us = sqlite3_column_int64(stmt, 1),
            .body = db_column_span(stmt, 2),
            .source = source_columns(stmt, 3),
        };
    }
    return OK;
}

void inbox_cursor_close(struct inbox_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->stmt);
        free(cursor);
    }
}

enum status inbox_state(struct archive *archive, struct inbox_state *out_state, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_STATE];
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status != OK) {
        return status;
    }
    CHECK(row);
    bool empty = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    int64_t first = sqlite3_column_int64(stmt, 0);
    int64_t last = sqlite3_column_int64(stmt, 1);
    *out_state = (struct inbox_state){
        .count = empty ? 0 : last - first + 1, /* ids are given out and deleted in order */
        .newest_id = sqlite3_column_int64(stmt, 3),
        .oldest_received_us = sqlite3_column_int64(stmt, 2),
    };
    (void)sqlite3_reset(stmt);
    return OK;
}
