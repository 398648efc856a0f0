#include "schema/archive/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/archive_internal.h"

enum status ledger_last_block(struct archive *archive, const char *target, int64_t day_us,
                              int64_t *out_block, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_LEDGER_LAST_BLOCK];
    db_bind_span(stmt, 1, span_str(target));
    (void)sqlite3_bind_int64(stmt, 2, day_us);
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    if (status == OK) {
        CHECK(row);
        bool none = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
        *out_block = none ? -1 : sqlite3_column_int64(stmt, 0);
        (void)sqlite3_reset(stmt);
    }
    return status;
}

enum status ledger_plan(struct archive *archive, struct ledger_object *object, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_LEDGER_PLAN];
    db_bind_span(stmt, 1, span_str(object->target));
    (void)sqlite3_bind_int64(stmt, 2, object->day_us);
    (void)sqlite3_bind_int64(stmt, 3, object->first_block);
    (void)sqlite3_bind_int64(stmt, 4, object->last_block);
    (void)sqlite3_bind_int(stmt, 5, (int)object->codec);
    db_bind_span(stmt, 6, span_str(object->key));
    (void)sqlite3_bind_int64(stmt, 7, object->events);
    (void)sqlite3_bind_int64(stmt, 8, object->raw_bytes);
    (void)sqlite3_bind_int64(stmt, 9, object->bytes);
    db_bind_blob(stmt, 10, span_of(object->sha256.bytes, sizeof object->sha256.bytes));
    (void)sqlite3_bind_int64(stmt, 11, object->planned_us);
    enum status status = archive_run_alone(archive, stmt, err);
    if (status == OK) {
        object->id = sqlite3_last_insert_rowid(archive->db);
        object->state = LEDGER_PLANNED;
    }
    return status;
}

enum status ledger_mark_shipped(struct archive *archive, int64_t id, int64_t shipped_us,
                                struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_LEDGER_SHIPPED];
    (void)sqlite3_bind_int64(stmt, 1, id);
    (void)sqlite3_bind_int64(stmt, 2, shipped_us);
    return archive_run_alone(archive, stmt, err);
}

enum status ledger_mark_failed(struct archive *archive, int64_t id, int64_t next_try_us,
                               const char *error, struct err *err)
{
    sqlite3_stmt *stmt = archive->statements[STATEMENT_LEDGER_FAILED];
    (void)sqlite3_bind_int64(stmt, 1, id);
    (void)sqlite3_bind_int64(stmt, 2, next_try_us);
    db_bind_span(stmt, 3, span_str(error));
    return archive_run_alone(archive, stmt, err);
}

struct ledger_cursor {
    sqlite3_stmt *stmt;
};

/* A planned object whose blocks were deleted: of a day's blocks those with the lowest numbers go,
 * and numbers are not used again (schema/index/deletion.h). */
#define OBJECT_IS_GONE                                                                             \
    "(state = 0 AND EXISTS (SELECT 1 FROM deletion WHERE deletion.day_us = object.day_us"          \
    " AND deletion.last_block >= object.last_block))"

enum { SQL_BYTES = 768 };

static enum status cursor_open(struct archive *archive, const char *where, bool pending_only,
                               struct ledger_cursor **out_cursor, struct err *err)
{
    char sql[SQL_BYTES];
    int n = snprintf(sql, sizeof sql,
                     "SELECT id, target, day_us, first_block, last_block, codec, key, events,"
                     " raw_bytes, bytes, sha256, state, planned_us, shipped_us, tries, next_try_us,"
                     " last_error, " OBJECT_IS_GONE " FROM object WHERE %s%s",
                     pending_only ? "state = 0 AND NOT " OBJECT_IS_GONE : "", where);
    CHECK(n > 0 && n < SQL_BYTES);
    struct ledger_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) {
        return err_nomem(err, "ledger");
    }
    enum status status = db_prepare(archive->db, sql, &cursor->stmt, err);
    if (status != OK) {
        free(cursor);
        return status;
    }
    *out_cursor = cursor;
    return OK;
}

enum status ledger_cursor_open(struct archive *archive, const char *target, bool pending_only,
                               struct ledger_cursor **out_cursor, struct err *err)
{
    struct ledger_cursor *cursor = NULL;
    enum status status = cursor_open(archive,
                                     pending_only ? " AND (?1 IS NULL OR target = ?1) ORDER BY id"
                                                  : "(?1 IS NULL OR target = ?1) ORDER BY id",
                                     pending_only, &cursor, err);
    if (status == OK) {
        if (target) {
            (void)sqlite3_bind_text(cursor->stmt, 1, target, -1, SQLITE_TRANSIENT);
        }
        *out_cursor = cursor;
    }
    return status;
}

