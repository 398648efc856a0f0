/* Opening SQLite's files in one way, and its errors as ours. Each handle on one thread. A commit is
 * on disk when it returns; a DB_FRESH file only after db_finish_fresh. */
#include "schema/db/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/db/db_pages.h"

enum { DB_BUSY_MS = 10000, WHY_BYTES = 256 };

static enum status status_of_sqlite(sqlite3 *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_IOERR: {
        int number = db ? sqlite3_system_errno(db) : 0;
        return number == ENOSPC || number == EDQUOT ? ERR_FULL : ERR_IO;
    }
    default:
        return ERR_IO;
    }
}

/* SQLite's last error in words. */
static const char *reason_of(sqlite3 *db, int rc, char out[WHY_BYTES])
{
    int64_t page = (rc & 0xff) == SQLITE_CORRUPT ? db_pages_damaged(db) : 0;
    if (page > 0) {
        (void)snprintf(out, WHY_BYTES, "page %lld is damaged", (long long)page);
    } else {
        (void)snprintf(out, WHY_BYTES, "%s", sqlite3_errmsg(db));
    }
    return out;
}

enum status db_fail(sqlite3 *db, const char *what, struct err *err)
{
    int rc = sqlite3_extended_errcode(db);
    const char *path = sqlite3_db_filename(db, "main");
    const char *name = path ? strrchr(path, '/') : NULL;
    char why[WHY_BYTES];
    bool is_page = (rc & 0xff) == SQLITE_CORRUPT && db_pages_damaged(db) > 0; /* of any statement */
    enum status status = err_set(err, status_of_sqlite(db, rc), "%s: %s%s%s", name ? name + 1 : "",
                                 is_page ? "" : what, is_page ? "" : ": ", reason_of(db, rc, why));
    if (err) {
        err->detail = rc;
    }
    return status;
}

enum status db_exec(sqlite3 *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : db_fail(db, sql, err);
}

enum status db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out_stmt, struct err *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out_stmt, NULL);
    return rc == SQLITE_OK ? OK : db_fail(db, sql, err);
}

enum status db_step(sqlite3_stmt *stmt, bool *out_row, struct err *err)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *out_row = true;
        return OK;
    }
    enum status status = OK;
    if (rc == SQLITE_DONE) {
        *out_row = false;
    } else {
        status = db_fail(sqlite3_db_handle(stmt), sqlite3_sql(stmt), err);
    }
    (void)sqlite3_reset(stmt);
    return status;
}

enum status db_run(sqlite3_stmt *stmt, struct err *err)
{
    bool row = false;
    enum status status = db_step(stmt, &row, err);
    CHECK(status != OK || !row);
    return status;
}

enum status db_int64(sqlite3 *db, const char *sql, int64_t *out_value, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare(db, sql, &stmt, err);
    bool row = false;
    status = THEN(status, db_step(stmt, &row, err));
    if (status == OK) {
        *out_value = row ? sqlite3_column_int64(stmt, 0) : 0;
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status db_shrink(sqlite3 *db, struct err *err)
{
    return db_exec(db, "PRAGMA incremental_vacuum", err);
}

enum status db_begin(sqlite3 *db, struct err *err)
{
    return db_exec(db, "BEGIN IMMEDIATE", err);
}

enum status db_commit(sqlite3 *db, struct err *err)
{
    return db_exec(db, "COMMIT", err);
}

void db_rollback(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db)) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
}

