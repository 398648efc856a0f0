/* A copy that was changed is found to be, wherever it was; one that was not is not. */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/copy/copy_verify.h"
#include "schema/copy/copy_writer.h"
#include "tests/support/audit_world.h"
#include "tests/support/forge.h"
#include "tests/support/test.h"

enum { EVENTS = 9000, DAYS = 40, FLIPS_A_PAGE = 24, PARTS = 4, PAGE_BYTES = 32768 };

#define DAY_US INT64_C(1763596800000000) /* 2025-11-20 */

static struct err err;
static char dir[FILE_PATH_BYTES];
static char clean[FILE_PATH_BYTES];
static char changed[FILE_PATH_BYTES];
static struct signing_key *key;
static struct signing_key *other;
static struct buf clean_bytes;
static struct buf told; /* what was wrong, a line each */

static struct verify_report report;

static void note(void *context, const struct verify_finding *fault)
{
    (void)context;
    if (fault->block > 0) {
        buf_printf(&told, "block %lld: ", (long long)fault->block);
    }
    if (fault->line > 0) {
        buf_printf(&told, "line %u to %u, byte %lld: ", fault->line, fault->last_line,
                   (long long)fault->byte);
    }
    buf_add_str(&told, fault->what);
    buf_add_char(&told, '\n');
}

static enum status verify(const char *path, const struct signing_key *with,
                          struct copy_verdict *out)
{
    report = (struct verify_report){.each = note};
    buf_clear(&told);
    return copy_verify(path, with, &report, out, &err);
}

static void make_clean(void)
{
    struct copy_writer *writer = NULL;
    struct dice dice = {.state = 3};
    struct buf line = BUF_INIT;
    EXPECT_OK(copy_writer_open(clean, 3, false, &writer, &err), err);
    for (int i = 0; i < EVENTS; i++) {
        buf_clear(&line);
        int64_t day_us = DAY_US + i / (EVENTS / DAYS) * CLOCK_DAY_US;
        world_event(&dice, day_us, &line);
        struct copy_event event = {.raw = buf_span(&line),
                                   .time_us = day_us + i,
                                   .received_us = day_us + CLOCK_DAY_US / 2,
                                   .session_stream = i % 9 == 0,
                                   .source = span_str(i % 2 ? "mtls 10.0.0.1" : "import a.log")};
        EXPECT_OK(copy_writer_add(writer, &event, &err), err);
    }
    struct copy_case facts = {.who = span_str("tester@here"),
                              .why = span_str("case 7 \"x\""),
                              .archive_id = span_str("00000000-0000-4000-8000-000000000000"),
                              .archive_dir = span_str("/somewhere"),
                              .from_us = DAY_US,
                              .to_us = INT64_MAX,
                              .made_us = DAY_US + 100 * CLOCK_DAY_US,
                              .program = span_str("test")};
    EXPECT_OK(copy_writer_finish(writer, &facts, key, &err), err);
    EXPECT_INT(facts.events, EVENTS);
    EXPECT_OK(copy_writer_publish(writer, false, &err), err);
    copy_writer_close(writer);
    buf_fini(&line);
    EXPECT_OK(file_read(clean, 1u << 30, &clean_bytes, &err), err);
}

TEST(a_clean_copy_is_whole)
{
    struct copy_verdict verdict;
    struct stat st;
    EXPECT_OK(verify(clean, key, &verdict), err);
    EXPECT_INT(report.faults, 0);
    EXPECT_SPAN(buf_span(&told), "");
    EXPECT_INT(verdict.seal, COPY_SEAL_VALID);
    EXPECT_INT(report.events, EVENTS);
    EXPECT(report.blocks >= 3);
    EXPECT_STR(verdict.key_id, signing_key_id(key));
    EXPECT_OK(verify(clean, NULL, &verdict), err);
    EXPECT_INT(verdict.seal, COPY_SEAL_NO_KEY);
    EXPECT_INT(report.faults, 0);
    EXPECT_INT(stat(clean, &st), 0);
    EXPECT_INT(st.st_mode & 0777, 0600);
}

TEST(another_key_is_told)
{
    struct copy_verdict verdict;
    EXPECT_OK(verify(clean, other, &verdict), err);
    EXPECT_INT(verdict.seal, COPY_SEAL_WRONG);
    EXPECT_INT(report.faults, 1);
    EXPECT(strstr(told.data, signing_key_id(other)) != NULL);
}

