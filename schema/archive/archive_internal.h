/* The inside of a catalogue handle, for the files of this room. */
#ifndef SCHEMA_ARCHIVE_ARCHIVE_INTERNAL_H
#define SCHEMA_ARCHIVE_ARCHIVE_INTERNAL_H

#include "schema/archive/archive.h"
#include "schema/db/db_query.h"

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
MUST_USE enum status archive_run_alone(struct archive *archive, enum archive_statement statement,
                                       struct db_values values, struct err *err);

struct archive_cursor {
    sqlite3_stmt *row;
};
MUST_USE enum status archive_cursor_open(struct archive *archive, const char *sql,
                                         struct db_values values,
                                         struct archive_cursor **out_cursor, struct err *err);
/* Moves to the next row; *out_end: there is none. */
MUST_USE enum status archive_cursor_step(struct archive_cursor *cursor, bool *out_end,
                                         struct err *err);

/* Has commits note the length of the WAL, and checkpoint it. */
void archive_wal_watch(struct archive *archive);

#endif
