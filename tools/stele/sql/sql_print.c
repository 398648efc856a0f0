/* Rows of a statement in each form. The first rows of a table are held back until its columns'
 * widths are known; every other row is written as it comes. One thread. */
#include "tools/stele/sql/sql_print.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/render/terminal_text.h"
#include "schema/text/json_writer.h"
#include "tools/stele/cli/table_cell.h"

enum { HELD_ROWS = 200, WIDTH_MAX = 60 };

static void add_csv(struct buf *line, struct span text)
{
    bool quote = false;
    for (size_t i = 0; i < text.size; i++) {
        quote = quote || memchr("\",\r\n", text.data[i], 4);
    }
    if (quote) {
        table_cell_add_quoted(line, text);
    } else {
        buf_add_span(line, text);
    }
}

static struct span column_name(const struct sql_print *print, int column)
{
    return span_str(sqlite3_column_name(print->stmt, column));
}

/* As text; a blob as its digits. */
static void add_text(struct buf *out, sqlite3_stmt *stmt, int column)
{
    const unsigned char *data = sqlite3_column_type(stmt, column) == SQLITE_BLOB
                                    ? sqlite3_column_blob(stmt, column)
                                    : sqlite3_column_text(stmt, column);
    size_t size = (size_t)sqlite3_column_bytes(stmt, column);
    if (sqlite3_column_type(stmt, column) != SQLITE_BLOB) {
        buf_add(out, data, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        buf_printf(out, "%02x", data[i]);
    }
}

static void add_json(struct json_writer *json, sqlite3_stmt *stmt, int column)
{
    struct buf text = BUF_INIT;
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        json_null(json, NULL);
        return;
    case SQLITE_INTEGER:
        json_int(json, NULL, sqlite3_column_int64(stmt, column));
        return;
    case SQLITE_FLOAT:
        json_double(json, NULL, sqlite3_column_double(stmt, column));
        return;
    default:
        add_text(&text, stmt, column);
        json_span(json, NULL, buf_span(&text));
        json->out->failed = json->out->failed || text.failed;
        buf_fini(&text);
    }
}

/* Names of columns are any text, so that the braces are written by hand. */
static void json_row(struct sql_print *print)
{
    struct buf *line = &print->line;
    if (print->form == OUTPUT_JSON) {
        buf_add_str(line, print->n_rows > 1 ? ",\n" : "[\n");
    }
    for (int i = 0; i < print->n_columns; i++) {
        struct json_writer json = {.out = line};
        buf_add_char(line, i ? ',' : '{');
        buf_add_json(line, column_name(print, i));
        buf_add_char(line, ':');
        add_json(&json, print->stmt, i);
    }
    buf_add_str(line, print->form == OUTPUT_NDJSON ? "}\n" : "}");
}

/* The row the statement stands on, or the names of its columns. */
static void write_csv_row(struct sql_print *print, bool is_head)
{
    struct buf text = BUF_INIT;
    for (int i = 0; i < print->n_columns; i++) {
        buf_clear(&text);
        buf_add_str(&print->line, i ? "," : "");
        if (!is_head) {
            add_text(&text, print->stmt, i);
        }
        add_csv(&print->line, is_head ? column_name(print, i) : buf_span(&text));
    }
    buf_add_str(&print->line, "\r\n");
    buf_fini(&text);
}

/* A cell made harmless for a terminal and padded to its column; the last one is not padded. */
static void add_cell(struct sql_print *print, int column, struct span text)
{
    size_t used = terminal_text_add(&print->line, text, SIZE_MAX);
    for (; column + 1 < print->n_columns && used < print->widths[column]; used++) {
        buf_add_char(&print->line, ' ');
    }
    buf_add_str(&print->line, column + 1 < print->n_columns ? "  " : "");
}

static void end_line(struct buf *line)
{
    table_cell_trim(line);
    buf_add_char(line, '\n');
}