/* Runs SQL on a fresh copy of the file. */
static void change(const char *sql)
{
    EXPECT_OK(file_write(changed, buf_span(&clean_bytes), 0600, &err), err);
    EXPECT(forge_sql(changed, sql));
}

static const struct {
    const char *sql;
    const char *words; /* that must be among what is told, or in the failure */
} changes[] = {
    /* the events of block b are block_data 2b, how they came is 2b + 1 */
    {"UPDATE block_data SET data = (SELECT data FROM block_data WHERE id = 2) WHERE id = 4",
     "block 2: its events cannot be read"},
    {"UPDATE block_data SET data = (SELECT data FROM block_data WHERE id = 2) WHERE id = 4;"
     "UPDATE block SET raw_bytes = (SELECT raw_bytes FROM block WHERE id = 1) WHERE id = 2",
     "block 2: line 1 to 64, byte 0: its events do not have the digest"},
    {"UPDATE block_data SET data = zeroblob(length(data)) WHERE id = 6", "block 3: its events"},
    {"DELETE FROM block_data WHERE id = 2", "block 1: its events cannot be read"},
    {"DELETE FROM block WHERE id = 2", "the chain of the blocks"},
    {"DELETE FROM block WHERE id = (SELECT max(id) FROM block)", "the case header says"},
    {"UPDATE block SET id = 100 WHERE id = 1; UPDATE block SET id = 1 WHERE id = 2;"
     "UPDATE block SET id = 2 WHERE id = 100",
     "table block was changed"},
    {"UPDATE block SET number = 3 - number WHERE number < 3", "the chain of the blocks"},
    {"UPDATE block SET day_us = day_us + 86400000000", "what is stored of it"},
    {"UPDATE block SET sha256 = zeroblob(32) WHERE id = 2", "its lines look as they were"},
    {"UPDATE block SET events = events - 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET time_max_us = time_max_us + 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET time_max_us = time_max_us + 1 WHERE id = 1",
     "block 1: what is stored of it is not what was written"},
    {"UPDATE block SET raw_bytes = raw_bytes + 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET stored_bytes = 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET whole_lines = whole_lines + 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET not_same = 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block_data SET data = zeroblob(length(data)) WHERE id = 3",
     "block 1: what is stored of it is not what was written"},
    {"UPDATE block_data SET data = zeroblob(length(data)) WHERE id = 3",
     "table block_data was changed"},
    {"DELETE FROM block_data WHERE id = 5", "table block_data has"},
    {"INSERT INTO block_data SELECT id + 1000, data FROM block_data LIMIT 1",
     "table block_data has"},
    {"UPDATE block_data SET id = id + 500 WHERE id = 7", "table block_data was changed"},
    {"UPDATE vocabulary SET data = zeroblob(length(data)) WHERE id = 2",
     "block 1: what is stored of it is not what was written"},
    {"UPDATE vocabulary SET data = zeroblob(length(data)) WHERE id = 2",
     "table vocabulary was changed"},
    {"UPDATE vocabulary_copy SET data = zeroblob(length(data)) WHERE id = 2",
     "table vocabulary_copy was changed"},
    {"DELETE FROM vocabulary", "table vocabulary has"},
    {"DELETE FROM vocabulary_copy WHERE id = 3", "table vocabulary_copy has"},
    {"UPDATE vocabulary SET data = zeroblob(length(data)) WHERE id = 2;"
     "UPDATE vocabulary_copy SET data = zeroblob(length(data)) WHERE id = 2",
     "the vocabulary is damaged"},
    {"DELETE FROM vocabulary WHERE id = 2; DELETE FROM vocabulary_copy WHERE id = 2",
     "the vocabulary is damaged"},
    {"UPDATE observables SET data = zeroblob(length(data)) WHERE block = 2",
     "block 2: what is stored of it is not what was written"},
    {"UPDATE observables SET data = zeroblob(length(data)) WHERE block = 2",
     "table observables was changed"},
    {"DELETE FROM observables WHERE block = 2", "table observables has"},
    {"UPDATE newlines SET data = x'05' WHERE block = 2",
     "block 2: what is stored of it is not what was written"},
    {"UPDATE newlines SET data = x'05' WHERE block = 2", "table newlines was changed"},
    {"DELETE FROM newlines WHERE block = 2",
     "block 2: what is stored of it is not what was written"},
    {"DELETE FROM proof WHERE block = 2", "table proof has"},
    {"DELETE FROM proof WHERE block = 2", "block 2: its proof cannot be read"},
    {"UPDATE proof SET line_sums = x''", "table proof was changed"},
    {"UPDATE proof SET arrivals_sha256 = zeroblob(32)", "table proof was changed"},
    {"UPDATE proof SET stored_sha256 = zeroblob(32) WHERE block = 1",
     "block 1: what is stored of it is not what was written"},
    {"UPDATE segment SET day_us = day_us + 86400000000", "table segment was changed"},
    {"UPDATE segment SET created_us = created_us + 1", "table segment was changed"},
    {"INSERT INTO inbox_high VALUES ('x', 1)", "table inbox_high has 1 rows, and had 0"},
    {"UPDATE text_word_data SET block = zeroblob(length(block)) WHERE id > 10",
     "table text_word_data was changed"},
    {"DELETE FROM text_word_idx", "table text_word_idx has"},
    {"UPDATE text_word_config SET v = v + 1", "table text_word_config was changed"},
    {"UPDATE copy_case SET why = 'another'", "not the one that was signed"},
    {"UPDATE copy_case SET events = events + 1", "not the one that was signed"},
    {"UPDATE copy_case SET to_us = 1", "not the one that was signed"},
    {"UPDATE copy_case SET content = chain", "not the one that was signed"},
    {"INSERT INTO copy_case SELECT * FROM copy_case", "2 case headers"},
    {"DELETE FROM copy_case", "the case header is gone"},
    {"UPDATE copy_seal SET text = CAST(replace(text, 'tester', 'nobody') AS BLOB)",
     "the signature is not one of"},
    {"UPDATE copy_seal SET signature = zeroblob(64)", "the signature is not one of"},
    {"UPDATE copy_seal SET key_id = 'ffffffffffffffff'", "and not with key"},
    {"INSERT INTO copy_seal SELECT * FROM copy_seal", "2 signatures"},
    {"UPDATE copy_table SET rows = rows + 1 WHERE name = 'block_data'", "copy_table does not have"},
    {"DELETE FROM copy_table WHERE name = 'block_data'", "table block_data was not there"},
    {"CREATE TABLE more (x)", "table more was not there"},
    {"DROP TABLE inbox_high", "table inbox_high is gone"},
    {"DROP TABLE observables", "observables"},
    {"CREATE VIEW v AS SELECT 1", "table sqlite_schema has"},
    {"CREATE TRIGGER t AFTER INSERT ON vocabulary BEGIN SELECT 1; END", "table sqlite_schema has"},
    {"CREATE INDEX i ON newlines (data)", "table sqlite_schema has"},
};

