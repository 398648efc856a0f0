/* Checksums of pages: in the file and in the log, with any SQLite that moves the one into the
 * other, and what is not a page with its checksum. */
#include "schema/db/db_pages.h"

#include <unistd.h>

#include "schema/db/db_query.h"
#include "tests/support/test.h"

static const struct db_kind kind = {
    .name = "test",
    .application_id = 0x74657374,
    .format = 7,
    .sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
};

static char dir[FILE_PATH_BYTES];
static char path[FILE_PATH_BYTES];
static char other[FILE_PATH_BYTES]; /* a copy */
static struct err err;

static void begin(void)
{
    test_dir_make(dir);
    EXPECT_OK(file_path_format(path, &err, "%.300s/a.db", dir), err);
    EXPECT_OK(file_path_format(other, &err, "%.300s/b.db", dir), err);
}

static void copy_file(const char *suffix)
{
    char from[FILE_PATH_BYTES];
    char to[FILE_PATH_BYTES];
    struct buf bytes = BUF_INIT;
    EXPECT_OK(file_path_format(from, &err, "%.300s%s", path, suffix), err);
    EXPECT_OK(file_path_format(to, &err, "%.300s%s", other, suffix), err);
    EXPECT_OK(file_read(from, 1u << 30, &bytes, &err), err);
    EXPECT_OK(file_write(to, buf_span(&bytes), 0600, &err), err);
    buf_fini(&bytes);
}

/* File and log as a process leaves them that dies now. */
static void copy_as_left(void)
{
    copy_file("");
    copy_file("-wal");
}

/* Rows of which SQLite has read all, and their bytes. */
static enum status read_rows(const char *file, int64_t *out_rows, int64_t *out_bytes)
{
    sqlite3 *db = NULL;
    enum status status = db_open(file, DB_WRITE, &kind, &db, &err);
    status = THEN(status, db_int64(db, "SELECT count(*) FROM t", out_rows, &err));
    status = THEN(status, db_int64(db, "SELECT sum(length(data)) FROM t", out_bytes, &err));
    int64_t faults = 0;
    status = THEN(status, db_int64(db,
                                   "SELECT count(*) FROM pragma_integrity_check"
                                   " WHERE integrity_check <> 'ok'",
                                   &faults, &err));
    EXPECT_INT(faults, 0);
    db_close(db);
    return status;
}

static void expect_rows(const char *file, int64_t rows, int64_t bytes)
{
    int64_t n_rows = 0;
    int64_t n_bytes = 0;
    EXPECT_OK(read_rows(file, &n_rows, &n_bytes), err);
    EXPECT_INT(n_rows, rows);
    EXPECT_INT(n_bytes, bytes);
}

/* 200 rows in several transactions, one of which writes its pages over and over, as it does not
 * fit into the cache; all of it is still in the log. */
static sqlite3 *open_with_log(void)
{
    sqlite3 *db = NULL;
    EXPECT_OK(db_open(path, DB_CREATE, &kind, &db, &err), err);
    static const char rows[] = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                               " WHERE i < 200) INSERT OR REPLACE INTO t SELECT i, "
                               "zeroblob(1000 + i) FROM n";
    EXPECT_OK(db_exec(db, "PRAGMA cache_size=5; PRAGMA wal_autocheckpoint=0", &err), err);
    EXPECT_OK(db_exec(db, rows, &err), err);
    EXPECT_OK(db_exec(db, "BEGIN", &err), err);
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(db_exec(db, "UPDATE t SET data = zeroblob(3000)", &err), err);
        EXPECT_OK(db_exec(db, "UPDATE t SET data = zeroblob(2000) WHERE id % 3 = 0", &err), err);
    }
    EXPECT_OK(db_exec(db, "COMMIT", &err), err);
    EXPECT_OK(db_exec(db, "UPDATE t SET data = zeroblob(10) WHERE id = 1", &err), err);
    return db;
}

enum { ROWS = 200, BYTES = 133 * 3000 + 10 + 66 * 2000 };

TEST(a_log_is_recovered)
{
    begin();
    sqlite3 *db = open_with_log();
    copy_as_left();
    expect_rows(other, ROWS, BYTES);
    expect_rows(other, ROWS, BYTES); /* the log is in the file now */
    expect_rows(path, ROWS, BYTES);
    db_close(db);
    expect_rows(path, ROWS, BYTES);
    test_dir_remove(dir);
}

/* Somebody looks into an archive that a crash has left. */
TEST(another_sqlite_moves_the_log_into_the_file)
{
    begin();
    sqlite3 *db = open_with_log();
    sqlite3 *plain = NULL;
    int64_t rows = 0;
    copy_as_left();
    EXPECT_INT(sqlite3_open(other, &plain), SQLITE_OK);
    EXPECT_OK(db_int64(plain, "SELECT count(*) FROM t", &rows, &err), err);
    EXPECT_INT(rows, ROWS);
    EXPECT_INT(sqlite3_close(plain), SQLITE_OK);
    char log[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(log, &err, "%.300s-wal", other), err);
    EXPECT(!file_exists(log));
    expect_rows(other, ROWS, BYTES);
    db_close(db);
    test_dir_remove(dir);
}

