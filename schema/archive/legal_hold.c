#include "schema/archive/legal_hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/archive_internal.h"

/* The catalogue's version that has the table: an older one, opened for reading, holds nothing. */
static const char *const kind_names[] = {"range", "session", "user"};

const char *legal_hold_kind_name(enum legal_hold_kind kind)
{
    return kind_names[kind];
}

static enum legal_hold_kind kind_of(struct span name)
{
    return span_is(name, "session") ? LEGAL_HOLD_SESSION
           : span_is(name, "user")  ? LEGAL_HOLD_USER
                                    : LEGAL_HOLD_RANGE;
}

static enum status hold_check(const struct legal_hold *hold, struct err *err)
{
    if (hold->why[0] == '\0') {
        return err_set(err, ERR_USAGE, "a hold wants a reason");
    }
    if (hold->from_us >= hold->to_us) {
        return err_set(err, ERR_USAGE, "the hold would end before it begins");
    }
    if (hold->kind != LEGAL_HOLD_RANGE && hold->subject[0] == '\0') {
        return err_set(err, ERR_USAGE, "a hold of a %s wants its name", kind_names[hold->kind]);
    }
    return OK;
}

/* Runs the statement, which is then gone, in a transaction of its own. */
static enum status run_once(struct archive *archive, sqlite3_stmt *stmt, struct err *err)
{
    enum status status = archive_run_alone(archive, stmt, err);
    (void)sqlite3_finalize(stmt);
    return status;
}

static void bind_time(sqlite3_stmt *stmt, int at, int64_t us, int64_t open_us)
{
    if (us != open_us) {
        (void)sqlite3_bind_int64(stmt, at, us);
    }
}

enum status legal_hold_add(struct archive *archive, struct legal_hold *hold, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = hold_check(hold, err);
    status = THEN(status,
                  db_prepare(archive->db,
                             "INSERT INTO hold (kind, from_us, to_us, subject, why, who, made_us)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                             &stmt, err));
    if (status != OK) {
        return status;
    }
    db_bind_span(stmt, 1, span_str(kind_names[hold->kind]));
    bind_time(stmt, 2, hold->from_us, INT64_MIN);
    bind_time(stmt, 3, hold->to_us, INT64_MAX);
    db_bind_span(stmt, 4, span_str(hold->subject));
    db_bind_span(stmt, 5, span_str(hold->why));
    db_bind_span(stmt, 6, span_str(hold->who));
    (void)sqlite3_bind_int64(stmt, 7, hold->made_us);
    status = run_once(archive, stmt, err);
    if (status == OK) {
        hold->id = sqlite3_last_insert_rowid(archive->db);
    }
    return status;
}

#define HOLD_COLUMNS                                                                               \
    "SELECT id, kind, from_us, to_us, subject, why, who, made_us, released_us, released_by,"       \
    " released_why FROM hold "

static void copy_text(sqlite3_stmt *stmt, int at, char *out, size_t out_bytes)
{
    struct span text = db_column_span(stmt, at);
    (void)snprintf(out, out_bytes, "%.*s", SPAN_FMT(text));
}

static void read_row(sqlite3_stmt *stmt, struct legal_hold *out)
{
    bool open_from = sqlite3_column_type(stmt, 2) == SQLITE_NULL;
    bool open_to = sqlite3_column_type(stmt, 3) == SQLITE_NULL;
    *out = (struct legal_hold){
        .id = sqlite3_column_int64(stmt, 0),
        .kind = kind_of(db_column_span(stmt, 1)),
        .from_us = open_from ? INT64_MIN : sqlite3_column_int64(stmt, 2),
        .to_us = open_to ? INT64_MAX : sqlite3_column_int64(stmt, 3),
        .made_us = sqlite3_column_int64(stmt, 7),
        .released_us = sqlite3_column_int64(stmt, 8),
    };
    copy_text(stmt, 4, out->subject, sizeof out->subject);
    copy_text(stmt, 5, out->why, sizeof out->why);
    copy_text(stmt, 6, out->who, sizeof out->who);
    copy_text(stmt, 9, out->released_by, sizeof out->released_by);
    copy_text(stmt, 10, out->released_why, sizeof out->released_why);
}

static enum status find(struct archive *archive, int64_t id, struct legal_hold *out,
                        struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status = db_prepare(archive->db, HOLD_COLUMNS "WHERE id = ?1", &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, id);
        status = db_step(stmt, &row, err);
    }
    if (status == OK && !row) {
        status = err_set(err, ERR_NOT_FOUND, "there is no hold %lld: stele hold list shows them",
                         (long long)id);
    }
    if (status == OK) {
        read_row(stmt, out);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status legal_hold_release(struct archive *archive, int64_t id, const char *who,
                               const char *why, int64_t now_us, struct err *err)
{
    struct legal_hold hold;
    if (why[0] == '\0') {
        return err_set(err, ERR_USAGE, "a release wants a reason");
    }
    enum status status = find(archive, id, &hold, err);
    if (status == OK && hold.released_us != 0) {
        char when[CLOCK_TEXT_BYTES];
        status = err_set(err, ERR_EXISTS, "hold %lld was released already, by %s at %s",
                         (long long)id, hold.released_by, clock_format(hold.released_us, when));
    }
    sqlite3_stmt *stmt = NULL;
    status = THEN(status,
                  db_prepare(archive->db,
                             "UPDATE hold SET released_us = ?2, released_by = ?3, released_why = ?4"
                             " WHERE id = ?1 AND released_us IS NULL",
                             &stmt, err));
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, id);
    (void)sqlite3_bind_int64(stmt, 2, now_us);
    db_bind_span(stmt, 3, span_str(who));
    db_bind_span(stmt, 4, span_str(why));
    return run_once(archive, stmt, err);
}

enum status legal_hold_list(struct archive *archive, bool all, struct legal_hold **out_holds,
                            size_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct buf holds = BUF_INIT;
    bool row = false;
    enum status status = OK;
    if (archive->version >= ARCHIVE_VERSION_SEALS) {
        status = db_prepare(archive->db,
                            all ? HOLD_COLUMNS "ORDER BY id"
                                : HOLD_COLUMNS "WHERE released_us IS NULL ORDER BY id",
                            &stmt, err);
    }
    while (stmt && status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        struct legal_hold hold;
        read_row(stmt, &hold);
        buf_add(&holds, &hold, sizeof hold);
    }
    (void)sqlite3_finalize(stmt);
    status = THEN(status, buf_status(&holds, "hold", err));
    if (status != OK) {
        buf_fini(&holds);
        return status;
    }
    *out_count = holds.size / sizeof **out_holds;
    *out_holds = (struct legal_hold *)(void *)holds.data;
    return OK;
}

enum status legal_hold_stamp(struct archive *archive, int64_t *out_stamp, struct err *err)
{
    if (archive->version < ARCHIVE_VERSION_SEALS) {
        *out_stamp = 0;
        return OK;
    }
    return db_int64(archive->db, "SELECT count(*) + count(released_us) FROM hold", out_stamp, err);
}