static struct span held_cell(const struct sql_print *print, size_t *at)
{
    size_t size;
    memcpy(&size, print->held.data + *at, sizeof size);
    struct span text = span_of(print->held.data + *at + sizeof size, size);
    *at += sizeof size + size;
    return text;
}

static void widen(struct sql_print *print, int column, struct span text)
{
    struct buf shown = BUF_INIT;
    size_t used = terminal_text_add(&shown, text, SIZE_MAX);
    used = used < WIDTH_MAX ? used : WIDTH_MAX;
    print->widths[column] = used > print->widths[column] ? used : print->widths[column];
    buf_fini(&shown);
}

/* The head and the rows that were held back. */
static enum status release(struct sql_print *print, struct err *err)
{
    print->widths = calloc((size_t)print->n_columns + 1, sizeof *print->widths);
    enum status status = buf_status(&print->held, "output", err);
    if (status != OK || !print->widths) {
        return THEN(status, err_nomem(err, "output"));
    }
    size_t at = 0;
    for (int i = 0; i < print->n_columns; i++) {
        widen(print, i, column_name(print, i));
    }
    for (size_t cell = 0; cell < print->n_held * (size_t)print->n_columns; cell++) {
        widen(print, (int)(cell % (size_t)print->n_columns), held_cell(print, &at));
    }
    for (int i = 0; i < print->n_columns; i++) {
        add_cell(print, i, column_name(print, i));
    }
    end_line(&print->line);
    at = 0;
    for (size_t row = 0; row < print->n_held; row++) {
        for (int i = 0; i < print->n_columns; i++) {
            add_cell(print, i, held_cell(print, &at));
        }
        end_line(&print->line);
    }
    buf_fini(&print->held);
    return output_write(&print->line, err);
}

static enum status table_row(struct sql_print *print, struct err *err)
{
    struct buf text = BUF_INIT;
    bool hold = !print->widths;
    for (int i = 0; i < print->n_columns; i++) {
        buf_clear(&text);
        add_text(&text, print->stmt, i);
        if (hold) {
            buf_add(&print->held, &text.size, sizeof text.size);
            buf_add_span(&print->held, buf_span(&text));
        } else {
            add_cell(print, i, buf_span(&text));
        }
    }
    buf_fini(&text);
    if (!hold) {
        end_line(&print->line);
        return OK;
    }
    return ++print->n_held == HELD_ROWS ? release(print, err) : OK;
}

enum status sql_print_begin(struct sql_print *print, enum output_form form, sqlite3_stmt *stmt,
                            struct err *err)
{
    *print =
        (struct sql_print){.form = form, .stmt = stmt, .n_columns = sqlite3_column_count(stmt)};
    if (form == OUTPUT_CSV && print->n_columns > 0) {
        write_csv_row(print, true);
    }
    return output_write(&print->line, err);
}

enum status sql_print_row(struct sql_print *print, struct err *err)
{
    enum status status = OK;
    print->n_rows++;
    switch (print->form) {
    case OUTPUT_TABLE:
        status = table_row(print, err);
        break;
    case OUTPUT_JSON:
    case OUTPUT_NDJSON:
        json_row(print);
        break;
    case OUTPUT_CSV:
        write_csv_row(print, false);
        break;
    case OUTPUT_RAW:
    case OUTPUT_STIX:
        CHECK(false); /* not among the forms of the verb */
    }
    return THEN(status, output_write(&print->line, err));
}

enum status sql_print_end(struct sql_print *print, struct err *err)
{
    if (print->n_columns == 0) {
        return OK;
    }
    if (print->form == OUTPUT_TABLE && !print->widths && print->n_rows > 0) {
        return release(print, err);
    }
    if (print->form == OUTPUT_JSON) {
        buf_add_str(&print->line, print->n_rows > 0 ? "\n]\n" : "[]\n");
    }
    return output_write(&print->line, err);
}

void sql_print_fini(struct sql_print *print)
{
    buf_fini(&print->held);
    buf_fini(&print->line);
    free(print->widths);
    *print = (struct sql_print){0};
}
