/* A day's file with damage of every kind: what is lost is said and bounded, all else is read, and
 * verification names the block. */
#include <unistd.h>

#include "schema/segment/segment_observable.h"
#include "schema/verify/verify_days.h"
#include "tests/support/audit_world.h"
#include "tests/support/damage_day.h"
#include "tests/support/forge.h"

enum { FLIPS = 12 };

static struct damage_day day;
static struct err err;
static struct buf clean_lines[DAMAGE_BLOCKS + 1]; /* by block */
static struct buf told;                           /* by verify, a line each */

/* The lines of a block as they came. */
static enum status read_lines(struct segment *segment, int64_t block, struct buf *out)
{
    struct block_lines lines = BLOCK_LINES_INIT;
    buf_clear(out);
    enum status status = segment_lines(segment, block, &lines, &err);
    for (size_t slot = 0; status == OK && slot < lines.n_events; slot++) {
        buf_add_span(out, block_line(&lines, slot));
        buf_add_char(out, '\0');
    }
    block_lines_fini(&lines);
    return status;
}

static bool is_clean(int64_t block, const struct buf *lines)
{
    return span_equal(buf_span(lines), buf_span(&clean_lines[block]));
}

/* All blocks but `but` are what they were. */
static void expect_others_whole(struct segment *segment, int64_t but)
{
    struct buf lines = BUF_INIT;
    for (int64_t block = 1; block <= DAMAGE_BLOCKS; block++) {
        if (block != but) {
            EXPECT_OK(read_lines(segment, block, &lines), err);
            EXPECT(is_clean(block, &lines));
        }
    }
    buf_fini(&lines);
}

static bool deletes; /* the day's file, as soon as something is found */

static void note(void *context, const struct verify_finding *fault)
{
    (void)context;
    EXPECT(!deletes || unlink(day.path) == 0);
    deletes = false;
    buf_printf(&told, "block %lld: %s\n", (long long)fault->block, fault->what);
}

/* What verify says of the day, in `told`. */
static void tell(size_t threads, size_t blocks_at_once, struct verify_report *report)
{
    const int64_t day_us = DAMAGE_DAY_US;
    const struct verify_days verify = {.dir = day.dir,
                                       .days_us = &day_us,
                                       .n_days = 1,
                                       .threads = threads,
                                       .blocks_at_once = blocks_at_once,
                                       .report = report};
    *report = (struct verify_report){.each = note};
    buf_clear(&told);
    EXPECT_OK(verify_days(&verify, &err), err);
    buf_add_char(&told, '\0');
}

/* Every fault is of the block (0: any), and one has the words; the same is said in the same order
 * however the work is shared. */
static void expect_told(int64_t block, const char *words)
{
    struct verify_report report;
    struct buf alone = BUF_INIT;
    char name[32];
    tell(1, 1, &report);
    buf_add_span(&alone, buf_span(&told));
    tell(3, 1, &report);
    EXPECT(span_equal(buf_span(&told), buf_span(&alone)));
    tell(0, 0, &report);
    EXPECT(span_equal(buf_span(&told), buf_span(&alone)));
    (void)snprintf(name, sizeof name, "block %lld: ", (long long)block);
    bool fine = report.faults > 0 && strstr(told.data, words) != NULL;
    for (const char *line = told.data; block > 0 && *line; line = strchr(line, '\n') + 1) {
        fine = fine && strncmp(line, name, strlen(name)) == 0;
    }
    if (!fine) {
        fprintf(stderr, "  \"%s%s\" is not all of: %s\n", name, words, told.data);
        test_failures++;
    }
    buf_fini(&alone);
}

/* What becomes of the day when a bit of the blob is turned: `check` looks at the open segment. */
static void flip(const char *table, const char *column, const char *where, const char *words,
                 void (*check)(struct segment *segment))
{
    struct dice dice = {.state = test_seed(5)};
    int before = test_failures;
    for (int i = 0; i < test_rounds(FLIPS) && test_failures == before; i++) {
        unsigned at = i < 2 ? (unsigned)i * 1000 : dice_roll(&dice, 1001);
        struct segment *segment = NULL;
        damage_day_heal(&day);
        EXPECT(forge_flip(day.path, table, column, where, at));
        EXPECT_OK(segment_open(day.path, &segment, &err), err);
        if (segment) {
            check(segment);
            segment_close(segment);
        }
        expect_told(2, words);
        if (test_failures > before) {
            fprintf(stderr, "  in %s.%s WHERE %s at %u\n", table, column, where, at);
        }
    }
}

