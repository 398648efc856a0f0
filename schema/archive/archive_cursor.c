#include <stdlib.h>

#include "schema/archive/archive_internal.h"

enum status archive_cursor_open(struct archive *archive, const char *sql, struct db_values values,
                                struct archive_cursor **out_cursor, struct err *err)
{
    struct archive_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_nomem(err, "archive");
    }
    enum status status = db_prepare_with(archive->db, sql, values, &cursor->row, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    *out_cursor = cursor;
    return OK;
}

enum status archive_cursor_step(struct archive_cursor *cursor, bool *out_end, struct err *err)
{
    bool is_row = false;
    enum status status = db_step(cursor->row, &is_row, err);
    if (status == OK) {
        *out_end = !is_row;
    }
    return status;
}

void archive_cursor_close(struct archive_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->row);
        free(cursor);
    }
}
