/* A plain database of a copy's events, for readers with nothing but SQLite, Datasette or DuckDB:
 * one row an event in the order of time, one column a field as `stele sql` has them, and the
 * event's JSON. The rows are read by the virtual table, twice: what types a field's values have is
 * known only when all were seen, and programs with strict types believe what a column says. A field
 * whose values are of several types is TEXT. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/sql/table.h"
#include "schema/base/buf.h"
#include "schema/base/clock.h"
#include "schema/crypto/digest.h"
#include "tools/stele/copy/copy_job.h"

enum { TYPE_INTEGER = 1, TYPE_REAL = 2, TYPE_TEXT = 4, ROWS_STEP = 1000, PROGRESS_STEPS = 10000 };

struct plain {
    sqlite3 *from;
    sqlite3 *to;
    struct table_module module;
    struct err of_table;
    sqlite3_stmt *rows; /* of the virtual table */
    int n_columns;
    unsigned char *types; /* by column: a set of TYPE_ bits */
    sqlite3_stmt *insert;
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, int64_t rows);
    void *context;
};

static enum status fail(const struct plain *plain, sqlite3 *db, struct err *err)
{
    if (plain->stop && *plain->stop) {
        return err_set(err, ERR_STOPPED, "interrupted; nothing was made");
    }
    if (plain->of_table.status != OK) {
        if (err) {
            (void)err_copy(err, &plain->of_table);
        }
        return plain->of_table.status;
    }
    int code = sqlite3_errcode(db);
    bool full = code == SQLITE_FULL || sqlite3_system_errno(db) == ENOSPC;
    return err_set(err,
                   code == SQLITE_NOMEM ? ERR_NOMEM
                   : full               ? ERR_FULL
                                        : ERR_IO,
                   "plain file: %s", sqlite3_errmsg(db));
}

static enum status run(struct plain *plain, sqlite3 *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : fail(plain, db, err);
}

static enum status prepare(struct plain *plain, sqlite3 *db, const char *sql, sqlite3_stmt **out,
                           struct err *err)
{
    return sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK ? OK : fail(plain, db, err);
}

/* Indexes are single long statements. */
static int is_stopped(void *context)
{
    const struct plain *plain = context;
    return plain->stop && *plain->stop;
}

static enum status open_both(struct plain *plain, const char *out, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &plain->from, flags, NULL) != SQLITE_OK ||
        table_register(plain->from, &plain->module) != SQLITE_OK) {
        return err_nomem(err, "plain file");
    }
    if (sqlite3_open_v2(out, &plain->to, flags, NULL) != SQLITE_OK) {
        return fail(plain, plain->to, err);
    }
    sqlite3_progress_handler(plain->to, PROGRESS_STEPS, is_stopped, plain);
    enum status status = run(plain, plain->to,
                             "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"
                             "PRAGMA cache_size=-64000; BEGIN",
                             err);
    status = THEN(status, prepare(plain, plain->from,
                                  "SELECT *, actor, received FROM " TABLE_NAME " ORDER BY time",
                                  &plain->rows, err));
    if (status == OK) {
        plain->n_columns = sqlite3_column_count(plain->rows);
        plain->types = calloc((size_t)plain->n_columns, 1);
        status = plain->types ? OK : err_nomem(err, "plain file");
    }
    return status;
}

static enum status note_types(struct plain *plain, struct err *err)
{
    (void)err;
    for (int i = 0; i < plain->n_columns; i++) {
        int type = sqlite3_column_type(plain->rows, i);
        plain->types[i] |= type == SQLITE_INTEGER ? TYPE_INTEGER
                           : type == SQLITE_FLOAT ? TYPE_REAL
                           : type == SQLITE_NULL  ? 0
                                                  : TYPE_TEXT;
    }
    return OK;
}

