/* SQLite, opened in one way: what both kinds of files of an archive share. A handle belongs to one
 * thread. Inside schema/ only. */
#ifndef SCHEMA_DB_DB_H
#define SCHEMA_DB_DB_H

#include <sqlite3.h>

#include "schema/db/db_format.h"
#include "schema/file/file.h"

/* DB_FRESH: a new file that no other process sees yet, to be filled and then made what the others
 * are (db_finish_fresh). It comes with its tables and an open transaction; nothing is synced, and a
 * crash can leave anything in it. */
enum db_mode { DB_READ, DB_WRITE, DB_CREATE, DB_FRESH };

/* A kind of file. */
struct db_kind {
    const char *name; /* "archive", "segment": for messages */
    uint32_t application_id;
    int format;      /* schema/db/db_format.h */
    const char *sql; /* its tables */
    bool shrinks;    /* a new file can be made smaller by db_shrink */
};

/* Opens a file of that kind and format; DB_CREATE and DB_FRESH make it when it is not there.
 * ERR_VERSION: of another format; ERR_CORRUPT: of another kind. DB_READ also opens a file on a
 * read-only medium and on a full disk. WAL, synchronous=FULL (but for DB_FRESH), 10 s busy wait. */
MUST_USE enum status db_open(const char *path, enum db_mode mode, const struct db_kind *kind,
                             sqlite3 **out_db, struct err *err);
/* NULL is fine. All statements must be finalized. */
void db_close(sqlite3 *db);

/* Commits what is in a DB_FRESH file: after OK all of it is on disk, and the file is in WAL mode
 * with nothing in a log. All statements must be finalized; the handle is closed in any case. */
MUST_USE enum status db_finish_fresh(sqlite3 *db, struct err *err);

/* Translates SQLite's last error: "what: message". */
MUST_USE enum status db_fail(sqlite3 *db, const char *what, struct err *err);
MUST_USE enum status db_exec(sqlite3 *db, const char *sql, struct err *err);
MUST_USE enum status db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out_stmt,
                                struct err *err);
/* Steps; *out_row says whether there is a row. Resets the statement when there is none or on
 * failure. */
MUST_USE enum status db_step(sqlite3_stmt *stmt, bool *out_row, struct err *err);
/* Steps a statement that gives no rows, and resets it. */
MUST_USE enum status db_run(sqlite3_stmt *stmt, struct err *err);
/* The first column of the first row as an integer; 0 when there is no row or it is NULL. */
MUST_USE enum status db_int64(sqlite3 *db, const char *sql, int64_t *out_value, struct err *err);

/* Gives the pages that are free back to the file system, of a file of a kind that shrinks. */
MUST_USE enum status db_shrink(sqlite3 *db, struct err *err);

MUST_USE enum status db_begin(sqlite3 *db, struct err *err);
MUST_USE enum status db_commit(sqlite3 *db, struct err *err);
/* Nothing to do when SQLite has rolled back by itself. */
void db_rollback(sqlite3 *db);

/* Bindings that cannot fail but by memory, which the step then reports. */
void db_bind_span(sqlite3_stmt *stmt, int at, struct span text); /* TEXT, not copied */
void db_bind_blob(sqlite3_stmt *stmt, int at, struct span blob); /* BLOB, not copied */
struct span db_column_span(sqlite3_stmt *stmt, int at); /* TEXT or BLOB, until the next step */

/* Stands between the values of a text that is indexed. */
#define DB_RECORD_SEPARATOR '\x1e'

/* Registers the tokenizer "stele" (schema/event/term.h) with FTS5. */
MUST_USE enum status db_tokenizer_register(sqlite3 *db, struct err *err);

#endif
