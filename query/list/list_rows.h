/* Rows of cells (RFC 4180), with any delimiter. */
#ifndef QUERY_LIST_LIST_ROWS_H
#define QUERY_LIST_LIST_ROWS_H

#include "schema/base/buf.h"

enum { LIST_ROW_CELLS_MAX = 256 };

struct list_rows {
    struct span rest;
    int64_t next_line; /* of what comes next */
    char delimiter;
    int64_t line; /* of the row at hand */
    struct span text;
    struct span cells[LIST_ROW_CELLS_MAX]; /* without blanks around; live until the next row */
    size_t count;
    struct buf unquoted; /* cells that had doubled quotes */
    size_t wasted;       /* bytes that were looked through for the end of quotes, and had none */
};

void list_rows_init(struct list_rows *rows, struct span text, char delimiter);
void list_rows_fini(struct list_rows *rows);
/* The next row; false at the end. A quoted cell may hold delimiters, doubled quotes and line
 * breaks. A quote that is never closed is one like any other, so that one bad row does not swallow
 * the rest. */
bool list_rows_next(struct list_rows *rows);

#endif
