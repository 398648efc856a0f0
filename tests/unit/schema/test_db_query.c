#include "schema/db/db_query.h"

#include "tests/support/test.h"

static sqlite3 *open_db(void)
{
    sqlite3 *db = NULL;
    struct err err;
    EXPECT(sqlite3_open(":memory:", &db) == SQLITE_OK);
    EXPECT_OK(
        db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, raw BLOB) STRICT", &err),
        err);
    return db;
}

static enum status add(sqlite3 *db, struct db_value name, struct db_value raw, struct err *err)
{
    return db_change(db, "INSERT INTO t (name, raw) VALUES (?1, ?2)", DB_WITH(name, raw), err);
}

struct seen {
    struct buf text;
    int rows;
    int stop_at;
};

static enum status take(void *context, sqlite3_stmt *row, struct err *err)
{
    struct seen *seen = context;
    char name[4];
    char raw[2] = "??";
    db_column_copy(row, 1, name, sizeof name);
    bool fits = db_column_bytes(row, 2, raw, sizeof raw);
    buf_printf(&seen->text, "%lld:%s:%d:%.2s;", (long long)db_column_int_or(row, 0, -1), name, fits,
               raw);
    return ++seen->rows == seen->stop_at ? err_set(err, ERR_STOPPED, "enough") : OK;
}

TEST(values_of_every_kind_are_bound_in_order)
{
    struct err err;
    sqlite3 *db = open_db();
    EXPECT_OK(add(db, DB_STR("ab"), DB_BLOB(span_of("\0x", 2)), &err), err);
    EXPECT_OK(add(db, DB_TEXT(span_of("longer", 6)), DB_BLOB(span_of("xyz", 3)), &err), err);
    EXPECT_OK(add(db, DB_STR(NULL), DB_NULL, &err), err);
    int64_t n = 0;
    EXPECT_OK(db_first_int(db,
                           "SELECT count(*) FROM t WHERE (id = ?1 AND name = ?2 AND raw = ?3)"
                           " OR (id = ?4 AND name IS ?5 AND raw IS ?6)",
                           DB_WITH(DB_INT(1), DB_STR("ab"), DB_BLOB(span_of("\0x", 2)), DB_INT(3),
                                   DB_NULL, DB_INT_BUT(INT64_MIN, INT64_MIN)),
                           &n, &err),
              err);
    EXPECT_INT(n, 2);
    EXPECT_OK(db_first_int(db, "SELECT ?1 + 1", DB_WITH(DB_INT_BUT(6, INT64_MIN)), &n, &err), err);
    EXPECT_INT(n, 7);
    EXPECT_OK(db_first_int(db, "SELECT id FROM t WHERE id > ?1", DB_WITH(DB_INT(9)), &n, &err),
              err);
    EXPECT_INT(n, 0); /* no row */
    EXPECT_OK(db_first_int(db, "SELECT NULL", DB_NO_VALUES, &n, &err), err);
    EXPECT_INT(n, 0);
    db_close(db);
}

TEST(rows_are_taken_one_by_one)
{
    struct err err;
    sqlite3 *db = open_db();
    EXPECT_OK(add(db, DB_STR("ab"), DB_BLOB(span_of("xy", 2)), &err), err);
    EXPECT_OK(add(db, DB_STR("longer"), DB_BLOB(span_of("xyz", 3)), &err), err);
    EXPECT_OK(add(db, DB_NULL, DB_NULL, &err), err);
    struct seen seen = {0};
    static const char sql[] = "SELECT nullif(id, 3), name, raw FROM t WHERE id >= ?1 ORDER BY id";
    EXPECT_OK(db_each(db, sql, DB_WITH(DB_INT(1)), take, &seen, &err), err);
    EXPECT_SPAN(buf_span(&seen.text), "1:ab:1:xy;2:lon:0:??;-1::0:??;");
    buf_clear(&seen.text);
    bool found = false;
    EXPECT_OK(db_first(db, sql, DB_WITH(DB_INT(2)), take, &seen, &found, &err), err);
    EXPECT(found);
    EXPECT_SPAN(buf_span(&seen.text), "2:lon:0:??;");
    EXPECT_OK(db_first(db, sql, DB_WITH(DB_INT(4)), take, &seen, &found, &err), err);
    EXPECT(!found);
    seen.rows = 0;
    seen.stop_at = 2;
    EXPECT_INT(db_each(db, sql, DB_WITH(DB_INT(1)), take, &seen, &err), ERR_STOPPED);
    EXPECT_INT(seen.rows, 2);
    EXPECT_STR(err.text, "enough");
    buf_fini(&seen.text);
    db_close(db); /* checks that every statement is finalized */
}

TEST(failures_leave_results_alone)
{
    struct err err;
    sqlite3 *db = open_db();
    int64_t n = 5;
    EXPECT_INT(db_first_int(db, "SELECT nothing", DB_NO_VALUES, &n, &err), ERR_IO);
    EXPECT_INT(n, 5);
    EXPECT(strstr(err.text, "nothing"));
    EXPECT_INT(db_change(db, "INSERT INTO t (id) VALUES (?1)", DB_WITH(DB_STR("x")), &err), ERR_IO);
    struct seen seen = {.stop_at = 1};
    bool found = false;
    EXPECT_INT(db_first(db, "SELECT 1, 'a', 'b'", DB_NO_VALUES, take, &seen, &found, &err),
               ERR_STOPPED);
    EXPECT(!found);
    buf_fini(&seen.text);
    db_close(db);
}

TEST(a_kept_statement_is_bound_again)
{
    struct err err;
    sqlite3 *db = open_db();
    sqlite3_stmt *stmt = NULL;
    EXPECT_OK(db_prepare(db, "INSERT INTO t (id, name) VALUES (?1, ?2)", &stmt, &err), err);
    for (int i = 1; i <= 3; i++) {
        db_bind(stmt, DB_WITH(DB_INT(i), i == 2 ? DB_NULL : DB_STR("n")));
        EXPECT_OK(db_run(stmt, &err), err);
    }
    (void)sqlite3_finalize(stmt);
    int64_t n = 0;
    EXPECT_OK(db_first_int(db, "SELECT count(name) FROM t", DB_NO_VALUES, &n, &err), err);
    EXPECT_INT(n, 2);
    db_close(db);
}

TEST_MAIN(TEST_ENTRY(values_of_every_kind_are_bound_in_order),
          TEST_ENTRY(rows_are_taken_one_by_one), TEST_ENTRY(failures_leave_results_alone),
          TEST_ENTRY(a_kept_statement_is_bound_again))
