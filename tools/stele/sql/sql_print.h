/* The rows of a statement as output. */
#ifndef TOOLS_STELE_SQL_SQL_PRINT_H
#define TOOLS_STELE_SQL_SQL_PRINT_H

#include <sqlite3.h>

#include "tools/stele/cli/output.h"

/* Rows of one statement. A table's first rows are held back to find the widths of its columns. */
struct sql_print {
    enum output_form form;
    sqlite3_stmt *stmt;
    int n_columns;
    int64_t n_rows;
    struct buf held; /* struct span of each cell, NULs and all, as size and bytes */
    size_t n_held;
    size_t *widths; /* of the columns, once the held rows are out */
    struct buf line;
};

MUST_USE enum status sql_print_begin(struct sql_print *print, enum output_form form,
                                     sqlite3_stmt *stmt, struct err *err);
/* The row the statement stands on. */
MUST_USE enum status sql_print_row(struct sql_print *print, struct err *err);
/* What stands at the end; then sql_print_fini, which also does after a failure. */
MUST_USE enum status sql_print_end(struct sql_print *print, struct err *err);
void sql_print_fini(struct sql_print *print);

#endif
