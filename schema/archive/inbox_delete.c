/* Rows that are in segments are deleted in two steps. SQLite takes a microsecond for each row and
 * balances the tree as it goes; a run of the indexer has thousands, and requests would wait all
 * that time for the one writer. So the commit of a run deletes a slice and leaves a mark: rows up
 * to it are gone for every reader. The writer purges them from the file between its commits, a
 * slice at a time. The mark is there only as long as there is something to purge. */
#include "schema/archive/archive_internal.h"
#include "schema/archive/inbox.h"

enum { SLICE_ROWS = 512 }; /* about half a millisecond */

/* Inside a writer transaction. *out_left: there are more. */
static enum status delete_slice(struct archive *archive, int64_t up_to_id, bool *out_left,
                                struct err *err)
{
    int64_t first = 0;
    enum status status =
        db_int_with(archive->statements[STATEMENT_INBOX_FIRST], DB_NO_VALUES, &first, err);
    int64_t last = first + SLICE_ROWS - 1;
    bool left = first > 0 && last < up_to_id;
    status = THEN(status, db_run_with(archive->statements[STATEMENT_INBOX_DELETE],
                                      DB_WITH(DB_INT(left ? last : up_to_id)), err));
    status = THEN(status, left ? db_run_with(archive->statements[STATEMENT_INBOX_MARK_SET],
                                             DB_WITH(DB_INT(up_to_id)), err)
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
    enum status status =
        db_int_with(archive->statements[STATEMENT_INBOX_MARK], DB_NO_VALUES, &mark, err);
    return THEN(status, delete_slice(archive, mark > up_to_id ? mark : up_to_id, &left, err));
}

enum status inbox_purge(struct archive *archive, bool *out_left, struct err *err)
{
    int64_t mark = 0;
    bool left = false;
    enum status status =
        db_int_with(archive->statements[STATEMENT_INBOX_MARK], DB_NO_VALUES, &mark, err);
    if (status == OK && mark == 0) {
        *out_left = false;
        return OK;
    }
    status = THEN(status, archive_begin(archive, err));
    status = THEN(status, delete_slice(archive, mark, &left, err));
    status = archive_end(archive, status, err);
    if (status == OK) {
        *out_left = left;
    }
    return status;
}