static void nothing_is_lost(struct segment *segment)
{
    int64_t times_us[BLOCK_EVENTS_MAX];
    expect_others_whole(segment, 0);
    EXPECT_OK(segment_times(segment, 2, times_us, &err), err);
    EXPECT_OK(segment_arrivals(segment, 2, times_us, &err), err);
}

static void events_are_lost(struct segment *segment)
{
    struct buf lines = BUF_INIT;
    int64_t times_us[BLOCK_EVENTS_MAX];
    EXPECT_INT(read_lines(segment, 2, &lines), ERR_CORRUPT);
    EXPECT(strstr(err.text, day.path) && strstr(err.text, "block 2"));
    EXPECT_OK(segment_arrivals(segment, 2, times_us, &err), err);
    expect_others_whole(segment, 2);
    buf_fini(&lines);
}

static void arrivals_are_lost(struct segment *segment)
{
    int64_t times_us[BLOCK_EVENTS_MAX];
    struct block_columns columns;
    struct buf lines = BUF_INIT;
    expect_others_whole(segment, 0);
    enum status status = segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, 2, &columns, &err);
    status = THEN(status, columnar_read_lines(columns.reader, &lines, &err));
    EXPECT_INT(status, ERR_CORRUPT);
    EXPECT_OK(segment_arrivals(segment, 1, times_us, &err), err);
    EXPECT_OK(segment_arrivals(segment, 3, times_us, &err), err);
    buf_fini(&lines);
}

/* Where a newline stood is not known then, or another white space; no letter of an event changes.
 */
static void newlines_are_lost(struct segment *segment)
{
    struct buf lines = BUF_INIT;
    if (read_lines(segment, 2, &lines) == OK) {
        EXPECT_INT(lines.size, clean_lines[2].size);
        for (size_t i = 0; i < lines.size && i < clean_lines[2].size; i++) {
            char is = lines.data[i];
            char was = clean_lines[2].data[i];
            EXPECT(is == was || (strchr(" \n", is) && strchr(" \n", was)));
        }
    } else {
        EXPECT(strstr(err.text, "block 2"));
    }
    expect_others_whole(segment, 2);
    buf_fini(&lines);
}

static void observables_are_lost(struct segment *segment)
{
    struct observable_index index = {0};
    bool is_there = false;
    expect_others_whole(segment, 0);
    for (int64_t block = 1; block <= DAMAGE_BLOCKS; block++) {
        EXPECT_OK(segment_observable_read(segment, block, &index, &is_there, &err), err);
        EXPECT_INT(is_there, block != 2);
    }
    observable_index_fini(&index);
}

TEST(a_flipped_bit_takes_its_block_alone)
{
    static const char stored[] = "what is stored of it is not what was written";
    flip("block_data", "data", "id = 4", "its events cannot be read", events_are_lost);
    flip("block_data", "data", "id = 5", "when and from where its events came cannot be read",
         arrivals_are_lost);
    flip("vocabulary", "data", "id = 4", stored, nothing_is_lost);
    flip("vocabulary_copy", "data", "id = 4", stored, nothing_is_lost);
    flip("newlines", "data", "block = 2", stored, newlines_are_lost);
    flip("observables", "data", "block = 2", stored, observables_are_lost);
    flip("proof", "stored_sha256", "block = 2", stored, nothing_is_lost);
    flip("proof", "arrivals_sha256", "block = 2", "when and from where its events came was changed",
         nothing_is_lost);
    flip("proof", "line_sums", "block = 2", "sums", nothing_is_lost);
    flip("proof", "chain", "block = 2", "does not continue the chain", nothing_is_lost);
}

/* The digest of a block is in the links of the chain, too. */
TEST(a_flipped_digest_is_told)
{
    struct segment *segment = NULL;
    damage_day_heal(&day);
    EXPECT(forge_flip(day.path, "block", "sha256", "id = 2", 500));
    EXPECT_OK(segment_open(day.path, &segment, &err), err);
    nothing_is_lost(segment);
    segment_close(segment);
    expect_told(2, "its events do not match their digest");
}

