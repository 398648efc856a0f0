/* Statements with their values. On the thread of the handle. */
#include "schema/db/db_query.h"

#include <stdio.h>

static void bind_value(sqlite3_stmt *stmt, int at, const struct db_value *value)
{
    switch (value->kind) {
    case DB_VALUE_NULL:
        (void)sqlite3_bind_null(stmt, at);
        break;
    case DB_VALUE_INT:
        (void)sqlite3_bind_int64(stmt, at, value->number);
        break;
    case DB_VALUE_TEXT:
        db_bind_span(stmt, at, value->bytes);
        break;
    case DB_VALUE_COPY:
        (void)sqlite3_bind_text64(stmt, at, value->bytes.data, value->bytes.size, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
        break;
    case DB_VALUE_BLOB:
        db_bind_blob(stmt, at, value->bytes);
        break;
    }
}

void db_bind(sqlite3_stmt *stmt, struct db_values values)
{
    CHECK((size_t)sqlite3_bind_parameter_count(stmt) == values.count);
    for (size_t i = 0; i < values.count; i++) {
        bind_value(stmt, (int)i + 1, &values.items[i]);
    }
}

enum status db_run_with(sqlite3_stmt *stmt, struct db_values values, struct err *err)
{
    db_bind(stmt, values);
    return db_run(stmt, err);
}

enum status db_int_with(sqlite3_stmt *stmt, struct db_values values, int64_t *out_number,
                        struct err *err)
{
    bool row = false;
    db_bind(stmt, values);
    enum status status = db_step(stmt, &row, err);
    if (status == OK) {
        *out_number = row ? sqlite3_column_int64(stmt, 0) : 0;
        (void)sqlite3_reset(stmt);
    }
    return status;
}

enum status db_prepare_with(sqlite3 *db, const char *sql, struct db_values values,
                            sqlite3_stmt **out_stmt, struct err *err)
{
    enum status status = db_prepare(db, sql, out_stmt, err);
    if (status == OK) {
        db_bind(*out_stmt, values);
    }
    return status;
}

/* At most `most` rows. */
static enum status query(sqlite3 *db, const char *sql, struct db_values values, int64_t most,
                         db_row *each, void *context, int64_t *out_rows, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    int64_t rows = 0;
    enum status status = db_prepare_with(db, sql, values, &stmt, err);
    status = THEN(status, db_step(stmt, &row, err));
    while (status == OK && row) {
        status = each(context, stmt, err);
        row = ++rows < most;
        if (status == OK && row) {
            status = db_step(stmt, &row, err);
        }
    }
    (void)sqlite3_finalize(stmt);
    if (status == OK) {
        *out_rows = rows;
    }
    return status;
}

enum status db_each(sqlite3 *db, const char *sql, struct db_values values, db_row *each,
                    void *context, struct err *err)
{
    int64_t rows;
    return query(db, sql, values, INT64_MAX, each, context, &rows, err);
}

enum status db_first(sqlite3 *db, const char *sql, struct db_values values, db_row *take,
                     void *context, bool *out_found, struct err *err)
{
    int64_t rows = 0;
    enum status status = query(db, sql, values, 1, take, context, &rows, err);
    if (status == OK) {
        *out_found = rows > 0;
    }
    return status;
}

static enum status take_int(void *context, sqlite3_stmt *row, struct err *err)
{
    (void)err;
    *(int64_t *)context = sqlite3_column_int64(row, 0);
    return OK;
}

enum status db_first_int(sqlite3 *db, const char *sql, struct db_values values, int64_t *out_number,
                         struct err *err)
{
    int64_t number = 0;
    bool found;
    enum status status = db_first(db, sql, values, take_int, &number, &found, err);
    if (status == OK) {
        *out_number = number;
    }
    return status;
}

enum status db_change(sqlite3 *db, const char *sql, struct db_values values, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare_with(db, sql, values, &stmt, err);
    status = THEN(status, db_run(stmt, err));
    (void)sqlite3_finalize(stmt);
    return status;
}

int64_t db_column_int_or(sqlite3_stmt *row, int at, int64_t none)
{
    return sqlite3_column_type(row, at) == SQLITE_NULL ? none : sqlite3_column_int64(row, at);
}

void db_column_copy(sqlite3_stmt *row, int at, char *out, size_t out_bytes)
{
    struct span text = db_column_span(row, at);
    (void)snprintf(out, out_bytes, "%.*s", SPAN_FMT(text));
}

bool db_column_bytes(sqlite3_stmt *row, int at, void *out, size_t size)
{
    struct span bytes = db_column_span(row, at);
    if (bytes.size == size && size > 0) {
        memcpy(out, bytes.data, size);
    }
    return bytes.size == size;
}