static enum status insert_row(struct plain *plain, struct err *err)
{
    for (int i = 0; i < plain->n_columns; i++) {
        (void)sqlite3_bind_value(plain->insert, i + 1, sqlite3_column_value(plain->rows, i));
    }
    int code = sqlite3_step(plain->insert);
    (void)sqlite3_reset(plain->insert);
    return code == SQLITE_DONE ? OK : fail(plain, plain->to, err);
}

/* All rows, from the first; `base` of them are done for the progress. */
static enum status each_row(struct plain *plain, enum status (*each)(struct plain *, struct err *),
                            int64_t base, int64_t *out_rows, struct err *err)
{
    enum status status = OK;
    int64_t rows = 0;
    int code;
    while (status == OK && (code = sqlite3_step(plain->rows)) != SQLITE_DONE) {
        status = code == SQLITE_ROW ? each(plain, err) : fail(plain, plain->from, err);
        if (++rows % ROWS_STEP == 0 && plain->progress) {
            plain->progress(plain->context, (base + rows) / 2);
        }
    }
    (void)sqlite3_reset(plain->rows);
    *out_rows = rows;
    return status;
}

static const char *type_name(unsigned types)
{
    return types == TYPE_INTEGER ? "INTEGER" : types && !(types & TYPE_TEXT) ? "REAL" : "TEXT";
}

/* The name in quotation marks. */
static void add_name(struct buf *out, const char *name)
{
    char *quoted = sqlite3_mprintf("\"%w\"", name);
    buf_add_str(out, quoted ? quoted : "");
    sqlite3_free(quoted);
}

static enum status make_table(struct plain *plain, struct err *err)
{
    struct buf create = BUF_INIT;
    struct buf insert = BUF_INIT;
    buf_add_str(&create, "CREATE TABLE " TABLE_NAME " (");
    buf_add_str(&insert, "INSERT INTO " TABLE_NAME " VALUES (");
    for (int i = 0; i < plain->n_columns; i++) {
        buf_add_str(&create, i ? ",\n    " : "\n    ");
        add_name(&create, sqlite3_column_name(plain->rows, i));
        buf_printf(&create, " %s", type_name(plain->types[i]));
        buf_add_str(&insert, i ? ",?" : "?");
    }
    buf_add(&create, "\n)", 3);
    buf_add(&insert, ")", 2);
    enum status status = buf_status(&create, "plain file", err);
    status = THEN(status, buf_status(&insert, "plain file", err));
    status = THEN(status, run(plain, plain->to, create.data, err));
    status = THEN(status, prepare(plain, plain->to, insert.data, &plain->insert, err));
    buf_fini(&create);
    buf_fini(&insert);
    return status;
}

/* Beside the full text: what is asked for first in an investigation. */
static enum status make_indexes(struct plain *plain, struct err *err)
{
    static const char sql[] =
        "CREATE INDEX teleport_audit_events_time ON " TABLE_NAME " (\"time\");"
        "CREATE INDEX teleport_audit_events_event ON " TABLE_NAME " (\"event\", \"time\");"
        "CREATE INDEX teleport_audit_events_user ON " TABLE_NAME " (\"user\", \"time\");"
        "CREATE INDEX teleport_audit_events_sid ON " TABLE_NAME " (\"sid\", \"time\");"
        "CREATE INDEX teleport_audit_events_uid ON " TABLE_NAME " (\"uid\");"
        "CREATE INDEX teleport_audit_events_addr ON " TABLE_NAME " (\"addr.remote\");"
        "CREATE INDEX teleport_audit_events_host ON " TABLE_NAME " (\"server_hostname\");"
        "CREATE VIRTUAL TABLE " TABLE_NAME "_fts USING fts5(raw, content='" TABLE_NAME "',"
        " tokenize='unicode61');"
        "INSERT INTO " TABLE_NAME "_fts(" TABLE_NAME "_fts) VALUES ('rebuild');";
    return run(plain, plain->to, sql, err);
}

