/* The virtual table over an archive, for the SQLite of sqlite_api.h:
 *
 *   teleport_audit_events                      of the module's archive, or of STELE_ARCHIVE
 *   CREATE VIRTUAL TABLE t USING stele('DIR')  of any archive, or of one day's file
 *
 * and the collation stele_time (query/sql/time_text.h) that its times have. Read-only. A statement
 * sees one state of the archive, which statements that overlap it on the same connection share. */
#ifndef QUERY_SQL_TABLE_H
#define QUERY_SQL_TABLE_H

#include <signal.h>

#include "query/language/ast.h"
#include "query/sql/sqlite_api.h"
#include "schema/base/err.h"

#define TABLE_NAME "teleport_audit_events"

struct table_module {
    const char *path;                  /* the archive; NULL: STELE_ARCHIVE */
    const volatile sig_atomic_t *stop; /* set: scans end with SQLITE_INTERRUPT; may be NULL */
    struct err *last;                  /* gets the last failure of the table; may be NULL */
    bool *found;                       /* set when a row is delivered; may be NULL */
    /* Called with each query of a MATCH, often with the same; it lives until return. May be NULL.
     */
    void (*match)(void *context, const struct query *query);
    void *context;
};

/* SQLite's code. The module, which is only read, must outlive the connection. */
int table_register(sqlite3 *db, struct table_module *module);

#endif
