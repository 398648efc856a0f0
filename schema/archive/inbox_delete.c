/* Rows that are in segments are deleted in two steps. SQLite takes a microsecond for each row and
 * balances the tree as it goes; a run of the indexer has thousands, and requests would wait all
 * that time for the one writer. So the settle deletes a slice and leaves a mark: rows up to it are
 * gone for every reader. The writer sweeps them out of the file between its commits, a slice at a
 * time. The mark is there only as long as there is something to sweep. */
#include "schema/archive/archive_internal.h"
#include "schema/archive/inbox.h"

enum { SLICE_ROWS = 512 }; /* about half a millisecond */

/* The first column of the first row; 0 when there is none or it is NULL. */
static enum status read_int64(sqlite3_stmt *stmt, int64_t *out_value, struct err *err)
{
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status == OK) {
        *out_value = row ? sqlite3_column_int64(stmt, 0) : 0;
        (void)sqlite3_reset(stmt);
    }
    return status;
}

static enum status set_mark(struct archive *archive, int64_t up_to_id, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_MARK_SET];
    (void)sqlite3_bind_int64(stmt, 1, up_to_id);
    return db_run(stmt, err);
}

/* Inside a writer transaction. *out_left: there are more. */
static enum status delete_slice(struct archive *archive, int64_t up_to_id, bool *out_left,
                                struct err *err)
{
    int64_t first = 0;
    enum status status = read_int64(archive->statements[STATEMENT_INBOX_FIRST], &first, err);
    int64_t last = first + SLICE_ROWS - 1;
    bool left = first > 0 && last < up_to_id;
    if (status == OK) {
        sqlite3_stmt *stmt = archive->statements[STATEMENT_INBOX_DELETE];
        (void)sqlite3_bind_int64(stmt, 1, left ? last : up_to_id);
        status = db_run(stmt, err);
    }
    status = THEN(status, left ? set_mark(archive, up_to_id, err)
                               : db_run(archive->statements[STATEMENT_INBOX_MARK_CLEAR], err));
    if (status == OK) {
        *out_left = left;
    }
    return status;
}

enum status inbox_delete(struct archive *archive, int64_t up_to_id, struct err *err)
{
    int64_t mark = 0;
    bool left;
    enum status status = read_int64(archive->statements[STATEMENT_INBOX_MARK], &mark, err);
    return THEN(status, delete_slice(archive, mark > up_to_id ? mark : up_to_id, &left, err));
}

enum status inbox_sweep(struct archive *archive, bool *out_left, struct err *err)
{
    int64_t mark = 0;
    bool left = false;
    enum status status = read_int64(archive->statements[STATEMENT_INBOX_MARK], &mark, err);
    if (status == OK && mark == 0) {
        *out_left = false;
        return OK;
    }
    status = THEN(status, archive_begin(archive, err));
    status = THEN(status, delete_slice(archive, mark, &left, err));
    status = THEN(status, archive_commit(archive, err));
    if (status != OK) {
        archive_rollback(archive);
        return status;
    }
    *out_left = left;
    return OK;
}
