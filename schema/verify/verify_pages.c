#include "schema/verify/verify_pages.h"

#include <stdio.h>

enum status verify_pages(sqlite3 *db, const char *where, int most, struct verify_report *report,
                         struct err *err)
{
    char sql[64];
    struct err why;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    (void)snprintf(sql, sizeof sql, "PRAGMA integrity_check(%d)", most);
    enum status status = db_prepare(db, sql, &stmt, &why);
    while (status == OK && (status = db_step(stmt, &row, &why)) == OK && row) {
        struct span text = db_column_span(stmt, 0);
        if (!span_is(text, "ok")) {
            verify_say(report, where, 0, "SQLite: %.*s", SPAN_FMT(text));
        }
    }
    (void)sqlite3_finalize(stmt);
    return verify_outcome(report, where, 0, "SQLite", status, &why, err);
}
