#include "schema/archive/quarantine_table.h"

#include "schema/archive/archive_internal.h"
#include "schema/archive/source_table.h"

enum status quarantine_add(struct archive *archive, const struct source *source,
                           int64_t received_us, enum event_fault fault, int64_t position,
                           struct span body, struct err *err)
{
    int64_t source_id = 0;
    enum status status = source_intern(archive, source, &source_id, err);
    return THEN(status, db_run_with(archive->statements[STATEMENT_QUARANTINE_ADD],
                                    DB_WITH(DB_INT(received_us), DB_INT(source_id),
                                            DB_STR(event_fault_text(fault)), DB_INT(position),
                                            DB_BLOB(body)),
                                    err));
}

enum status quarantine_cursor_open(struct archive *archive, struct archive_cursor **out_cursor,
                                   struct err *err)
{
    return archive_cursor_open(
        archive,
        "SELECT q.id, q.received_us, q.fault, q.position, q.body, " SOURCE_COLUMNS
        " FROM quarantine q JOIN source s ON s.id = q.source ORDER BY q.id",
        DB_NO_VALUES, out_cursor, err);
}

enum status quarantine_cursor_next(struct archive_cursor *cursor, struct quarantine_row *out_row,
                                   bool *out_end, struct err *err)
{
    enum status status = archive_cursor_step(cursor, out_end, err);
    if (status == OK && !*out_end) {
        *out_row = (struct quarantine_row){
            .id = sqlite3_column_int64(cursor->row, 0),
            .received_us = sqlite3_column_int64(cursor->row, 1),
            .fault = db_column_span(cursor->row, 2),
            .position = sqlite3_column_int64(cursor->row, 3),
            .body = db_column_span(cursor->row, 4),
            .source = source_columns(cursor->row, 5),
        };
    }
    return status;
}