/* Numbers of a block's row. */
TEST(a_changed_row_is_told)
{
    static const struct {
        const char *sql;
        const char *words;
        bool is_lost;
    } changes[] = {
        {"UPDATE block SET events = events - 1 WHERE id = 2", "another number of lines", true},
        {"UPDATE block SET raw_bytes = raw_bytes + 1 WHERE id = 2", "another size", true},
        {"UPDATE block SET time_min_us = time_min_us + 1 WHERE id = 2", "times in its row", false},
        {"UPDATE block SET time_max_us = time_max_us - 1 WHERE id = 2", "times in its row", false},
        {"UPDATE block SET stored_bytes = 1 WHERE id = 2", "what is stored of it", false},
        {"UPDATE block SET whole_lines = 0 WHERE id = 2", "whole lines in its row", false},
        {"UPDATE block SET not_same = 1 WHERE id = 2", "what is stored of it", false},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct segment *segment = NULL;
        struct buf lines = BUF_INIT;
        damage_day_heal(&day);
        EXPECT(forge_sql(day.path, changes[i].sql));
        EXPECT_OK(segment_open(day.path, &segment, &err), err);
        EXPECT_INT(read_lines(segment, 2, &lines), changes[i].is_lost ? ERR_CORRUPT : OK);
        expect_others_whole(segment, 2);
        segment_close(segment);
        buf_fini(&lines);
        expect_told(2, changes[i].words);
    }
}

/* Words are in a tree that all blocks share: verification finds what events do not have, or lack.
 */
TEST(damaged_words_are_told)
{
    for (unsigned at = 20; at < 1000; at += 140) {
        struct segment *segment = NULL;
        damage_day_heal(&day);
        EXPECT(forge_flip(day.path, "text_word_data", "block",
                          "id = (SELECT max(id) FROM text_word_data)", at));
        EXPECT_OK(segment_open(day.path, &segment, &err), err);
        nothing_is_lost(segment);
        segment_close(segment);
        expect_told(0, "words");
    }
}

/* A part that is whole in itself, of a vocabulary of something else. */
static void foreign_part(struct buf *sql, const char *table)
{
    struct columnar_writer *writer = NULL;
    struct columnar_written written;
    struct buf block = BUF_INIT;
    struct buf part = BUF_INIT;
    const struct span line = span_str("{\"x\":1}");
    EXPECT_OK(columnar_writer_new(3, &writer, &err), err);
    EXPECT_OK(columnar_write(writer, &line, 1, &block, &part, &written, &err), err);
    EXPECT(vocabulary_part_holds(buf_span(&part)));
    buf_printf(sql, "UPDATE %s SET data = x'", table);
    for (size_t i = 0; i < part.size; i++) {
        buf_printf(sql, "%02x", (unsigned char)part.data[i]);
    }
    buf_printf(sql, "' WHERE id = 2;");
    columnar_writer_free(writer);
    buf_fini(&block);
    buf_fini(&part);
}

/* The last block cannot be read; whether more can be written. */
static void expect_damage(const char *change, const char *words, bool goes_on)
{
    const struct indexer_options options = {.compression_level = 3};
    static const struct source source = {.via = {"import", 6}, .peer = {"b.log", 5}};
    struct segment *segment = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct buf lines = BUF_INIT;
    damage_day_heal(&day);
    EXPECT(forge_sql(day.path, change));
    enum status status = segment_open(day.path, &segment, &err);
    status = THEN(status, read_lines(segment, DAMAGE_BLOCKS, &lines));
    if (status != ERR_CORRUPT || !strstr(err.text, words)) {
        fprintf(stderr, "%s: %d, \"%s\" is not in: %s\n", change, status, words, err.text);
        test_failures++;
    }
    segment_close(segment);
    EXPECT_OK(indexer_open(day.dir, &options, &indexer, &err), err);
    damage_event(0, 999, (buf_clear(&lines), &lines));
    status = import_body(indexer, &source, DAMAGE_DAY_US + CLOCK_DAY_US, 1, buf_span(&lines), &err);
    status = THEN(status, indexer_import_end(indexer, &run, &err));
    if (goes_on ? status != OK : status != ERR_CORRUPT || !strstr(err.text, "damaged")) {
        fprintf(stderr, "%s: writing more: %d, %s\n", change, status, err.text);
        test_failures++;
    }
    indexer_run_free(run);
    indexer_close(indexer);
    buf_fini(&lines);
}

