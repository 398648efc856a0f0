/* A day's file with a bit turned in each of its pages: what is lost is bounded, and verification
 * names the page. */
#include "schema/db/db_query.h"
#include "schema/verify/verify_days.h"
#include "tests/support/audit_world.h"
#include "tests/support/damage_day.h"
#include "tests/support/raw_sqlite.h"

static struct damage_day day;
static struct err err;
static struct digest clean_lines[DAMAGE_BLOCKS + 1]; /* by block */
static struct buf told;                              /* by verify */

static enum status read_lines(struct segment *segment, int64_t block, struct digest *out)
{
    struct block_lines lines = BLOCK_LINES_INIT;
    struct buf all = BUF_INIT;
    enum status status = segment_lines(segment, block, &lines, &err);
    for (size_t slot = 0; status == OK && slot < lines.n_events; slot++) {
        buf_add_span(&all, block_line(&lines, slot));
        buf_add_char(&all, '\0');
    }
    *out = digest_sha256(buf_span(&all));
    buf_fini(&all);
    block_lines_fini(&lines);
    return status;
}

static void note(void *context, const struct verify_finding *fault)
{
    (void)context;
    buf_printf(&told, "block %lld: %s\n", (long long)fault->block, fault->what);
}

/* One of the faults that verification finds has the words. */
static void expect_told(const char *words)
{
    const int64_t day_us = DAMAGE_DAY_US;
    struct verify_report report = {.each = note};
    const struct verify_days verify = {
        .dir = day.dir, .days_us = &day_us, .n_days = 1, .threads = 1, .report = &report};
    buf_clear(&told);
    EXPECT_OK(verify_days(&verify, &err), err);
    buf_add_char(&told, '\0');
    if (report.faults == 0 || !strstr(told.data, words)) {
        fprintf(stderr, "  \"%s\" is not in: %s\n", words, told.data);
        test_failures++;
    }
}

/* Turns a bit in a page of the file. */
static void flip_page(int64_t number, size_t at)
{
    damage_day_heal(&day);
    char *byte = day.clean.data + (size_t)(number - 1) * DB_PAGE_BYTES + at;
    *byte ^= 4;
    EXPECT_OK(file_write(day.path, buf_span(&day.clean), 0600, &err), err);
    *byte ^= 4;
}

/* How many blocks may be lost with a page of the table. */
static size_t blocks_at_stake(struct span table)
{
    static const char *const tables[] = {"block_data", "newlines", "block", "sqlite_schema",
                                         "segment"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (span_is(table, tables[i])) {
            return DAMAGE_BLOCKS;
        }
    }
    return 0;
}

static enum status lose_page(void *context, sqlite3_stmt *row, struct err *unused)
{
    (void)unused;
    struct span table = db_column_span(row, 0);
    int64_t page = sqlite3_column_int64(row, 1);
    bool is_overflow = sqlite3_column_int(row, 2) != 0;
    size_t *n_pages = context;
    struct segment *segment = NULL;
    size_t lost = 0;
    flip_page(page, 2000);
    enum status status = segment_open(day.path, &segment, &err);
    for (int64_t block = 1; block <= DAMAGE_BLOCKS; block++) {
        struct digest lines;
        enum status of_block = THEN(status, read_lines(segment, block, &lines));
        EXPECT(of_block == ERR_CORRUPT ||
               (of_block == OK && digest_equal(&lines, &clean_lines[block])));
        lost += of_block != OK;
    }
    if (lost > (is_overflow && status == OK ? 1 : blocks_at_stake(table))) {
        fprintf(stderr, "page %lld of %.*s: %zu blocks are lost\n", (long long)page,
                SPAN_FMT(table), lost);
        test_failures++;
    }
    segment_close(segment);
    ++*n_pages;
    return OK;
}

/* What all blocks need is kept twice, and what one has alone is lost alone. */
TEST(a_damaged_page_takes_no_more_than_what_it_holds)
{
    char path[FILE_PATH_BYTES];
    size_t n_pages = 0;
    if (!sqlite3_compileoption_used("ENABLE_DBSTAT_VTAB")) {
        fprintf(stderr, "     this SQLite does not say where a table's pages are\n");
        return;
    }
    EXPECT_OK(file_path_format(path, &err, "%.300s/whole.db", day.dir), err);
    EXPECT_OK(file_write(path, buf_span(&day.clean), 0600, &err), err);
    sqlite3 *db = raw_sqlite_open(path);
    EXPECT_OK(db_each(db, "SELECT name, pageno, pagetype = 'overflow' FROM dbstat", DB_NO_VALUES,
                      lose_page, &n_pages, &err),
              err);
    EXPECT_INT(n_pages, day.clean.size / DB_PAGE_BYTES);
    (void)sqlite3_close(db);
}

/* Whichever page it is, verification says so, and with its number. */
TEST(a_flipped_bit_in_any_page_is_told)
{
    struct dice dice = {.state = test_seed(6)};
    char name[32];
    int64_t pages = (int64_t)(day.clean.size / DB_PAGE_BYTES);
    for (int64_t page = 1; page <= pages && test_failures == 0; page++) {
        for (int i = 0; i < 4 && test_failures == 0; i++) {
            size_t at = i == 0   ? dice_roll(&dice, 100)
                        : i == 1 ? DB_PAGE_BYTES - 1 - dice_roll(&dice, DB_PAGE_SUM_BYTES)
                                 : dice_roll(&dice, DB_PAGE_BYTES);
            flip_page(page, at);
            (void)snprintf(name, sizeof name, page > 1 ? "age %lld" : "damaged", (long long)page);
            expect_told(name);
            if (test_failures > 0) {
                fprintf(stderr, "  byte %zu of page %lld\n", at, (long long)page);
            }
        }
    }
    damage_day_heal(&day);
}

/* A row of a block that is not there. */
TEST(a_row_of_no_block_is_told)
{
    static const char *const rows[][2] = {
        {"INSERT INTO vocabulary SELECT 200, data FROM vocabulary WHERE id = 2",
         "table vocabulary: row 200"},
        {"INSERT INTO vocabulary_copy SELECT 201, data FROM vocabulary WHERE id = 2",
         "table vocabulary_copy: row 201"},
        {"INSERT INTO block_data SELECT 202, data FROM block_data WHERE id = 2",
         "table block_data: row 202"},
        {"INSERT INTO newlines SELECT 99, data FROM newlines WHERE block = 2",
         "table newlines: row 99"},
        {"INSERT INTO observables SELECT 99, data FROM observables WHERE block = 2",
         "table observables: row 99"},
        {"INSERT INTO proof SELECT 99, arrivals_sha256, stored_sha256, line_sums, chain FROM proof"
         " WHERE block = 2",
         "table proof: row 99"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        damage_day_heal(&day);
        EXPECT(raw_sqlite_exec(day.path, rows[i][0]));
        expect_told(rows[i][1]);
    }
    damage_day_heal(&day);
}

static void read_clean(void)
{
    struct segment *segment = NULL;
    EXPECT_OK(segment_open(day.path, &segment, &err), err);
    for (int64_t block = 1; block <= DAMAGE_BLOCKS; block++) {
        EXPECT_OK(read_lines(segment, block, &clean_lines[block]), err);
    }
    segment_close(segment);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(a_damaged_page_takes_no_more_than_what_it_holds),
        TEST_ENTRY(a_flipped_bit_in_any_page_is_told),
        TEST_ENTRY(a_row_of_no_block_is_told),
    };
    damage_day_make(&day);
    read_clean();
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    buf_fini(&told);
    damage_day_remove(&day);
    return code;
}
