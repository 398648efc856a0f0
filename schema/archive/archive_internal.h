/* The inside of a catalogue handle, for the files of this room. */
#ifndef SCHEMA_ARCHIVE_ARCHIVE_INTERNAL_H
#define SCHEMA_ARCHIVE_ARCHIVE_INTERNAL_H

#include "schema/archive/archive.h"
#include "schema/db/db.h"

enum archive_statement {
#define X(name, sql) STATEMENT_##name,
#include "schema/archive/archive_statement.def"
#undef X
    ARCHIVE_STATEMENT_COUNT
};

enum { ARCHIVE_SOURCES_CACHED = 64 };

struct archive {
    char dir[FILE_PATH_BYTES];
    char id[37];
    bool writable;
    sqlite3 *db;
    int64_t wal_pages;     /* after the last commit */
    int64_t checkpoint_at; /* pages: the commit that finds so many moves them */
    sqlite3_stmt *statements[ARCHIVE_STATEMENT_COUNT];
    /* sources that were looked up, by hash of their text; emptied by a rollback */
    struct {
        uint64_t hash;
        int64_t id;
    } cached_sources[ARCHIVE_SOURCES_CACHED];
    size_t n_cached_sources;
    uint64_t source_seed; /* random, so that a client cannot make two sources look like one */
};

/* Runs one statement in a transaction of its own. */
MUST_USE enum status archive_run_alone(struct archive *archive, sqlite3_stmt *stmt,
                                       struct err *err);

/* Has commits note the length of the WAL, and checkpoint it. */
void archive_wal_watch(struct archive *archive);

#endif
