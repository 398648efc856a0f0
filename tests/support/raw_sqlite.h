/* A file of an archive in SQLite without any of the guards of schema/db, for tests that change what
 * is in it: pages get the checksums of what is written. */
#ifndef TESTS_SUPPORT_RAW_SQLITE_H
#define TESTS_SUPPORT_RAW_SQLITE_H

#include <stddef.h>

#include "schema/db/db_pages.h"

/* NULL: it cannot be opened. */
static inline sqlite3 *raw_sqlite_open(const char *path)
{
    sqlite3 *db = NULL;
    if (!db_pages_register() ||
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, DB_PAGES_VFS) != SQLITE_OK) {
        (void)sqlite3_close(db);
        return NULL;
    }
    return db;
}

/* Runs SQL on the file. */
static inline bool raw_sqlite_exec(const char *path, const char *sql)
{
    sqlite3 *db = raw_sqlite_open(path);
    bool done = db && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    return sqlite3_close(db) == SQLITE_OK && done;
}

#endif
