/* stele sql: statements over the table teleport_audit_events, in a database of their own that is
 * gone when they are done. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "query/sql/table.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/sql/sql_guard.h"
#include "tools/stele/sql/sql_print.h"

enum { SQL_BYTES_MAX = 64 * 1024 * 1024, PROGRESS_STEPS = 1000 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int is_stopped(void *context)
{
    (void)context;
    return stopped;
}

struct session {
    sqlite3 *db;
    struct table_module module;
    struct sql_guard guard;
    struct err of_table; /* the table's last failure; status OK: none */
    enum sql_form form;
    int64_t n_rows;
};

static enum status read_input(struct buf *out, struct err *err)
{
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) {
        if (out->size + n > SQL_BYTES_MAX) {
            return err_set(err, ERR_LIMIT, "standard input: over %d bytes of SQL", SQL_BYTES_MAX);
        }
        buf_add(out, piece, n);
    }
    if (ferror(stdin)) {
        return err_errno(err, errno, "standard input");
    }
    return buf_status(out, "standard input", err);
}

/* What SQLite says: a failure of the archive keeps its status, anything else is wrong use. */
static enum status sql_fail(struct session *session, struct err *err)
{
    int rc = sqlite3_errcode(session->db);
    if (stopped) {
        return err_set(err, ERR_STOPPED, "interrupted");
    }
    if (session->guard.denied[0]) {
        return err_set(err, ERR_USAGE, "%s", session->guard.denied);
    }
    if (session->of_table.status != OK) {
        *err = session->of_table;
        return err->status;
    }
    return err_set(err,
                   rc == SQLITE_NOMEM  ? ERR_NOMEM
                   : rc == SQLITE_FULL ? ERR_FULL
                                       : ERR_USAGE,
                   "%s", sqlite3_errmsg(session->db));
}

static enum status run_statement(struct session *session, sqlite3_stmt *stmt, struct err *err)
{
    struct sql_print print;
    int rc = SQLITE_DONE;
    enum status status = sql_print_begin(&print, session->form, stmt, err);
    while (status == OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        status = sql_print_row(&print, err);
    }
    session->n_rows += print.n_rows;
    if (status == OK && rc != SQLITE_DONE) {
        status = sql_fail(session, err);
    }
    status = THEN(status, sql_print_end(&print, err));
    sql_print_fini(&print);
    return status;
}

static enum status run_all(struct session *session, struct span sql, struct err *err)
{
    const char *at = sql.data;
    const char *end = sql.data + sql.size;
    enum status status = OK;
    if (memchr(sql.data, '\0', sql.size)) {
        return err_set(err, ERR_USAGE, "the SQL holds a NUL byte");
    }
    while (status == OK && at < end) {
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(session->db, at, (int)(end - at), &stmt, &at);
        if (rc != SQLITE_OK) {
            return sql_fail(session, err);
        }
        if (!stmt) { /* white space, or a comment */
            continue;
        }
        status = run_statement(session, stmt, err);
        (void)sqlite3_finalize(stmt);
    }
    return status;
}

static enum status open_session(struct session *session, struct err *err)
{
    int rc =
        sqlite3_open_v2(":memory:", &session->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        rc = table_register(session->db, &session->module);
    }
    if (rc != SQLITE_OK) {
        return err_nomem(err, "SQL");
    }
    /* The table is made when it is first named, by SQL of its own that the guard would refuse. */
    if (sqlite3_exec(session->db, "SELECT 1 FROM " TABLE_NAME " LIMIT 0", NULL, NULL, NULL) !=
        SQLITE_OK) {
        return sql_fail(session, err);
    }
    sql_guard_set(session->db, &session->guard);
    sqlite3_progress_handler(session->db, PROGRESS_STEPS, is_stopped, NULL);
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return OK;
}

static int run_text(const struct options *options, const char *dir, enum sql_form form)
{
    static struct session session;
    struct err err;
    struct buf text = BUF_INIT;
    session = (struct session){.form = form, .module = {.path = dir, .stop = &stopped}};
    session.module.last = &session.of_table;
    enum status status = OK;
    if (strcmp(options->words[0], "-") == 0) {
        status = read_input(&text, &err);
    } else {
        buf_add_str(&text, options->words[0]);
        status = buf_status(&text, "SQL", &err);
    }
    status = THEN(status, open_session(&session, &err));
    if (status == OK && text.size > 0) {
        status = run_all(&session, buf_span(&text), &err);
    }
    (void)sqlite3_close(session.db);
    buf_fini(&text);
    return status != OK ? options_fail(options->verb, &err) : session.n_rows == 0;
}

static int sql_run(int argc, char **argv)
{
    const char *output = "table";
    enum sql_form form = SQL_TABLE;
    const struct option_entry entries[] = {
        {.name = "output",
         .argument = "FORM",
         .help = "table (default), json, ndjson or csv",
         .text = &output},
    };
    static struct options options;
    int code = options_read(&options, &verb_sql, entries, 1, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (!sql_form_find(output, &form)) {
        return options_misuse(&verb_sql, "--output is table, json, ndjson or csv, not \"%s\"",
                              output);
    }
    if (options.n_words != 1) {
        return options_misuse(&verb_sql, "%s",
                              options.n_words ? "the SQL is one word: quote it"
                                              : "which SQL? - reads standard input");
    }
    const char *dir = options_archive(&options);
    return dir ? run_text(&options, dir, form) : status_exit_code(ERR_USAGE);
}

const struct verb verb_sql = {
    .name = "sql",
    .usage = "'SELECT ...'|- [OPTION]...",
    .summary = "run SQL over the table teleport_audit_events",
    .run = sql_run,
};
