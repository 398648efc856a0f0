/* baseline-sqlite FILE: loads NDJSON from standard input the way it is done by hand: one row an
 * event with the raw text, five columns with an index each, and FTS5 over the raw text; 10,000 rows
 * a transaction. Prints events and seconds as JSON. What Stele's import is compared with. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"

enum { ROWS_PER_COMMIT = 10000 };

static const char schema_sql[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, time TEXT, type TEXT, user TEXT, uid TEXT,"
    " server TEXT, raw TEXT);"
    "CREATE INDEX event_time ON event(time); CREATE INDEX event_type ON event(type);"
    "CREATE INDEX event_user ON event(user); CREATE INDEX event_uid ON event(uid);"
    "CREATE INDEX event_server ON event(server);"
    "CREATE VIRTUAL TABLE event_text USING fts5(raw, content='event', content_rowid='id');";

static const char *const columns[] = {"time", "event", "user", "uid", "server_hostname"};
enum { N_COLUMNS = 5 };

static void must(sqlite3 *db, int rc, const char *what)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) {
        fprintf(stderr, "baseline-sqlite: %s: %s\n", what, sqlite3_errmsg(db));
        exit(3);
    }
}

/* Value of a string member by plain search: kinder to the baseline than a JSON parser. */
static struct span member(const char *line, const char *key)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    const char *at = strstr(line, pattern);
    if (!at) {
        return span_of("", 0);
    }
    at += strlen(pattern);
    return span_of(at, strcspn(at, "\""));
}

static void insert(sqlite3 *db, sqlite3_stmt *row, sqlite3_stmt *text, const char *line, int size)
{
    for (int i = 0; i < N_COLUMNS; i++) {
        struct span value = member(line, columns[i]);
        must(db, sqlite3_bind_text(row, i + 1, value.data, (int)value.size, SQLITE_STATIC), "bind");
    }
    must(db, sqlite3_bind_text(row, N_COLUMNS + 1, line, size, SQLITE_STATIC), "bind");
    must(db, sqlite3_step(row), "insert");
    must(db, sqlite3_reset(row), "insert");
    must(db, sqlite3_bind_int64(text, 1, sqlite3_last_insert_rowid(db)), "bind");
    must(db, sqlite3_bind_text(text, 2, line, size, SQLITE_STATIC), "bind");
    must(db, sqlite3_step(text), "insert text");
    must(db, sqlite3_reset(text), "insert text");
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    sqlite3_stmt *text = NULL;
    if (argc != 2) {
        fputs("usage: baseline-sqlite FILE < events.ndjson\n", stderr);
        return 2;
    }
    must(db, sqlite3_open(argv[1], &db), "open");
    must(db, sqlite3_exec(db, schema_sql, NULL, NULL, NULL), "schema");
    must(db,
         sqlite3_prepare_v2(db,
                            "INSERT INTO event(time,type,user,uid,server,raw)"
                            " VALUES(?,?,?,?,?,?)",
                            -1, &row, NULL),
         "prepare");
    must(db,
         sqlite3_prepare_v2(db, "INSERT INTO event_text(rowid,raw) VALUES(?,?)", -1, &text, NULL),
         "prepare");
    int64_t begun_us = clock_monotonic_us();
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    long events = 0;
    must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), "begin");
    while ((size = getline(&line, &room, stdin)) > 0) {
        size -= line[size - 1] == '\n';
        line[size] = '\0';
        insert(db, row, text, line, (int)size);
        if (++events % ROWS_PER_COMMIT == 0) {
            must(db, sqlite3_exec(db, "COMMIT; BEGIN", NULL, NULL, NULL), "commit");
        }
    }
    must(db, sqlite3_exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
         "commit");
    double seconds = (double)(clock_monotonic_us() - begun_us) / 1e6;
    printf("{\"events\":%ld,\"seconds\":%.3f}\n", events, seconds);
    free(line);
    (void)sqlite3_finalize(row);
    (void)sqlite3_finalize(text);
    (void)sqlite3_close(db);
    return 0;
}
