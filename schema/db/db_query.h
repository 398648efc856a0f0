/* Statements with their values in one call. One of a single use is prepared, bound, stepped and
 * finalized:
 *
 *     status = db_change(db, "UPDATE hold SET released_us = ?2 WHERE id = ?1",
 *                        DB_WITH(DB_INT(id), DB_INT(now_us)), err);
 *
 * The values stand in the order of ?1, ?2, ...; there are as many as the statement has parameters,
 * which is checked. Their bytes are not copied: they must live until the call is over (with
 * db_bind, until the statement is stepped for the last time). */
#ifndef SCHEMA_DB_DB_QUERY_H
#define SCHEMA_DB_DB_QUERY_H

#include "schema/db/db.h"

enum db_value_kind { DB_VALUE_NULL, DB_VALUE_INT, DB_VALUE_TEXT, DB_VALUE_COPY, DB_VALUE_BLOB };

struct db_value {
    enum db_value_kind kind;
    int64_t number;
    struct span bytes;
};

#define DB_NULL    ((struct db_value){.kind = DB_VALUE_NULL})
#define DB_INT(n)  ((struct db_value){.kind = DB_VALUE_INT, .number = (n)})
#define DB_TEXT(t) ((struct db_value){.kind = DB_VALUE_TEXT, .bytes = (t)})
#define DB_BLOB(b) ((struct db_value){.kind = DB_VALUE_BLOB, .bytes = (b)})
/* A string; NULL becomes NULL. */
#define DB_STR(s) db_value_str(s)
/* The same, copied: for a statement that is stepped after the string is gone. */
#define DB_COPY(s) db_value_copy(s)
/* A time or a bound; NULL when it is `none`, as an open end is. */
#define DB_INT_BUT(n, none) db_value_int_but((n), (none))
#define DB_DIGEST(d)        DB_BLOB(span_of((d)->bytes, sizeof(d)->bytes))

struct db_values {
    const struct db_value *items;
    size_t count;
};

#define DB_WITH(...)                                                                               \
    ((struct db_values){(const struct db_value[]){__VA_ARGS__},                                    \
                        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)})
#define DB_NO_VALUES ((struct db_values){0})

/* Binds the values to a statement that is kept; what memory lacks, the step reports. */
void db_bind(sqlite3_stmt *stmt, struct db_values values);

/* A statement that is kept, and gives no rows: bound, run and reset. */
MUST_USE enum status db_run_with(sqlite3_stmt *stmt, struct db_values values, struct err *err);
/* The first column of its first row; 0 when there is no row or it is NULL. */
MUST_USE enum status db_int_with(sqlite3_stmt *stmt, struct db_values values, int64_t *out_number,
                                 struct err *err);
/* Prepared and bound, for the caller to step and finalize. */
MUST_USE enum status db_prepare_with(sqlite3 *db, const char *sql, struct db_values values,
                                     sqlite3_stmt **out_stmt, struct err *err);

/* Takes one row; its columns live until it returns. Another status than OK ends the query. */
typedef enum status db_row(void *context, sqlite3_stmt *row, struct err *err);

/* Calls `each` for every row. */
MUST_USE enum status db_each(sqlite3 *db, const char *sql, struct db_values values, db_row *each,
                             void *context, struct err *err);
/* Calls `take` for the first row; *out_found says whether there was one. */
MUST_USE enum status db_first(sqlite3 *db, const char *sql, struct db_values values, db_row *take,
                              void *context, bool *out_found, struct err *err);
/* The first column of the first row; 0 when there is no row or it is NULL. */
MUST_USE enum status db_first_int(sqlite3 *db, const char *sql, struct db_values values,
                                  int64_t *out_number, struct err *err);
/* A statement that gives no rows. */
MUST_USE enum status db_change(sqlite3 *db, const char *sql, struct db_values values,
                               struct err *err);

/* Columns of a row, beside db_column_span. */
/* The integer, or `none` where the column is NULL. */
int64_t db_column_int_or(sqlite3_stmt *row, int at, int64_t none);
/* The text, cut to fit, with a NUL behind it. */
void db_column_copy(sqlite3_stmt *row, int at, char *out, size_t out_bytes);
/* A BLOB of exactly so many bytes; false, and nothing copied, when it has another size. */
bool db_column_bytes(sqlite3_stmt *row, int at, void *out, size_t size);

static inline struct db_value db_value_str(const char *text)
{
    return text ? DB_TEXT(span_str(text)) : DB_NULL;
}

static inline struct db_value db_value_copy(const char *text)
{
    return text ? (struct db_value){.kind = DB_VALUE_COPY, .bytes = span_str(text)} : DB_NULL;
}

static inline struct db_value db_value_int_but(int64_t number, int64_t none)
{
    return number == none ? DB_NULL : DB_INT(number);
}

#endif
