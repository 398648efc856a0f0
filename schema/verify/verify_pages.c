#include "schema/verify/verify_pages.h"

#include <stdio.h>

#include "schema/db/db_query.h"

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

struct rows {
    struct verify_report *report;
    const char *where;
};

static enum status say_row(void *context, sqlite3_stmt *row, struct err *err)
{
    const struct rows *rows = context;
    (void)err;
    verify_say(rows->report, rows->where, 0, "table %.*s: row %lld belongs to no block",
               SPAN_FMT(db_column_span(row, 0)), (long long)sqlite3_column_int64(row, 1));
    return OK;
}

enum status verify_rows(struct segment *segment, const char *where, struct verify_report *report,
                        struct err *err)
{
    struct rows rows = {report, where};
    struct err why;
    enum status status =
        db_each(segment_db(segment),
                "WITH has (name, row, block) AS ("
                "SELECT 'block_data', id, id / 2 FROM block_data"
                " UNION ALL SELECT 'vocabulary', id, id / 2 FROM vocabulary WHERE ?1"
                " UNION ALL SELECT 'vocabulary_copy', id, id / 2 FROM vocabulary_copy WHERE ?1"
                " UNION ALL SELECT 'newlines', block, block FROM newlines"
                " UNION ALL SELECT 'observables', block, block FROM observables"
                " UNION ALL SELECT 'proof', block, block FROM proof)"
                " SELECT name, row FROM has WHERE NOT EXISTS"
                " (SELECT 1 FROM block b WHERE b.id = has.block)",
                DB_WITH(DB_INT(!segment_is_merged(segment))), say_row, &rows, &why);
    return verify_outcome(report, where, 0, NULL, status, &why, err);
}