enum status ledger_cursor_open_block(struct archive *archive, int64_t day_us, int64_t block,
                                     struct ledger_cursor **out_cursor, struct err *err)
{
    struct ledger_cursor *cursor = NULL;
    enum status status =
        cursor_open(archive, "day_us = ?1 AND first_block <= ?2 AND last_block >= ?2 ORDER BY id",
                    false, &cursor, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(cursor->stmt, 1, day_us);
        (void)sqlite3_bind_int64(cursor->stmt, 2, block);
        *out_cursor = cursor;
    }
    return status;
}

enum status ledger_cursor_open_days(struct archive *archive, const char *target, int64_t from_us,
                                    int64_t to_us, struct ledger_cursor **out_cursor,
                                    struct err *err)
{
    struct ledger_cursor *cursor = NULL;
    enum status status = cursor_open(archive,
                                     "day_us >= ?1 AND day_us < ?2 AND (?3 IS NULL OR target = ?3)"
                                     " ORDER BY day_us, first_block, id",
                                     false, &cursor, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(cursor->stmt, 1, from_us);
        (void)sqlite3_bind_int64(cursor->stmt, 2, to_us);
        if (target) {
            (void)sqlite3_bind_text(cursor->stmt, 3, target, -1, SQLITE_TRANSIENT);
        }
        *out_cursor = cursor;
    }
    return status;
}

enum status ledger_cursor_open_keys(struct archive *archive, const char *target,
                                    const char *from_key, struct ledger_cursor **out_cursor,
                                    struct err *err)
{
    struct ledger_cursor *cursor = NULL;
    enum status status =
        cursor_open(archive, "target = ?1 AND key >= ?2 ORDER BY key", false, &cursor, err);
    if (status == OK) {
        (void)sqlite3_bind_text(cursor->stmt, 1, target, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_text(cursor->stmt, 2, from_key, -1, SQLITE_TRANSIENT);
        *out_cursor = cursor;
    }
    return status;
}

static void copy_text(sqlite3_stmt *stmt, int at, char *out, size_t out_bytes)
{
    struct span text = db_column_span(stmt, at);
    (void)snprintf(out, out_bytes, "%.*s", SPAN_FMT(text));
}

enum status ledger_cursor_next(struct ledger_cursor *cursor, struct ledger_object *out_object,
                               bool *out_end, struct err *err)
{
    bool row = false;
    enum status status = db_step(cursor->stmt, &row, err);
    if (status != OK) {
        return status;
    }
    *out_end = !row;
    if (!row) {
        return OK;
    }
    sqlite3_stmt *stmt = cursor->stmt;
    struct span sha256 = db_column_span(stmt, 10);
    *out_object = (struct ledger_object){
        .id = sqlite3_column_int64(stmt, 0),
        .day_us = sqlite3_column_int64(stmt, 2),
        .first_block = sqlite3_column_int64(stmt, 3),
        .last_block = sqlite3_column_int64(stmt, 4),
        .codec = sqlite3_column_int(stmt, 5) == LEDGER_GZIP ? LEDGER_GZIP : LEDGER_ZSTD,
        .events = sqlite3_column_int64(stmt, 7),
        .raw_bytes = sqlite3_column_int64(stmt, 8),
        .bytes = sqlite3_column_int64(stmt, 9),
        .state = sqlite3_column_int(stmt, 11) == LEDGER_SHIPPED ? LEDGER_SHIPPED : LEDGER_PLANNED,
        .planned_us = sqlite3_column_int64(stmt, 12),
        .shipped_us = sqlite3_column_int64(stmt, 13),
        .tries = sqlite3_column_int64(stmt, 14),
        .next_try_us = sqlite3_column_int64(stmt, 15),
        .is_gone = sqlite3_column_int(stmt, 17) != 0,
    };
    if (sha256.size == sizeof out_object->sha256.bytes) {
        memcpy(out_object->sha256.bytes, sha256.data, sha256.size);
    }
    copy_text(stmt, 1, out_object->target, sizeof out_object->target);
    copy_text(stmt, 6, out_object->key, sizeof out_object->key);
    copy_text(stmt, 16, out_object->last_error, sizeof out_object->last_error);
    return OK;
}

void ledger_cursor_close(struct ledger_cursor *cursor)
{
    if (cursor) {
        (void)sqlite3_finalize(cursor->stmt);
        free(cursor);
    }
}