/* A file made to hurt: numbers that would overflow, or ask for memory without end; and parts of the
 * vocabulary that are gone, cut, or of another file. */
TEST(ids_out_of_bounds_are_damage)
{
    static const struct {
        const char *sql;
        const char *words;
        bool goes_on;
    } changes[] = {
        {"UPDATE block SET id = 9223372036854775807 WHERE id = 3", "damaged", false},
        {"UPDATE block SET id = 0 WHERE id = 1", "damaged", false},
        {"UPDATE block SET events = 4097", "damaged", false},
        {"UPDATE block SET events = 1", "another number of lines", true},
        {"DELETE FROM vocabulary; DELETE FROM vocabulary_copy", "a part of the vocabulary", false},
        {"DELETE FROM vocabulary WHERE id = 2; DELETE FROM vocabulary_copy WHERE id = 2",
         "the vocabulary is damaged", false},
        {"DELETE FROM vocabulary WHERE id > 5; DELETE FROM vocabulary_copy WHERE id > 5",
         "a part of the vocabulary that is missing", false},
        {"UPDATE vocabulary SET data = substr(data, 1, length(data) - 1);"
         "UPDATE vocabulary_copy SET data = x''",
         "the vocabulary is damaged", false},
        {"UPDATE vocabulary SET data = zeroblob(1000);"
         "UPDATE vocabulary_copy SET data = zeroblob(0)",
         "the vocabulary is damaged", false},
        {"UPDATE vocabulary SET id = 1000 - id; UPDATE vocabulary_copy SET id = 1000 - id",
         "damaged", false},
        {"UPDATE block_data SET data = x''", "its bytes are gone", true},
        {"DELETE FROM block_data", "its bytes are gone", true},
    };
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        expect_damage(changes[i].sql, changes[i].words, changes[i].goes_on);
    }
    foreign_part(&sql, "vocabulary");
    foreign_part(&sql, "vocabulary_copy");
    buf_add_char(&sql, '\0');
    expect_damage(sql.data, "damaged", false);
    buf_fini(&sql);
}

/* One of the two copies is enough, whichever it is, to read and to write more. */
TEST(a_vocabulary_lives_on_in_its_copy)
{
    static const char *const changes[] = {
        "DELETE FROM vocabulary",
        "DELETE FROM vocabulary_copy",
        "DELETE FROM vocabulary WHERE id % 4 = 2; DELETE FROM vocabulary_copy WHERE id % 4 <> 2",
        "UPDATE vocabulary SET data = zeroblob(length(data))",
        "UPDATE vocabulary SET data = substr(data, 1, length(data) - 1)",
        "UPDATE vocabulary_copy SET data = x''",
    };
    const struct indexer_options options = {.compression_level = 3};
    static const struct source source = {.via = {"import", 6}, .peer = {"b.log", 5}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct segment *segment = NULL;
        struct indexer *indexer = NULL;
        struct indexer_run *run = NULL;
        struct indexer_totals totals;
        struct archive *archive = NULL;
        struct buf lines = BUF_INIT;
        damage_day_heal(&day);
        EXPECT(forge_sql(day.path, changes[i]));
        damage_event(2, 5, &lines);
        damage_event(2, 900, &lines);
        EXPECT_OK(indexer_open(day.dir, &options, &indexer, &err), err);
        EXPECT_OK(import_body(indexer, &source, DAMAGE_DAY_US, 1, buf_span(&lines), &err), err);
        EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
        indexer_run_totals(run, &totals);
        EXPECT_INT(totals.stored, 1);
        EXPECT_INT(totals.duplicates, 1);
        EXPECT_OK(archive_open(day.dir, ARCHIVE_WRITE, &archive, &err), err);
        EXPECT_OK(indexer_run_commit(archive, run, &err), err);
        archive_close(archive);
        indexer_close(indexer);
        EXPECT_OK(segment_open(day.path, &segment, &err), err);
        expect_others_whole(segment, 0);
        EXPECT_OK(read_lines(segment, DAMAGE_BLOCKS + 1, &lines), err);
        EXPECT(strstr(lines.data, "file2900") != NULL);
        segment_close(segment);
        buf_fini(&lines);
    }
}

