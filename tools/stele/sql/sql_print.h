/* The rows of a statement as output (query/render/listing.h). */
#ifndef TOOLS_STELE_SQL_SQL_PRINT_H
#define TOOLS_STELE_SQL_SQL_PRINT_H

#include <sqlite3.h>

#include "tools/stele/cli/row_output.h"

struct sql_print {
    struct listing rows;
    sqlite3_stmt *stmt;
    int n_columns; /* 0: a statement without rows, of which nothing is printed */
    VEC(struct listing_column) columns;
    struct buf names;
};

MUST_USE enum status sql_print_begin(struct sql_print *print, const struct options *options,
                                     sqlite3_stmt *stmt, struct err *err);
/* The row the statement stands on. */
MUST_USE enum status sql_print_row(struct sql_print *print, struct err *err);
/* What stands at the end; then sql_print_fini, which also does after a failure. */
MUST_USE enum status sql_print_end(struct sql_print *print, struct err *err);
void sql_print_fini(struct sql_print *print);

#endif
