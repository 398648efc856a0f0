/* The inside of a handle of watch.db, for the files of schema/ that work on its tables. */
#ifndef SCHEMA_WATCH_WATCH_INTERNAL_H
#define SCHEMA_WATCH_WATCH_INTERNAL_H

#include "schema/db/db.h"
#include "schema/watch/watch_db.h"

enum watch_statement {
#define X(name, sql) WATCH_STATEMENT_##name,
#include "schema/watch/watch_statement.def"
#undef X
    WATCH_STATEMENT_COUNT
};

struct watch_db {
    sqlite3 *db;
    bool writable;
    sqlite3_stmt *statements[WATCH_STATEMENT_COUNT];
};

/* Columns of WATCH_HIT_COLUMNS. */
struct watch_hit watch_hit_of(sqlite3_stmt *stmt);
#define WATCH_HIT_COLUMNS                                                                          \
    "hit.id, list.name, sighting.kind, sighting.text, sighting.first_us, sighting.last_us,"        \
    " hit.field, hit.value, hit.decoded, hit.uid, hit.time_us, hit.seen_us, hit.event"
#define WATCH_HIT_JOIN                                                                             \
    " JOIN sighting ON sighting.id = hit.sighting JOIN list ON list.id = sighting.list "

#endif