static void expect_damaged(const char *words)
{
    int64_t rows;
    int64_t bytes;
    EXPECT_INT(read_rows(other, &rows, &bytes), ERR_CORRUPT);
    if (!strstr(err.text, words)) {
        fprintf(stderr, "  \"%s\" is not in: %s\n", words, err.text);
        test_failures++;
    }
}

TEST(what_is_no_page_of_its_place_is_damaged)
{
    struct buf bytes = BUF_INIT;
    begin();
    db_close(open_with_log());
    EXPECT_OK(file_read(path, 1u << 30, &bytes, &err), err);
    EXPECT_INT(bytes.size % DB_PAGE_BYTES, 0);
    size_t last = bytes.size / DB_PAGE_BYTES - 1;
    char *pages = bytes.data;
    /* a write that went to another page's place */
    EXPECT_OK(file_write(other, buf_span(&bytes), 0600, &err), err);
    expect_rows(other, ROWS, BYTES);
    memcpy(pages + 4 * DB_PAGE_BYTES, pages + 5 * DB_PAGE_BYTES, DB_PAGE_BYTES);
    EXPECT_OK(file_write(other, buf_span(&bytes), 0600, &err), err);
    expect_damaged("page 5 is damaged");
    /* zeros, as of a sector that was lost, and with it the checksum */
    memset(pages + 4 * DB_PAGE_BYTES, 0, DB_PAGE_BYTES);
    EXPECT_OK(file_write(other, buf_span(&bytes), 0600, &err), err);
    expect_damaged("page 5 is damaged");
    /* half of the last page */
    copy_file("");
    EXPECT_INT(truncate(other, (off_t)(last * DB_PAGE_BYTES + DB_PAGE_BYTES / 2)), 0);
    expect_damaged("damaged");
    buf_fini(&bytes);
    test_dir_remove(dir);
}

TEST(what_another_program_wrote_is_damaged)
{
    sqlite3 *plain = NULL;
    begin();
    db_close(open_with_log());
    copy_file("");
    EXPECT_INT(sqlite3_open(other, &plain), SQLITE_OK);
    EXPECT_OK(db_exec(plain, "UPDATE t SET data = zeroblob(11) WHERE id = 1", &err), err);
    EXPECT_INT(sqlite3_close(plain), SQLITE_OK);
    expect_damaged("is damaged");
    test_dir_remove(dir);
}

TEST(a_file_without_room_for_sums_is_refused)
{
    static const char make[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
                               "PRAGMA application_id=0x74657374; PRAGMA user_version=";
    char sql[256];
    begin();
    for (int format = 6; format <= 7; format++) {
        sqlite3 *plain = NULL;
        sqlite3 *db = NULL;
        (void)unlink(path);
        (void)snprintf(sql, sizeof sql, "%s%d", make, format);
        EXPECT_INT(sqlite3_open(path, &plain), SQLITE_OK);
        EXPECT_OK(db_exec(plain, sql, &err), err);
        EXPECT_INT(sqlite3_close(plain), SQLITE_OK);
        EXPECT_INT(db_open(path, DB_READ, &kind, &db, &err),
                   format == 7 ? ERR_CORRUPT : ERR_VERSION);
    }
    test_dir_remove(dir);
}

/* A file that is made at once, and read by memory mapping. */
TEST(mapped_pages_are_checked)
{
    sqlite3 *db = NULL;
    int64_t sum = 0;
    struct buf bytes = BUF_INIT;
    begin();
    EXPECT_OK(db_open(path, DB_FRESH, &kind, &db, &err), err);
    EXPECT_OK(db_exec(db, "INSERT INTO t VALUES (1, randomblob(20000))", &err), err);
    EXPECT_OK(db_finish_fresh(db, &err), err);
    EXPECT_OK(file_read(path, 1u << 30, &bytes, &err), err);
    for (size_t page = 0; page <= 5; page++) { /* 0: none */
        char *byte = bytes.data + page * DB_PAGE_BYTES - 100;
        if (page > 0) {
            *byte ^= 1;
        }
        EXPECT_OK(file_write(other, buf_span(&bytes), 0600, &err), err);
        enum status status = db_open(other, DB_READ, &kind, &db, &err);
        if (status == OK) {
            EXPECT_OK(db_exec(db, "PRAGMA mmap_size=100000000; BEGIN", &err), err);
            status =
                db_int64(db, "SELECT sum(length(CAST(data || '' AS TEXT))) FROM t", &sum, &err);
            db_close(db);
        }
        EXPECT_INT(status, page > 0 ? ERR_CORRUPT : OK);
        if (page > 0) {
            *byte ^= 1;
        }
    }
    buf_fini(&bytes);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(a_log_is_recovered), TEST_ENTRY(another_sqlite_moves_the_log_into_the_file),
          TEST_ENTRY(what_is_no_page_of_its_place_is_damaged),
          TEST_ENTRY(what_another_program_wrote_is_damaged),
          TEST_ENTRY(a_file_without_room_for_sums_is_refused), TEST_ENTRY(mapped_pages_are_checked))
