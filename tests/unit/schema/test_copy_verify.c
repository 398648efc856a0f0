/* A copy that was changed is found to be, wherever it was; one that was not is not. */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/block/codec.h"
#include "schema/copy/copy_verify.h"
#include "schema/copy/copy_writer.h"
#include "tests/support/audit_world.h"
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

/* Runs SQL on a fresh copy of the file, without the guard against writing FTS5's own tables. */
static void change(const char *sql)
{
    sqlite3 *db = NULL;
    EXPECT_OK(file_write(changed, buf_span(&clean_bytes), 0600, &err), err);
    EXPECT_INT(sqlite3_open(changed, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        test_failures++;
    }
    EXPECT(sqlite3_total_changes(db) > 0 || strstr(sql, "CREATE") || strstr(sql, "PRAGMA") ||
           strstr(sql, "DROP"));
    EXPECT_INT(sqlite3_close(db), SQLITE_OK);
}

static const struct {
    const char *sql;
    const char *words; /* that must be among what is told, or in the failure */
} changes[] = {
    {"UPDATE frame SET data = (SELECT data FROM frame WHERE block = 1) WHERE block = 2",
     "block 2: line 1 to 64, byte 0: its events do not have the digest"},
    {"UPDATE frame SET data = zeroblob(length(data)) WHERE block = 3", "block 3: its events"},
    {"DELETE FROM frame WHERE block = 1", "block 1: its events cannot be read"},
    {"DELETE FROM block WHERE id = 2", "the chain of the blocks"},
    {"DELETE FROM block WHERE id = (SELECT max(id) FROM block)", "the case header says"},
    {"UPDATE block SET id = 100 WHERE id = 1; UPDATE block SET id = 1 WHERE id = 2;"
     "UPDATE block SET id = 2 WHERE id = 100",
     "the chain of the blocks"},
    {"UPDATE block SET sha256 = zeroblob(32) WHERE id = 2", "its lines look as they were"},
    {"UPDATE block SET events = events - 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET time_max_us = time_max_us + 1 WHERE id = 1", "table block was changed"},
    {"UPDATE block SET text_fields = x'' WHERE id = 1", "table block was changed"},
    {"UPDATE vector SET data = zeroblob(length(data)) WHERE id = (1 << 32) + 1",
     "table vector was changed"},
    {"DELETE FROM vector WHERE id = (2 << 32) + 1", "table vector has"},
    {"INSERT INTO vector SELECT id + 1000, data FROM vector LIMIT 1", "table vector has"},
    {"UPDATE vector SET id = id + 500 WHERE id = (3 << 32) + 1", "table vector was changed"},
    {"UPDATE field_column SET data = zeroblob(length(data)) WHERE block = 1 AND field = 2",
     "block 1: its times, sources, columns or values"},
    {"UPDATE field_column SET data = zeroblob(length(data)) WHERE block = 1 AND field = 2",
     "table field_column was changed"},
    {"DELETE FROM proof WHERE block = 2", "table proof has"},
    {"UPDATE proof SET line_sums = x''", "table proof was changed"},
    {"UPDATE field SET name = 'mallory' WHERE name = 'user'", "table field was changed"},
    {"UPDATE field SET is_text = 1 - is_text WHERE id = 3", "table field was changed"},
    {"UPDATE value SET text = 'mallory' WHERE text = 'alice'", "table value was changed"},
    {"DELETE FROM value WHERE id = (SELECT max(id) FROM value)", "table value has"},
    {"UPDATE segment SET day_us = day_us + 86400000000", "the chain of the blocks"},
    {"UPDATE segment SET created_us = created_us + 1", "table segment was changed"},
    {"INSERT INTO inbox_high VALUES ('x', 1)", "table inbox_high has 1 rows, and had 0"},
    {"UPDATE text_term_data SET block = zeroblob(length(block)) WHERE id > 10",
     "table text_term_data was changed"},
    {"DELETE FROM text_term_idx", "table text_term_idx has"},
    {"UPDATE value_term_data SET block = zeroblob(length(block)) WHERE id > 10",
     "table value_term_data was changed"},
    {"UPDATE text_term_config SET v = v + 1", "table text_term_config was changed"},
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
    {"UPDATE copy_table SET rows = rows + 1 WHERE name = 'frame'", "copy_table does not have"},
    {"DELETE FROM copy_table WHERE name = 'frame'", "table frame was not there"},
    {"CREATE TABLE more (x)", "table more was not there"},
    {"DROP TABLE value_uuid", "table value_uuid is gone"},
    {"CREATE VIEW v AS SELECT 1", "table sqlite_schema has"},
    {"CREATE TRIGGER t AFTER INSERT ON value BEGIN SELECT 1; END", "table sqlite_schema has"},
    {"CREATE INDEX i ON value (text)", "table sqlite_schema has"},
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

/* One letter of one event, in a frame that is sound, with and without the digest that then fits. */
static void change_event(bool with_digest)
{
    struct codec *codec = codec_new();
    struct buf ndjson = BUF_INIT;
    struct buf frame = BUF_INIT;
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    EXPECT_OK(file_write(changed, buf_span(&clean_bytes), 0600, &err), err);
    EXPECT_INT(sqlite3_open(changed, &db), SQLITE_OK);
    EXPECT_INT(sqlite3_prepare_v2(db, "SELECT data FROM frame WHERE block = 2", -1, &stmt, NULL),
               0);
    EXPECT_INT(sqlite3_step(stmt), SQLITE_ROW);
    struct span packed =
        span_of(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    EXPECT_OK(codec_unpack(codec, packed, 1u << 24, &ndjson, &err), err);
    (void)sqlite3_finalize(stmt);
    char *line = ndjson.data;
    for (int i = 1; i < 1234; i++) {
        line = strchr(line, '\n') + 1;
    }
    line[10] = line[10] == 'x' ? 'y' : 'x'; /* within the event's type */
    EXPECT_OK(codec_pack(codec, buf_span(&ndjson), 3, true, &frame, &err), err);
    struct digest sha256 = digest_sha256(buf_span(&ndjson));
    EXPECT_INT(
        sqlite3_prepare_v2(db, "UPDATE frame SET data = ?1 WHERE block = 2", -1, &stmt, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_blob(stmt, 1, frame.data, (int)frame.size, SQLITE_STATIC);
    EXPECT_INT(sqlite3_step(stmt), SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
    EXPECT_INT(
        sqlite3_prepare_v2(db, "UPDATE block SET sha256 = ?1 WHERE id = 2 AND ?2", -1, &stmt, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_blob(stmt, 1, sha256.bytes, sizeof sha256.bytes, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 2, with_digest);
    EXPECT_INT(sqlite3_step(stmt), SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
    EXPECT_INT(sqlite3_close(db), SQLITE_OK);
    buf_fini(&ndjson);
    buf_fini(&frame);
    codec_free(codec);
}

TEST(a_changed_event_is_named_by_its_line)
{
    struct copy_verdict verdict;
    change_event(false);
    EXPECT_OK(verify(changed, key, &verdict), err);
    buf_add_char(&told, '\0');
    EXPECT(strstr(told.data, "block 2: line 1234 to 1234, byte ") != NULL);
    EXPECT(strstr(told.data, "this line was changed") != NULL);
    EXPECT(strstr(told.data, "table frame was changed") != NULL);
    change_event(true);
    EXPECT_OK(verify(changed, key, &verdict), err);
    buf_add_char(&told, '\0');
    EXPECT(strstr(told.data, "the chain of the blocks is not the one in the case header") != NULL);
    EXPECT_INT(verdict.seal, COPY_SEAL_VALID); /* of a header that says something else */
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
    static const char *const tables[] = {"sqlite_schema",
                                         "segment",
                                         "inbox_high",
                                         "block",
                                         "frame",
                                         "vector",
                                         "field",
                                         "value",
                                         "field_column",
                                         "value_uuid",
                                         "text_term_data",
                                         "text_term_idx",
                                         "value_term_idx",
                                         "value_term_data",
                                         "text_term_config",
                                         "value_term_config",
                                         "copy_case",
                                         "copy_table",
                                         "copy_seal"};
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