TEST(every_change_by_sql_is_found_and_named)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct copy_verdict verdict;
        change(changes[i].sql);
        enum status status = verify(changed, key, &verdict);
        buf_add_char(&told, '\0');
        const char *text = status == OK ? told.data : err.text;
        if ((status == OK && report.faults == 0) || !strstr(text, changes[i].words)) {
            fprintf(stderr, "%s: \"%s\" is not in: %s\n", changes[i].sql, changes[i].words, text);
            test_failures++;
        }
    }
}

/* Columns that are sound, of another event or arrival, with and without the digests that then fit.
 */
static void expect_forged(enum segment_data which, bool fits, size_t line, const char *old,
                          const char *with, const char *const *words)
{
    struct copy_verdict verdict;
    const struct forge forge = {changed, 2, which, fits};
    EXPECT_OK(file_write(changed, buf_span(&clean_bytes), 0600, &err), err);
    EXPECT_OK(forge_replace(&forge, line, old, with, &err), err);
    EXPECT_OK(verify(changed, key, &verdict), err);
    buf_add_char(&told, '\0');
    for (; *words; words++) {
        if (!strstr(told.data, *words)) {
            fprintf(stderr, "%s is not in: %s\n", *words, told.data);
            test_failures++;
        }
    }
    EXPECT_INT(verdict.seal, COPY_SEAL_VALID); /* of a header that says something else */
}

#define EXPECT_FORGED(which, fits, line, old, with, ...)                                           \
    expect_forged(which, fits, line, old, with, (const char *const[]){__VA_ARGS__, NULL})

TEST(a_changed_event_is_named_by_its_line)
{
    EXPECT_FORGED(SEGMENT_DATA_EVENTS, false, 1234, "\"time\":\"20", "\"time\":\"19",
                  "block 2: line 1234 to 1234, byte ", "this line was changed",
                  "block 2: what is stored of it is not what was written",
                  "table block_data was changed");
    EXPECT_FORGED(SEGMENT_DATA_EVENTS, true, 1234, "\"time\":\"20", "\"time\":\"19",
                  "the chain of the blocks is not the one in the case header",
                  "table block_data was changed", "table proof was changed");
}

