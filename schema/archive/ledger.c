/* The ledger's rows. Each change is a transaction of its own, on disk when the call returns; a plan
 * is committed before its object is put, and the mark after the target has confirmed it. */
#include "schema/archive/ledger.h"

#include "schema/archive/archive_internal.h"

enum status ledger_last_block(struct archive *archive, const char *target, int64_t day_us,
                              int64_t *out_block, struct err *err)
{
    return db_int_with(archive->statements[STATEMENT_LEDGER_LAST_BLOCK],
                       DB_WITH(DB_STR(target), DB_INT(day_us)), out_block, err);
}

enum status ledger_plan(struct archive *archive, struct ledger_object *object, struct err *err)
{
    enum status status = archive_run_alone(
        archive, STATEMENT_LEDGER_PLAN,
        DB_WITH(DB_STR(object->target), DB_INT(object->day_us), DB_INT(object->first_block),
                DB_INT(object->last_block), DB_INT(object->codec), DB_STR(object->key),
                DB_INT(object->content.events), DB_INT(object->content.bytes),
                DB_DIGEST(&object->content.sha256), DB_INT(object->planned_us)),
        err);
    if (status == OK) {
        object->id = sqlite3_last_insert_rowid(archive->db);
        object->state = LEDGER_PLANNED;
    }
    return status;
}

enum status ledger_mark_shipped(struct archive *archive, int64_t id, const struct ledger_sent *sent,
                                int64_t shipped_us, struct err *err)
{
    return archive_run_alone(archive, STATEMENT_LEDGER_SHIPPED,
                             DB_WITH(DB_INT(id), DB_INT(shipped_us), DB_INT(sent->bytes),
                                     DB_DIGEST(&sent->sha256), DB_STR(sent->library)),
                             err);
}

enum status ledger_mark_failed(struct archive *archive, int64_t id, int64_t next_try_us,
                               const char *error, struct err *err)
{
    return archive_run_alone(archive, STATEMENT_LEDGER_FAILED,
                             DB_WITH(DB_INT(id), DB_INT(next_try_us), DB_STR(error)), err);
}

/* A planned object whose blocks were deleted: of a day's blocks those with the lowest numbers go,
 * and numbers are not used again (schema/index/deletion.h). */
#define OBJECT_IS_GONE                                                                             \
    "(state = 0 AND EXISTS (SELECT 1 FROM deletion WHERE deletion.day_us = object.day_us"          \
    " AND deletion.last_block >= object.last_block))"

#define OBJECTS                                                                                    \
    "SELECT id, target, day_us, first_block, last_block, codec, key, events, bytes, sha256,"       \
    " state, planned_us, shipped_us, tries, next_try_us, last_error, " OBJECT_IS_GONE              \
    ", sent_bytes, sent_sha256, sent_by FROM object WHERE "

enum status ledger_cursor_open(struct archive *archive, const char *target, bool pending_only,
                               struct archive_cursor **out_cursor, struct err *err)
{
    return archive_cursor_open(archive,
                               pending_only ? OBJECTS "state = 0 AND NOT " OBJECT_IS_GONE
                                                      " AND (?1 IS NULL OR target = ?1) ORDER BY id"
                                            : OBJECTS "(?1 IS NULL OR target = ?1) ORDER BY id",
                               DB_WITH(DB_COPY(target)), out_cursor, err);
}

enum status ledger_cursor_open_block(struct archive *archive, int64_t day_us, int64_t block,
                                     struct archive_cursor **out_cursor, struct err *err)
{
    return archive_cursor_open(
        archive, OBJECTS "day_us = ?1 AND first_block <= ?2 AND last_block >= ?2 ORDER BY id",
        DB_WITH(DB_INT(day_us), DB_INT(block)), out_cursor, err);
}

enum status ledger_cursor_open_days(struct archive *archive, const char *target, int64_t from_us,
                                    int64_t to_us, struct archive_cursor **out_cursor,
                                    struct err *err)
{
    return archive_cursor_open(
        archive,
        OBJECTS "day_us >= ?1 AND day_us < ?2 AND (?3 IS NULL OR target = ?3)"
                " ORDER BY day_us, first_block, id",
        DB_WITH(DB_INT(from_us), DB_INT(to_us), DB_COPY(target)), out_cursor, err);
}

enum status ledger_cursor_open_keys(struct archive *archive, const char *target,
                                    const char *from_key, struct archive_cursor **out_cursor,
                                    struct err *err)
{
    return archive_cursor_open(archive, OBJECTS "target = ?1 AND key >= ?2 ORDER BY key",
                               DB_WITH(DB_COPY(target), DB_COPY(from_key)), out_cursor, err);
}

enum status ledger_cursor_next(struct archive_cursor *cursor, struct ledger_object *out_object,
                               bool *out_end, struct err *err)
{
    enum status status = archive_cursor_step(cursor, out_end, err);
    if (status != OK || *out_end) {
        return status;
    }
    sqlite3_stmt *stmt = cursor->row;
    *out_object = (struct ledger_object){
        .id = sqlite3_column_int64(stmt, 0),
        .day_us = sqlite3_column_int64(stmt, 2),
        .first_block = sqlite3_column_int64(stmt, 3),
        .last_block = sqlite3_column_int64(stmt, 4),
        .codec = sqlite3_column_int(stmt, 5) == LEDGER_GZIP ? LEDGER_GZIP : LEDGER_ZSTD,
        .content.events = sqlite3_column_int64(stmt, 7),
        .content.bytes = sqlite3_column_int64(stmt, 8),
        .state = sqlite3_column_int(stmt, 10) == LEDGER_SHIPPED ? LEDGER_SHIPPED : LEDGER_PLANNED,
        .planned_us = sqlite3_column_int64(stmt, 11),
        .shipped_us = sqlite3_column_int64(stmt, 12),
        .tries = sqlite3_column_int64(stmt, 13),
        .next_try_us = sqlite3_column_int64(stmt, 14),
        .is_gone = sqlite3_column_int(stmt, 16) != 0,
        .sent.bytes = sqlite3_column_int64(stmt, 17),
    };
    struct digest *content = &out_object->content.sha256;
    struct ledger_sent *sent = &out_object->sent;
    (void)db_column_bytes(stmt, 9, content, sizeof *content);
    (void)db_column_bytes(stmt, 18, &sent->sha256, sizeof sent->sha256);
    db_column_copy(stmt, 1, out_object->target, sizeof out_object->target);
    db_column_copy(stmt, 6, out_object->key, sizeof out_object->key);
    db_column_copy(stmt, 15, out_object->last_error, sizeof out_object->last_error);
    db_column_copy(stmt, 19, sent->library, sizeof sent->library);
    return OK;
}
