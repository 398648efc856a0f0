/* The inside of a handle of watch.db, for the files of this room. */
#ifndef SCHEMA_WATCH_WATCH_INTERNAL_H
#define SCHEMA_WATCH_WATCH_INTERNAL_H

#include "schema/db/db_query.h"
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

/* Takes rows of WATCH_HIT_COLUMNS and the number of tries (db_row). */
struct watch_hit_taker {
    watch_hit_each *each;
    void *context;
};
enum status watch_hit_take(void *context, sqlite3_stmt *row, struct err *err);
#define WATCH_HIT_COLUMNS                                                                          \
    "hit.id, list.name, sighting.kind, sighting.text, sighting.first_us, sighting.last_us,"        \
    " hit.field, hit.value, hit.decoded, hit.uid, hit.time_us, hit.seen_us, hit.event"
#define WATCH_HIT_JOIN                                                                             \
    " JOIN sighting ON sighting.id = hit.sighting JOIN list ON list.id = sighting.list "

#endif