/* When it came, and from where. */
TEST(a_changed_arrival_is_found)
{
    EXPECT_FORGED(SEGMENT_DATA_ARRIVALS, false, 99, "T12:00:00", "T11:00:00",
                  "block 2: what is stored of it is not what was written",
                  "table block_data was changed");
    EXPECT_FORGED(SEGMENT_DATA_ARRIVALS, true, 99, "T12:00:00", "T11:00:00",
                  "table block_data was changed", "table proof was changed");
    EXPECT_FORGED(SEGMENT_DATA_ARRIVALS, true, 100, "mtls 10.0.0.1", "import a.log",
                  "table block_data was changed", "table proof was changed");
}

/* Nobody can make a signature, but anybody can take it away: then the copy says it has none. */
TEST(a_signature_that_is_gone_is_seen)
{
    struct copy_verdict verdict;
    change("DELETE FROM copy_seal");
    EXPECT_OK(verify(changed, key, &verdict), err);
    EXPECT_INT(verdict.seal, COPY_SEAL_NONE);
    EXPECT_STR(verdict.key_id, "");
}

TEST(bytes_behind_the_end_and_a_cut_end_are_found)
{
    struct copy_verdict verdict;
    struct buf bytes = BUF_INIT;
    buf_add_span(&bytes, buf_span(&clean_bytes));
    buf_add_str(&bytes, "hidden");
    EXPECT_OK(file_write(changed, buf_span(&bytes), 0600, &err), err);
    EXPECT(verify(changed, key, &verdict) != OK || report.faults > 0);
    struct span cut = span_of(clean_bytes.data, clean_bytes.size - PAGE_BYTES);
    EXPECT_OK(file_write(changed, cut, 0600, &err), err);
    EXPECT(verify(changed, key, &verdict) != OK || report.faults > 0);
    buf_fini(&bytes);
}

/* All rows of all tables as SQLite prints them: what a change must not alter without being found.
 * False: SQLite itself refuses the file. */
static bool dump(const char *path, struct buf *out)
{
    static const char *const tables[] = {
        "sqlite_schema",    "segment",    "inbox_high",      "block",
        "block_data",       "vocabulary", "vocabulary_copy", "newlines",
        "observables",      "proof",      "text_word_data",  "text_word_idx",
        "text_word_config", "copy_case",  "copy_table",      "copy_seal"};
    sqlite3 *db = NULL;
    bool fine = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    for (size_t i = 0; fine && i < sizeof tables / sizeof tables[0]; i++) {
        char sql[128];
        sqlite3_stmt *stmt = NULL;
        (void)snprintf(sql, sizeof sql, "SELECT * FROM %s", tables[i]);
        fine = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK;
        int code = SQLITE_DONE;
        while (fine && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
            for (int c = 0; c < sqlite3_column_count(stmt); c++) {
                if (strcmp(tables[i], "sqlite_schema") == 0 && c == 3) {
                    continue; /* where a table's pages are */
                }
                buf_printf(out, "%d:%d:", sqlite3_column_type(stmt, c),
                           sqlite3_column_bytes(stmt, c));
                buf_add(out, sqlite3_column_blob(stmt, c), (size_t)sqlite3_column_bytes(stmt, c));
            }
        }
        fine = fine && code == SQLITE_DONE;
        (void)sqlite3_finalize(stmt);
    }
    (void)sqlite3_close(db);
    return fine;
}

