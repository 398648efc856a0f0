#include "tools/stele/sql/sql_print.h"

/* Copies the names of the columns: SQLite's own do not outlive a step. */
static bool copy_names(struct sql_print *print)
{
    bool ok = true;
    for (int i = 0; i < print->n_columns; i++) {
        buf_add_str(&print->names, sqlite3_column_name(print->stmt, i));
    }
    size_t at = 0;
    for (int i = 0; ok && buf_ok(&print->names) && i < print->n_columns; i++) {
        size_t size = strlen(sqlite3_column_name(print->stmt, i));
        struct span name = size ? span_of(print->names.data + at, size) : span_of("", 0);
        ok = vec_push(&print->columns, (struct listing_column){name, 0});
        at += size;
    }
    return ok && buf_ok(&print->names);
}

enum status sql_print_begin(struct sql_print *print, const struct options *options,
                            sqlite3_stmt *stmt, struct err *err)
{
    *print = (struct sql_print){.stmt = stmt, .n_columns = sqlite3_column_count(stmt)};
    if (print->n_columns == 0) {
        return OK;
    }
    if (!copy_names(print)) {
        return err_nomem(err, "SQL");
    }
    return row_output_begin(options, print->columns.items, print->columns.count, &print->rows, err);
}

/* A blob as its digits. */
static void add_blob(struct listing *rows, const unsigned char *data, size_t size)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < size; i++) {
        buf_printf(&text, "%02x", data[i]);
    }
    listing_text(rows, size ? buf_span(&text) : span_of("", 0));
    rows->text.failed |= !buf_ok(&text);
    buf_fini(&text);
}

static void add_cell(struct sql_print *print, int column)
{
    struct listing *rows = &print->rows;
    sqlite3_stmt *stmt = print->stmt;
    const unsigned char *data;
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        listing_null(rows);
        break;
    case SQLITE_INTEGER:
        listing_int(rows, sqlite3_column_int64(stmt, column));
        break;
    case SQLITE_FLOAT:
        if (rows->form == LISTING_JSON || rows->form == LISTING_NDJSON) {
            listing_double(rows, sqlite3_column_double(stmt, column));
            break;
        }
        data = sqlite3_column_text(stmt, column); /* as SQLite writes numbers */
        listing_verbatim(rows, span_of(data, (size_t)sqlite3_column_bytes(stmt, column)));
        break;
    case SQLITE_BLOB:
        data = sqlite3_column_blob(stmt, column);
        add_blob(rows, data, (size_t)sqlite3_column_bytes(stmt, column));
        break;
    default:
        data = sqlite3_column_text(stmt, column);
        listing_text(rows, span_of(data, (size_t)sqlite3_column_bytes(stmt, column)));
    }
}

enum status sql_print_row(struct sql_print *print, struct err *err)
{
    for (int i = 0; i < print->n_columns; i++) {
        add_cell(print, i);
    }
    return listing_next(&print->rows, err);
}

enum status sql_print_end(struct sql_print *print, struct err *err)
{
    return print->n_columns > 0 ? listing_end(&print->rows, err) : OK;
}

void sql_print_fini(struct sql_print *print)
{
    listing_fini(&print->rows);
    vec_fini(&print->columns);
    buf_fini(&print->names);
}
