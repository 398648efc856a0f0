/* What a statement of stele sql may do: read, and make and fill temporary tables. */
#ifndef TOOLS_STELE_SQL_SQL_GUARD_H
#define TOOLS_STELE_SQL_SQL_GUARD_H

#include <sqlite3.h>

struct sql_guard {
    char denied[256]; /* what was not allowed, in words; empty: nothing */
};

/* Sets the connection's authorizer and switches off what loads code. The guard must outlive it. */
void sql_guard_set(sqlite3 *db, struct sql_guard *guard);

#endif
