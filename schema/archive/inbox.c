#include "schema/archive/inbox.h"

#include "schema/archive/archive_internal.h"
#include "schema/archive/quarantine_table.h"
#include "schema/archive/source_table.h"

static enum status inbox_add(struct archive *archive, const struct inbox_item *item,
                             struct err *err)
{
    if (item->fault != EVENT_FAULT_NONE) {
        enum status status = quarantine_add(archive, &item->source, item->received_us, item->fault,
                                            0, item->body, err);
        return THEN(status, archive_counter_add(archive, EVENT_COUNTER_quarantined, 1, err));
    }
    int64_t source = 0;
    enum status status = source_intern(archive, &item->source, &source, err);
    return THEN(status,
                db_run_with(archive->statements[STATEMENT_INBOX_ADD],
                            DB_WITH(DB_INT(item->received_us), DB_INT(source), DB_BLOB(item->body)),
                            err));
}

enum status inbox_append(struct archive *archive, const struct inbox_item *items, size_t count,
                         struct err *err)
{
    enum status status = archive_begin(archive, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = inbox_add(archive, &items[i], err);
    }
    return archive_end(archive, status, err);
}

enum status inbox_cursor_open(struct archive *archive, int64_t after_id,
                              struct archive_cursor **out_cursor, struct err *err)
{
    return archive_cursor_open(
        archive,
        "SELECT i.id, i.received_us, i.body, " SOURCE_COLUMNS
        " FROM inbox i JOIN source s ON s.id = i.source WHERE i.id > max(?1,"
        " (SELECT coalesce(max(value), 0) FROM counter WHERE name = 'inbox_deleted'))"
        " ORDER BY i.id",
        DB_WITH(DB_INT(after_id)), out_cursor, err);
}

enum status inbox_cursor_next(struct archive_cursor *cursor, struct inbox_row *out_row,
                              bool *out_end, struct err *err)
{
    enum status status = archive_cursor_step(cursor, out_end, err);
    if (status == OK && !*out_end) {
        *out_row = (struct inbox_row){
            .id = sqlite3_column_int64(cursor->row, 0),
            .received_us = sqlite3_column_int64(cursor->row, 1),
            .body = db_column_span(cursor->row, 2),
            .source = source_columns(cursor->row, 3),
        };
    }
    return status;
}

enum status inbox_state(struct archive *archive, struct inbox_state *out_state, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_STATE];
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status != OK || !row) {
        return status != OK ? status
                            : err_set(err, ERR_CORRUPT, "archive.db: no state of the inbox");
    }
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