void db_bind_span(sqlite3_stmt *stmt, int at, struct span text)
{
    (void)sqlite3_bind_text64(stmt, at, text.data ? text.data : "", text.size, SQLITE_STATIC,
                              SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *stmt, int at, struct span blob)
{
    (void)sqlite3_bind_blob64(stmt, at, blob.data ? blob.data : "", blob.size, SQLITE_STATIC);
}

struct span db_column_span(sqlite3_stmt *stmt, int at)
{
    const void *data = sqlite3_column_blob(stmt, at);
    return span_of(data, (size_t)sqlite3_column_bytes(stmt, at));
}

static enum status db_damaged(sqlite3 *db, const struct db_kind *kind, const char *path,
                              struct err *err)
{
    char why[WHY_BYTES];
    return err_set(err, ERR_CORRUPT, "%s is damaged, or not a Stele %s: %s", path, kind->name,
                   reason_of(db, sqlite3_extended_errcode(db), why));
}

/* *out_new: an empty file, which only DB_CREATE and DB_FRESH accept. */
static enum status db_format_check(sqlite3 *db, const struct db_kind *kind, const char *path,
                                   bool may_be_new, bool *out_new, struct err *err)
{
    int64_t application_id = 0;
    int64_t format = 0;
    enum status status = db_int64(db, "PRAGMA application_id", &application_id, err);
    status = THEN(status, db_int64(db, "PRAGMA user_version", &format, err));
    if (status == ERR_CORRUPT) {
        return db_damaged(db, kind, path, err);
    }
    if (status != OK) {
        return err_wrap(err, status, "%s", path);
    }
    *out_new = may_be_new && application_id == 0 && format == 0;
    if (*out_new) {
        return OK;
    }
    if ((uint32_t)application_id != kind->application_id || format < 1) {
        return err_set(err, ERR_CORRUPT, "%s is not a Stele %s", path, kind->name);
    }
    if (format != kind->format) {
        return err_set(err, ERR_VERSION,
                       "%s was made by another version of Stele (%s format %lld; this one reads "
                       "%d): use that version",
                       path, kind->name, (long long)format, kind->format);
    }
    if (!db_pages_has_sums(db)) {
        return err_set(err, ERR_CORRUPT,
                       "%s is damaged: its header does not say that pages have "
                       "checksums",
                       path);
    }
    return OK;
}

/* Makes the tables in one transaction, which stays open in a DB_FRESH file. */
static enum status db_make_tables(sqlite3 *db, const struct db_kind *kind, const char *path,
                                  enum db_mode mode, struct err *err)
{
    bool is_new = true;
    char pragma[128];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id=%lld; PRAGMA user_version=%d",
                   (long long)kind->application_id, kind->format);
    enum status status = db_begin(db, err);
    /* again: another process may have been faster */
    status = THEN(status, db_format_check(db, kind, path, true, &is_new, err));
    if (status == OK && is_new) {
        status = db_exec(db, kind->sql, err);
        status = THEN(status, db_exec(db, pragma, err));
    }
    if (status == OK && mode != DB_FRESH) {
        status = db_commit(db, err);
    }
    if (status != OK) {
        db_rollback(db);
    }
    return status;
}

/* A fresh file has its journal in memory, and no locks to be taken again and again. */
static enum status db_configure_writing(sqlite3 *db, enum db_mode mode, struct err *err)
{
    enum status status = db_exec(db,
                                 mode == DB_FRESH ? "PRAGMA locking_mode=EXCLUSIVE;"
                                                    "PRAGMA journal_mode=MEMORY;"
                                                    "PRAGMA synchronous=OFF"
                                                  : "PRAGMA journal_mode=WAL;"
                                                    "PRAGMA synchronous=FULL",
                                 err);
    return THEN(status, db_exec(db,
                                "PRAGMA secure_delete=OFF; PRAGMA foreign_keys=ON;"
                                "PRAGMA temp_store=MEMORY",
                                err));
}

static enum status db_configure(sqlite3 *db, enum db_mode mode, const struct db_kind *kind,
                                struct err *err)
{
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, DB_BUSY_MS);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    enum status status = db_tokenizer_register(db, err);
    bool makes = mode == DB_CREATE || mode == DB_FRESH;
    if (status == OK && makes && db_pages_configure(db) != SQLITE_OK) {
        status = db_fail(db, "size of pages", err);
    }
    if (status == OK && makes && kind->shrinks) {
        status = db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", err);
    }
    return status == OK && mode != DB_READ ? db_configure_writing(db, mode, err) : status;
}

/* Without SQLite's count of its memory, which is a lock that every allocation of every thread
 * takes. Refused, and no matter, when SQLite is in use already. */