/* Deleted by retention meanwhile: what was opened is verified to its end. What is found first, that
 * the file says another day, is told before its blocks are begun. */
TEST(a_day_deleted_meanwhile_is_verified)
{
    struct verify_report report;
    struct buf whole = BUF_INIT;
    damage_day_heal(&day);
    EXPECT(forge_sql(day.path, "UPDATE segment SET day_us = day_us + 86400000000"));
    tell(1, 1, &report);
    buf_add_span(&whole, buf_span(&told));
    deletes = true;
    tell(1, 1, &report);
    EXPECT(!deletes && access(day.path, F_OK) != 0);
    EXPECT(span_equal(buf_span(&told), buf_span(&whole)));
    EXPECT_INT(report.blocks, DAMAGE_BLOCKS);
    EXPECT_INT(report.days, 1);
    tell(1, 1, &report); /* and one that is gone is none */
    EXPECT(report.faults == 0 && report.blocks == 0);
    buf_fini(&whole);
}

/* Imports events of damage_event and commits them. */
static void import_events(const struct buf *lines, struct indexer_totals *out_totals)
{
    const struct indexer_options options = {.compression_level = 3};
    static const struct source source = {.via = {"import", 6}, .peer = {"b.log", 5}};
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct archive *archive = NULL;
    EXPECT_OK(indexer_open(day.dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, &source, DAMAGE_DAY_US, 1, buf_span(lines), &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    indexer_run_totals(run, out_totals);
    EXPECT_OK(archive_open(day.dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    archive_close(archive);
    indexer_close(indexer);
}

/* What a damaged block holds is not known: it is stored again, and then known. */
TEST(a_damaged_block_does_not_stop_its_day)
{
    static const char *const blobs[] = {"id = 4", "id = 5"};
    for (size_t i = 0; i < 2; i++) {
        struct segment *segment = NULL;
        struct indexer_totals totals;
        struct buf lines = BUF_INIT;
        damage_day_heal(&day);
        EXPECT(forge_flip(day.path, "block_data", "data", blobs[i], 0));
        damage_event(1, 5, &lines); /* in the damaged block */
        damage_event(2, 5, &lines);
        damage_event(2, 900, &lines);
        import_events(&lines, &totals);
        EXPECT_INT(totals.stored, 2);
        EXPECT_INT(totals.duplicates, 1);
        EXPECT_INT(totals.unread_blocks, 1);
        import_events(&lines, &totals);
        EXPECT_INT(totals.stored, 0);
        EXPECT_INT(totals.duplicates, 3);
        EXPECT_OK(segment_open(day.path, &segment, &err), err);
        EXPECT_OK(read_lines(segment, DAMAGE_BLOCKS + 1, &lines), err);
        EXPECT(memmem(lines.data, lines.size, "file1005", 8) != NULL);
        EXPECT(memmem(lines.data, lines.size, "file2900", 8) != NULL);
        segment_close(segment);
        expect_told(2, "cannot be read");
        buf_fini(&lines);
    }
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
        TEST_ENTRY(a_flipped_bit_takes_its_block_alone),
        TEST_ENTRY(a_flipped_digest_is_told),
        TEST_ENTRY(a_changed_row_is_told),
        TEST_ENTRY(damaged_words_are_told),
        TEST_ENTRY(ids_out_of_bounds_are_damage),
        TEST_ENTRY(a_day_deleted_meanwhile_is_verified),
        TEST_ENTRY(a_vocabulary_lives_on_in_its_copy),
        TEST_ENTRY(a_damaged_block_does_not_stop_its_day),
    };
    damage_day_make(&day);
    read_clean();
    int code = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    for (size_t i = 0; i <= DAMAGE_BLOCKS; i++) {
        buf_fini(&clean_lines[i]);
    }
    buf_fini(&told);
    damage_day_remove(&day);
    return code;
}
