/* Rows of comma-separated values (RFC 4180; semicolons and tabs, too), as Athena, Splunk, Sumo
 * Logic and Kibana write the results of a query: only the column that holds the events is of
 * interest. Pure. */
#ifndef TOOLS_STELE_IMPORT_CSV_ROW_H
#define TOOLS_STELE_IMPORT_CSV_ROW_H

#include "schema/base/arena.h"

enum { CSV_ROW_COLUMNS_MAX = 1024 };

struct csv_row_form {
    char delimiter;
    size_t column; /* with the events, from 0; SIZE_MAX: not known, each row is looked at */
};

struct csv_row {
    size_t size;      /* bytes up to the end of its line, without it */
    bool found;       /* the row has the column */
    struct span cell; /* of the column, as it stands */
};

/* The row at the start of text, up to a newline outside of quotes, and its cell of the form's
 * column; without a brace in that, or without a known column, the first cell that begins with one.
 * A quote that is never closed ends with its line. */
struct csv_row csv_row_read(struct span text, const struct csv_row_form *form);

/* Is the line a header with a column that events are known to be in? */
bool csv_row_header(struct span line, struct csv_row_form *out_form);

/* Does text begin with rows that have the text of an object in a cell, under a header (which is its
 * first line then) or without one? */
bool csv_row_holds_objects(struct span text, struct csv_row_form *out_form, bool *out_header);

/* What a cell says, without its quotes; in the arena when they had to be taken out of its middle.
 * data is NULL when memory is out. */
struct span csv_row_cell_text(struct span cell, struct arena *arena);

#endif
