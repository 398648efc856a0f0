/* Rows as output: the one writer behind every verb that prints some.
 *
 * LISTING_TABLE is for people: a header line, columns as wide as their cells. On a terminal its
 * width is kept: columns that may be left out are, long cells are cut, and where the columns find
 * no room at all each row is printed as lines of name and value. Anywhere else every value is
 * whole. LISTING_JSON is one array of objects, LISTING_NDJSON an object a line: keys are the
 * columns' names, times are UTC, what is not there is null. LISTING_CSV is RFC 4180 with a header
 * line; LISTING_CSV_SAFE also keeps spreadsheets from taking text for a formula.
 *
 *     listing_begin(&rows, form, columns, count, NULL, stdout, err);
 *     for each row:
 *         listing_text(&rows, name);
 *         listing_int(&rows, events);
 *         listing_next(&rows, err);
 *     listing_end(&rows, err);
 *     listing_fini(&rows);
 *
 * One thread. */
#ifndef QUERY_RENDER_LISTING_H
#define QUERY_RENDER_LISTING_H

#include <stdio.h>

#include "schema/base/buf.h"
#include "schema/base/vec.h"

enum listing_form {
    LISTING_TABLE,
    LISTING_JSON,
    LISTING_NDJSON,
    LISTING_RAW, /* not a form of rows: of events, their bytes (event_rows.h) */
    LISTING_CSV,
    LISTING_CSV_SAFE,
};

enum listing_flag {
    LISTING_RIGHT = 1,  /* numbers: aligned to the right */
    LISTING_WHOLE = 2,  /* never cut to the terminal */
    LISTING_SPARE = 4,  /* left out where the terminal is narrow, the last one first */
    LISTING_MORE = 8,   /* in a table only when it is chosen */
    LISTING_WIDE = 16,  /* gets three times the room of another one */
    LISTING_PIPE = 32,  /* not on a terminal unless it is chosen */
    LISTING_KEEP = 64,  /* not cut below an IPv4 address */
    LISTING_WRAP = 128, /* as the last column whole, on as many lines as it takes */
};

struct listing_column {
    struct span name; /* the header, the key of JSON, and what --columns calls it */
    unsigned flags;
};

/* The name of a column as a constant. */
#define LISTING_NAME(text)                                                                         \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

struct listing_cell {
    size_t at; /* in the text */
    size_t size;
    bool is_verbatim;   /* a number, JSON as it stands: no quotes */
    const char *colour; /* NULL: none */
};

struct listing {
    enum listing_form form;
    FILE *out;
    size_t columns_max; /* of the terminal; SIZE_MAX: there is none, and nothing is cut */
    bool colour;
    const struct listing_column *columns;
    size_t n_columns;
    VEC(size_t) shown; /* numbers of columns, in the order of output */
    bool chosen;
    VEC(struct listing_cell)
    cells;           /* of the row at hand, and of a table's rows that are held back */
    struct buf text; /* of the cells */
    size_t n_held;
    int64_t count;    /* of rows */
    bool is_open;     /* the first line is out */
    bool is_records;  /* name and value */
    VEC(size_t) wide; /* of the shown columns, once it is open */
    struct buf line;
};

/* `choice`: names of columns with commas between, in their order; NULL: the usual ones. The columns
 * live as long as the rows. ERR_USAGE: no column has such a name. */
MUST_USE enum status listing_begin(struct listing *rows, enum listing_form form,
                                   const struct listing_column *columns, size_t count,
                                   const char *choice, FILE *out, struct err *err);
void listing_fini(struct listing *rows);

/* The next cell of the row, in the order of the columns: all of them, shown or not. Text without
 * bytes (data NULL) is null in JSON. */
void listing_text(struct listing *rows, struct span text);
void listing_str(struct listing *rows, const char *text);
void listing_int(struct listing *rows, int64_t number);
void listing_double(struct listing *rows, double number);
/* INT64_MIN and INT64_MAX, which stand for an open end: nothing. A table has whole seconds. */
void listing_time(struct listing *rows, int64_t time_us);
/* The UTC day. */
void listing_day(struct listing *rows, int64_t time_us);
void listing_bool(struct listing *rows, bool is);
void listing_null(struct listing *rows);
/* A number, or JSON, as it stands. */
void listing_verbatim(struct listing *rows, struct span text);
/* An array in JSON, else with commas between. */
void listing_list(struct listing *rows, const struct span *items, size_t count);
/* The cell added last is shown in this colour on a terminal (an escape sequence; "": none). */
void listing_colour(struct listing *rows, const char *colour);
/* False: the column is not shown, and its cell may be listing_null. */
bool listing_wants(const struct listing *rows, size_t column);

/* Ends the row. ERR_IO when the output fails. */
MUST_USE enum status listing_next(struct listing *rows, struct err *err);
/* Prints what is held back; cheap when there is nothing. */
MUST_USE enum status listing_flush(struct listing *rows, struct err *err);
/* What stands at the end. */
MUST_USE enum status listing_end(struct listing *rows, struct err *err);

#endif