static void add_text(struct buf *sql, const char *name, struct span text)
{
    char *copy = sqlite3_mprintf("%.*s", SPAN_FMT(text));
    char *row =
        copy ? sqlite3_mprintf("INSERT INTO stele_case VALUES (%Q, %Q);", name, copy) : NULL;
    buf_add_str(sql, row ? row : "");
    sqlite3_free(row);
    sqlite3_free(copy);
}

static void add_time(struct buf *sql, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];
    if (time_us != INT64_MIN && time_us != INT64_MAX) {
        add_text(sql, name, span_str(clock_format(time_us, text)));
    }
}

static void add_number(struct buf *sql, const char *name, int64_t number)
{
    buf_printf(sql, "INSERT INTO stele_case VALUES ('%s', %lld);", name, (long long)number);
}

/* The case header, a row a fact. */
static enum status put_case(struct plain *plain, const struct copy_case *facts, struct err *err)
{
    struct buf sql = BUF_INIT;
    char hex[DIGEST_HEX_BYTES];
    buf_add_str(&sql, "CREATE TABLE stele_case (name TEXT PRIMARY KEY, value TEXT);");
    add_text(&sql, "format", span_str("stele-plain-1"));
    add_time(&sql, "made", facts->made_us);
    add_text(&sql, "who", facts->who);
    add_text(&sql, "why", facts->why);
    add_text(&sql, "archive_id", facts->archive_id);
    add_text(&sql, "archive_dir", facts->archive_dir);
    add_time(&sql, "from", facts->from_us);
    add_time(&sql, "to", facts->to_us);
    add_text(&sql, "query", facts->query);
    add_text(&sql, "session", facts->session);
    add_number(&sql, "events", facts->events);
    add_number(&sql, "raw_bytes", facts->raw_bytes);
    add_time(&sql, "first", facts->first_us);
    add_time(&sql, "last", facts->last_us);
    add_number(&sql, "blocks", facts->blocks);
    add_text(&sql, "chain", span_str(digest_hex(&facts->chain, hex)));
    add_text(&sql, "content", span_str(digest_hex(&facts->content, hex)));
    add_text(&sql, "program", facts->program);
    buf_add_char(&sql, '\0');
    enum status status = buf_status(&sql, "plain file", err);
    status = THEN(status, run(plain, plain->to, sql.data, err));
    buf_fini(&sql);
    return status;
}

static enum status write_all(struct plain *plain, const char *out, const struct copy_case *facts,
                             struct err *err)
{
    int64_t seen = 0;
    int64_t rows = 0;
    enum status status = open_both(plain, out, err);
    status = THEN(status, each_row(plain, note_types, 0, &seen, err));
    status = THEN(status, make_table(plain, err));
    status = THEN(status, each_row(plain, insert_row, seen, &rows, err));
    if (status == OK && (rows != facts->events || seen != rows)) {
        status = err_set(err, ERR_IO, "plain file: %lld rows of %lld events", (long long)rows,
                         (long long)facts->events);
    }
    status = THEN(status, make_indexes(plain, err));
    status = THEN(status, put_case(plain, facts, err));
    return THEN(status, run(plain, plain->to, "COMMIT", err));
}

enum status copy_plain_write(const char *path, const char *out, const struct copy_case *facts,
                             const volatile sig_atomic_t *stop,
                             void (*progress)(void *context, int64_t rows), void *context,
                             struct err *err)
{
    struct plain plain = {
        .module = {.path = path, .stop = stop},
        .stop = stop,
        .progress = progress,
        .context = context,
    };
    plain.module.last = &plain.of_table;
    enum status status = write_all(&plain, out, facts, err);
    (void)sqlite3_finalize(plain.rows);
    (void)sqlite3_finalize(plain.insert);
    (void)sqlite3_close(plain.from);
    (void)sqlite3_close(plain.to);
    free(plain.types);
    return status;
}
