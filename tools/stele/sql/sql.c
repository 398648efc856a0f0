/* stele sql: statements over the table teleport_audit_events, in a database of their own that is
 * gone when they are done. */
#include <errno.h>
#include <stdio.h>

#include "query/language/parse.h"
#include "query/sql/table.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/sql/sql_guard.h"
#include "tools/stele/sql/sql_print.h"

enum { SQL_BYTES_MAX = 64 * 1024 * 1024, PROGRESS_STEPS = 1000, MATCHES_KEPT = 8 };

static int is_interrupted(void *context)
{
    (void)context;
    return interrupt_flag;
}

struct sql_session {
    sqlite3 *db;
    struct table_module module;
    struct sql_guard guard;
    struct err of_table; /* the table's last failure; status OK: none */
    const struct options *options;
    int64_t n_rows;
    /* of the statement at hand */
    struct query *matches[MATCHES_KEPT]; /* distinct texts of MATCH */
    size_t n_matches;
    bool found; /* the table delivered a row */
};

/* Keeps a query of MATCH that is new, and says what of it was read as another language means it. */
static void keep_match(void *context, const struct query *query)
{
    struct sql_session *session = context;
    struct err err;
    for (size_t i = 0; i < session->n_matches; i++) {
        if (span_equal(session->matches[i]->text, query->text)) {
            return;
        }
    }
    if (session->n_matches < MATCHES_KEPT &&
        query_args_parse_text(query->text, &session->matches[session->n_matches], &err) == OK) {
        session->n_matches++;
    }
}

/* Ends the statement: says why its MATCH found nothing, when it found nothing. */
static void end_matches(struct sql_session *session, bool ran)
{
    for (size_t i = 0; i < session->n_matches; i++) {
        if (ran && !session->found) {
            const struct zero_question question = {.path = session->module.path,
                                                   .query = session->matches[i],
                                                   .from_us = INT64_MIN,
                                                   .to_us = INT64_MAX};
            nothing_found_say(&question, i == 0);
        }
        parse_query_free(session->matches[i]);
    }
    session->n_matches = 0;
    session->found = false;
}

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
static enum status sql_fail(struct sql_session *session, struct err *err)
{
    int rc = sqlite3_errcode(session->db);
    if (interrupt_flag) {
        return err_set(err, ERR_STOPPED, "interrupted");
    }
    if (session->guard.denied[0]) {
        return err_set(err, ERR_USAGE, "%s", session->guard.denied);
    }
    if (session->of_table.status != OK) {
        return err_copy(err, &session->of_table);
    }
    return err_set(err,
                   rc == SQLITE_NOMEM  ? ERR_NOMEM
                   : rc == SQLITE_FULL ? ERR_FULL
                                       : ERR_USAGE,
                   "%s", sqlite3_errmsg(session->db));
}

static enum status run_statement(struct sql_session *session, sqlite3_stmt *stmt, struct err *err)
{
    struct sql_print print;
    int rc = SQLITE_DONE;
    enum status status = sql_print_begin(&print, session->options, stmt, err);
    while (status == OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        status = sql_print_row(&print, err);
    }
    session->n_rows += print.rows.count;
    if (status == OK && rc != SQLITE_DONE) {
        status = sql_fail(session, err);
    }
    status = THEN(status, sql_print_end(&print, err));
    sql_print_fini(&print);
    return status;
}

static enum status run_all(struct sql_session *session, struct span sql, struct err *err)
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
        end_matches(session, status == OK);
    }
    return status;
}

static enum status open_session(struct sql_session *session, struct err *err)
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
    sqlite3_progress_handler(session->db, PROGRESS_STEPS, is_interrupted, NULL);
    interrupt_catch(NULL);
    return OK;
}

static enum status read_sql(const char *word, struct buf *out, struct err *err)
{
    if (strcmp(word, "-") == 0) {
        return read_input(out, err);
    }
    buf_add_str(out, word);
    return buf_status(out, "SQL", err);
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct sql_session session = {
        .options = options,
        .module = {.path = options->archive, .stop = &interrupt_flag},
    };
    struct buf text = BUF_INIT;
    session.module.last = &session.of_table;
    session.module.found = &session.found;
    session.module.match = keep_match;
    session.module.context = &session;
    enum status status = read_sql(options->words[0], &text, err);
    status = THEN(status, open_session(&session, err));
    status = THEN(status, text.size > 0 ? run_all(&session, buf_span(&text), err) : OK);
    (void)sqlite3_close(session.db);
    buf_fini(&text);
    *out_code = session.n_rows == 0;
    return status;
}

const struct verb verb_sql = {
    .name = "sql",
    .summary = "run SQL over the table teleport_audit_events",
    .words = {1, 1, "'SELECT ...'|-", "the SQL as one word: quote it; - reads standard input"},
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