/* In every PARTS-th page, beginning with page `first`. */
static void flip_bytes(size_t first)
{
    struct dice dice = {.state = test_seed(77 + first)};
    int flips = test_rounds(FLIPS_A_PAGE);
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    size_t found = 0;
    size_t unseen = 0;
    EXPECT(dump(clean, &before));
    for (size_t page = first; page < clean_bytes.size / PAGE_BYTES; page += PARTS) {
        for (int flip = 0; flip < flips; flip++) {
            /* a third of them among the heads of pages, where all depends on a byte */
            size_t at = page * PAGE_BYTES + dice_roll(&dice, flip % 3 ? PAGE_BYTES : 120);
            char bit = (char)(1 << dice_roll(&dice, 8));
            struct copy_verdict verdict;
            clean_bytes.data[at] = (char)(clean_bytes.data[at] ^ bit);
            EXPECT_OK(file_write(changed, buf_span(&clean_bytes), 0600, &err), err);
            clean_bytes.data[at] = (char)(clean_bytes.data[at] ^ bit);
            enum status status = verify(changed, key, &verdict);
            if (status != OK || report.faults > 0) {
                found++;
                continue;
            }
            buf_clear(&after);
            unseen++;
            if (!dump(changed, &after) || !span_equal(buf_span(&before), buf_span(&after))) {
                fprintf(stderr, "byte %zu, bit %d: changed, and not found\n", at, bit);
                test_failures++;
            }
        }
    }
    fprintf(stderr, "%zu changes found; %zu are in bytes that nobody reads\n", found, unseen);
    EXPECT(found > clean_bytes.size / PAGE_BYTES / PARTS * (size_t)flips / 4);
    buf_fini(&before);
    buf_fini(&after);
}

/* One test for each of the PARTS: they take long. */
TEST(a_flipped_byte_is_found_wherever_a_reader_could_see_it)
{
    flip_bytes(0);
}

TEST(a_flipped_byte_is_found_in_the_second_part)
{
    flip_bytes(1);
}

TEST(a_flipped_byte_is_found_in_the_third_part)
{
    flip_bytes(2);
}

TEST(a_flipped_byte_is_found_in_the_fourth_part)
{
    flip_bytes(3);
}

/* The same events give the same content, wherever they are copied at that time. */
TEST(the_content_depends_on_the_events_alone_by_clock)
{
    struct copy_header first;
    struct copy_header second;
    char again[FILE_PATH_BYTES];
    (void)snprintf(again, sizeof again, "%s", clean);
    EXPECT_OK(file_path_format(clean, &err, "%s/second.stele", dir), err);
    buf_clear(&clean_bytes);
    make_clean();
    EXPECT_OK(copy_header_open(again, &first, &err), err);
    EXPECT_OK(copy_header_open(clean, &second, &err), err);
    EXPECT(memcmp(&first.facts.chain, &second.facts.chain, sizeof first.facts.chain) == 0);
    EXPECT(memcmp(&first.facts.content, &second.facts.content, sizeof first.facts.content) == 0);
    copy_header_fini(&first);
    copy_header_fini(&second);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST_ENTRY(a_clean_copy_is_whole),
        TEST_ENTRY(another_key_is_told),
        TEST_ENTRY(every_change_by_sql_is_found_and_named),
        TEST_ENTRY(a_changed_event_is_named_by_its_line),
        TEST_ENTRY(a_changed_arrival_is_found),
        TEST_ENTRY(a_signature_that_is_gone_is_seen),
        TEST_ENTRY(bytes_behind_the_end_and_a_cut_end_are_found),
        TEST_ENTRY(a_flipped_byte_is_found_wherever_a_reader_could_see_it),
        TEST_ENTRY(a_flipped_byte_is_found_in_the_second_part),
        TEST_ENTRY(a_flipped_byte_is_found_in_the_third_part),
        TEST_ENTRY(a_flipped_byte_is_found_in_the_fourth_part),
        TEST_ENTRY(the_content_depends_on_the_events_alone_by_clock),
    };
    char path[FILE_PATH_BYTES];
    char public_path[FILE_PATH_BYTES];
    (void)setenv("STELE_CLOCK_US", "1790000000000000", 1);
    test_dir_make(dir);
    EXPECT_OK(file_path_format(clean, &err, "%s/clean.stele", dir), err);
    EXPECT_OK(file_path_format(changed, &err, "%s/changed.stele", dir), err);
    EXPECT_OK(file_path_format(path, &err, "%s/a.key", dir), err);
    EXPECT_OK(file_path_format(public_path, &err, "%s/a.pub", dir), err);
    EXPECT_OK(signing_key_create(path, public_path, &err), err);
    EXPECT_OK(signing_key_load_private(path, &key, &err), err);
    EXPECT_OK(file_path_format(path, &err, "%s/b.key", dir), err);
    EXPECT_OK(file_path_format(public_path, &err, "%s/b.pub", dir), err);
    EXPECT_OK(signing_key_create(path, public_path, &err), err);
    EXPECT_OK(signing_key_load_public(public_path, &other, &err), err);
    make_clean();
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    signing_key_free(key);
    signing_key_free(other);
    buf_fini(&clean_bytes);
    buf_fini(&told);
    test_dir_remove(dir);
    return code;
}