static void db_configure_process(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum status db_open_once(const char *name, int flags, enum db_mode mode,
                                const struct db_kind *kind, const char *path, sqlite3 **out_db,
                                struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, db_configure_process) == 0);
    sqlite3 *db = NULL;
    if (!db_pages_register()) {
        return err_nomem(err, path);
    }
    int rc = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX, DB_PAGES_VFS);
    enum status status = OK;
    if (rc != SQLITE_OK) {
        status = db ? db_fail(db, path, err) : err_nomem(err, path);
    }
    if (status == OK) {
        status = db_configure(db, mode, kind, err);
        status = status == ERR_CORRUPT ? db_damaged(db, kind, path, err) : status;
    }
    bool is_new = false;
    bool may_be_new = mode == DB_CREATE || mode == DB_FRESH;
    status = THEN(status, db_format_check(db, kind, path, may_be_new, &is_new, err));
    if (status == OK && is_new) {
        status = db_make_tables(db, kind, path, mode, err);
    }
    if (status != OK) {
        db_close(db);
        return status;
    }
    *out_db = db;
    return OK;
}

/* Reads by a way that only a URI can ask for. */
static enum status db_open_uri(const char *path, const char *parameter, const struct db_kind *kind,
                               sqlite3 **out_db, struct err *err)
{
    struct buf uri = BUF_INIT;
    buf_add_str(&uri, "file:");
    for (const char *at = path; *at; at++) {
        if (strchr("?#%", *at)) {
            buf_printf(&uri, "%%%02x", (unsigned char)*at);
        } else {
            buf_add_char(&uri, *at);
        }
    }
    buf_printf(&uri, "?%s", parameter);
    buf_add(&uri, "", 1);
    enum status status = buf_status(&uri, path, err);
    status = THEN(status, db_open_once(uri.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, DB_READ,
                                       kind, path, out_db, err));
    buf_fini(&uri);
    return status;
}

/* A WAL database whose -shm file can be neither made nor grown. With a full disk SQLite reads the
 * log without it: its index of the log is in memory then, and a lock keeps a writer from moving the
 * log into the file meanwhile (SQLite: URI parameter readonly_shm). On a read-only medium there is
 * no -shm file at all: without a -wal beside it, or with an empty one, nothing is missing from the
 * file itself, and it is read as it stands. */
static enum status db_open_without_shm(const char *path, const struct db_kind *kind,
                                       sqlite3 **out_db, struct err *err)
{
    if (db_open_uri(path, "readonly_shm=1", kind, out_db, err) == OK) {
        return OK;
    }
    char wal[FILE_PATH_BYTES];
    enum status status = file_path_format(wal, err, "%s-wal", path);
    if (status != OK) {
        return status;
    }
    struct stat log;
    if (stat(wal, &log) == 0 && log.st_size > 0) {
        return err_set(err, ERR_IO,
                       "%s cannot be opened read-only while %s-wal is beside it: copy both to a "
                       "writable place",
                       path, path);
    }
    return db_open_uri(path, "immutable=1", kind, out_db, err);
}

enum status db_open(const char *path, enum db_mode mode, const struct db_kind *kind,
                    sqlite3 **out_db, struct err *err)
{
    bool makes = mode == DB_CREATE || mode == DB_FRESH;
    if (!makes && access(path, R_OK) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    int flags = mode == DB_READ ? SQLITE_OPEN_READONLY
                : makes         ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                : SQLITE_OPEN_READWRITE;
    enum status status = db_open_once(path, flags, mode, kind, path, out_db, err);
    if (status != OK && status != ERR_VERSION && status != ERR_CORRUPT && mode == DB_READ) {
        struct err again;
        if (db_open_without_shm(path, kind, out_db, &again) == OK) {
            return OK;
        }
        if (access(path, F_OK) != 0 && errno == ENOENT) { /* deleted as it was opened */
            return err_errno(err, ENOENT, "%s", path);
        }
    }
    return status;
}

void db_close(sqlite3 *db)
{
    int rc = sqlite3_close(db);
    CHECK(rc == SQLITE_OK);
}

/* The change of the journal mode writes the first page in a transaction of its own. That one is
 * synced: a sync of the file, and so of all that was written before. */
enum status db_finish_fresh(sqlite3 *db, struct err *err)
{
    enum status status =
        db_exec(db, "COMMIT; PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL", err);
    db_close(db);
    return status;
}
