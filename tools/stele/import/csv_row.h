/* Rows of comma-separated values (RFC 4180), as Athena writes the results of a query: only the
 * column that holds the events is of interest. Pure. */
#ifndef TOOLS_STELE_IMPORT_CSV_ROW_H
#define TOOLS_STELE_IMPORT_CSV_ROW_H

#include "schema/base/arena.h"

enum { CSV_ROW_COLUMNS_MAX = 1024 };

struct csv_row {
    size_t size;      /* bytes up to the end of its line, without it */
    bool found;       /* the row has the column */
    struct span cell; /* of the column, as it stands */
};

/* The row at the start of text, up to a newline outside of quotes, and its cell of that column,
 * from 0. A quote that is never closed ends with its line. */
struct csv_row csv_row_read(struct span text, size_t column);

/* Is the line a header with a column of that name? */
bool csv_row_header_has(struct span line, const char *name, size_t *out_column);

/* What a cell says, without its quotes; in the arena when they had to be taken out of its middle.
 * data is NULL when memory is out. */
struct span csv_row_cell_text(struct span cell, struct arena *arena);

#endif
