/* Inbox and import into segments, on real files. */
#include <unistd.h>

#include "schema/archive/quarantine_table.h"
#include "schema/index/indexer.h"
#include "schema/segment/segment_map.h"
#include "tests/support/import_body.h"
#include "tests/support/raw_sqlite.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static struct err err;
static struct archive *archive;
static const struct indexer_options options = {.compression_level = 3};
static const struct source posted = {.via = {"mtls", 4}, .peer = {"127.0.0.1", 9}};
static const int64_t now = INT64_C(1795392000000000) + 3600 * CLOCK_SECOND_US; /* 2026-11-23T01 */

static void open_archive(void)
{
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
}

static void close_archive(void)
{
    archive_close(archive);
    test_dir_remove(dir);
}

static struct indexer *open_indexer(void)
{
    struct indexer *indexer = NULL;
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    return indexer;
}

static void post(const char *body)
{
    struct inbox_item item = {.source = posted, .received_us = now, .body = span_str(body)};
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
}

static struct indexer_totals index_all(struct indexer *indexer)
{
    struct indexer_totals sum = {0};
    for (struct indexer_run *run = NULL;;) {
        EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
        if (!run) {
            return sum;
        }
        struct indexer_totals totals;
        indexer_run_totals(run, &totals);
        sum.received += totals.received;
        sum.stored += totals.stored;
        sum.duplicates += totals.duplicates;
        sum.quarantined += totals.quarantined;
        sum.no_time += totals.no_time;
        EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    }
}

static struct segment *open_day(int64_t day_us)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    EXPECT_OK(archive_segment_path(dir, day_us, path, &err), err);
    EXPECT_OK(segment_open(path, &segment, &err), err);
    return segment;
}

/* All events of the archive, a line each, in order of day, block and slot. */
static void read_all(struct buf *out)
{
    int64_t *days = NULL;
    size_t n_days = 0;
    EXPECT_OK(segment_days(dir, &days, &n_days, &err), err);
    for (size_t d = 0; d < n_days; d++) {
        struct segment *segment = open_day(days[d]);
        struct block_lines lines = BLOCK_LINES_INIT;
        size_t n_blocks;
        const struct block_info *blocks = segment_blocks(segment, &n_blocks);
        for (size_t b = 0; b < n_blocks; b++) {
            EXPECT_OK(segment_lines(segment, blocks[b].id, &lines, &err), err);
            for (size_t slot = 0; slot < lines.n_events; slot++) {
                buf_add_span(out, block_line(&lines, slot));
                buf_add_char(out, '\n');
            }
        }
        block_lines_fini(&lines);
        segment_close(segment);
    }
    free(days);
}

TEST(inbox_goes_into_days_and_comes_back_as_it_was)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    post("{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\",\"user\":\"alice\"}");
    post("{\"uid\":\"b\",\"time\":\"2026-11-23T00:30:00Z\",\n \"user\" : \"bob\"}");
    post("{\"uid\":\"c\",\"time\":\"2023-09-18\"}\nbroken\n{\"uid\":\"d\"}");
    struct indexer_totals totals = index_all(indexer);
    EXPECT_INT(totals.received, 4);
    EXPECT_INT(totals.stored, 4);
    EXPECT_INT(totals.quarantined, 1);
    EXPECT_INT(totals.no_time, 2);
    struct buf all = BUF_INIT;
    read_all(&all);
    EXPECT_SPAN(buf_span(&all),
                "{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\",\"user\":\"alice\"}\n"
                "{\"uid\":\"b\",\"time\":\"2026-11-23T00:30:00Z\",\n \"user\" : \"bob\"}\n"
                "{\"uid\":\"c\",\"time\":\"2023-09-18\"}\n{\"uid\":\"d\"}\n");
    buf_fini(&all);
    struct inbox_state state;
    EXPECT_OK(inbox_state(archive, &state, &err), err);
    EXPECT_INT(state.count, 0);
    struct segment *segment = open_day(clock_day_start(now));
    EXPECT_INT(segment_inbox_high(segment, archive_id(archive)), 3);
    segment_close(segment);
    indexer_close(indexer);
    close_archive();
}

TEST(what_came_before_is_a_duplicate)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    post("{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\",\"code\":\"T1\"}");
    post("{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\",\"code\":\"T1\"}");
    post("{\"a\":1}{\"a\":1}");
    post("{\"uid\":\"t\",\"time\":\"never\"}");
    EXPECT_INT(index_all(indexer).duplicates, 2);
    post("{\"code\":\"T1\",\"time\":\"2026-11-22T10:00:00.000Z\",\"uid\":\"a\"}"); /* other bytes */
    post("{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:01Z\",\"code\":\"T1\"}");     /* other time */
    post("{\"a\":1}");
    post("{\"uid\":\"t\",\"time\":\"never\"}");
    struct indexer_totals totals = index_all(indexer);
    EXPECT_INT(totals.duplicates, 3);
    EXPECT_INT(totals.stored, 1);
    indexer_close(indexer);
    close_archive();
}

static void post_at(const char *body, int64_t received_us)
{
    struct inbox_item item = {.source = posted, .received_us = received_us, .body = span_str(body)};
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
}

/* The arrival time stands in for none: a repetition has another, and is the same event. */
TEST(without_a_time_a_repetition_is_known_by_its_uid)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    const char *body = "{\"uid\":\"t\",\"event\":\"e\",\"time\":\"never\"}";
    post_at(body, now);
    post_at(body, now + 1);
    EXPECT_INT(index_all(indexer).stored, 1);
    post_at(body, now + 60 * CLOCK_SECOND_US);
    post_at(body, now + CLOCK_DAY_US); /* the day after */
    EXPECT_INT(index_all(indexer).stored, 0);
    indexer_close(indexer);
    close_archive();
}

/* A catalogue out of a backup hands out row ids that the segments know already. */
TEST(an_older_catalogue_loses_no_event)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    post("{\"uid\":\"a\"}");
    post("{\"uid\":\"b\"}");
    EXPECT_INT(index_all(indexer).stored, 2);
    indexer_close(indexer);
    char path[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(path, &err, "%.300s/archive.db", dir), err);
    EXPECT(raw_sqlite_exec(path, "UPDATE sqlite_sequence SET seq = 0"));
    indexer = open_indexer();
    post("{\"uid\":\"c\"}");
    (void)index_all(indexer);
    struct buf all = BUF_INIT;
    read_all(&all);
    EXPECT_SPAN(buf_span(&all), "{\"uid\":\"a\"}\n{\"uid\":\"b\"}\n{\"uid\":\"c\"}\n");
    buf_fini(&all);
    indexer_close(indexer);
    close_archive();
}

/* A megabyte of broken lines is no half million rows. */
TEST(broken_lines_of_one_request_are_gathered)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    struct buf body = BUF_INIT;
    for (int i = 0; i < 500000; i++) {
        buf_add_str(&body, "x\n");
    }
    buf_add_str(&body, "{\"uid\":\"a\"}");
    buf_add_char(&body, '\0');
    post(body.data);
    buf_fini(&body);
    struct indexer_totals totals = index_all(indexer);
    EXPECT_INT(totals.stored, 1);
    EXPECT_INT(totals.quarantined, 33);
    struct archive_cursor *cursor = NULL;
    EXPECT_OK(quarantine_cursor_open(archive, &cursor, &err), err);
    struct quarantine_row row;
    bool end = false;
    size_t bytes = 0;
    while (quarantine_cursor_next(cursor, &row, &end, &err) == OK && !end) {
        bytes += row.body.size;
        EXPECT_INT(row.position, 2 * (row.id - 1));
    }
    EXPECT_INT(bytes, 32 + 2 * (500000 - 32) - 1);
    archive_cursor_close(cursor);
    indexer_close(indexer);
    close_archive();
}

/* The crash between a segment's commit and the deletion of the inbox rows. */
TEST(a_run_done_twice_changes_nothing)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    struct indexer_run *run = NULL;
    post("{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\"}{\"x\":1}");
    post("{\"uid\":\"b\",\"time\":\"2026-11-21T10:00:00Z\"}");
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    indexer_run_free(run);
    indexer_close(indexer);
    indexer = open_indexer();
    struct indexer_totals totals = index_all(indexer);
    EXPECT_INT(totals.duplicates, 0);
    EXPECT_INT(totals.stored, 3);
    struct buf all = BUF_INIT;
    read_all(&all);
    EXPECT_SPAN(buf_span(&all), "{\"uid\":\"b\",\"time\":\"2026-11-21T10:00:00Z\"}\n"
                                "{\"uid\":\"a\",\"time\":\"2026-11-22T10:00:00Z\"}\n{\"x\":1}\n");
    buf_fini(&all);
    indexer_close(indexer);
    close_archive();
}

/* More days than writers may be open, back and forth, so that writers are put away in the middle.
 */
static void post_numbered(int from, int to)
{
    struct buf body = BUF_INIT;
    for (int i = from; i < to; i++) {
        buf_printf(&body, "{\"uid\":\"n-%d\",\"time\":\"2026-11-22T10:00:00Z\",\"n\":%d}\n", i, i);
    }
    buf_add_char(&body, '\0');
    post(body.data);
    buf_fini(&body);
}

/* What is known already is taken out of a full batch, which then waits to be filled up: at the end
 * of the run it must not be left behind, however late the builder is done with it. */
TEST(a_batch_that_was_thinned_out_is_written_with_its_run)
{
    open_archive();
    struct indexer_run *run = NULL;
    struct indexer *indexer = open_indexer();
    post_numbered(0, 2876);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    indexer_run_free(run); /* in the segment, and not settled */
    indexer_close(indexer);
    indexer = open_indexer();
    post_numbered(2876, BLOCK_EVENTS_MAX + 1);
    struct indexer_totals totals = index_all(indexer);
    EXPECT_INT(totals.received, BLOCK_EVENTS_MAX + 1);
    EXPECT_INT(totals.stored, BLOCK_EVENTS_MAX + 1);
    struct buf all = BUF_INIT;
    read_all(&all);
    int lines = 0;
    for (size_t i = 0; i < all.size; i++) {
        lines += all.data[i] == '\n';
    }
    EXPECT_INT(lines, BLOCK_EVENTS_MAX + 1);
    buf_fini(&all);
    indexer_close(indexer);
    close_archive();
}

TEST(many_days_in_one_run)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    struct buf body = BUF_INIT;
    for (int i = 0; i < 400; i++) {
        buf_printf(&body, "{\"uid\":\"u%d\",\"time\":\"2026-%02d-%02dT00:00:00Z\"}\n", i,
                   1 + i % 10, 1 + i * 7 % 28);
    }
    buf_add_char(&body, '\0');
    post(body.data);
    EXPECT_INT(index_all(indexer).stored, 400);
    post(body.data);
    EXPECT_INT(index_all(indexer).duplicates, 400);
    buf_fini(&body);
    indexer_close(indexer);
    close_archive();
}

/* The way that the block keeps the values of a path. */
static enum columnar_way way_of(const struct block_columns *columns, const char *path)
{
    for (size_t i = 0; i < columnar_column_count(columns->reader); i++) {
        uint32_t at;
        enum columnar_way way = columnar_column_way(columns->reader, i, &at);
        if (span_is(intern_text(&columns->vocabulary->paths, at), path)) {
            return way;
        }
    }
    return (enum columnar_way)0;
}

static bool text_has(struct segment *segment, const char *term, bool is_prefix, int64_t block)
{
    struct span text = span_str(term);
    struct segment_term_query question = {
        .terms = &text, .n_terms = 1, .last_is_prefix = is_prefix};
    struct segment_block_set set = {0};
    EXPECT_OK(segment_text_blocks(segment, &question, &set, &err), err);
    bool has = segment_block_set_has(&set, block);
    segment_block_set_fini(&set);
    return has;
}

/* Each way, in the segment that the test below makes. */
static void expect_ways(struct segment *segment)
{
    struct block_columns columns;
    EXPECT_OK(segment_open_columns(segment, SEGMENT_DATA_EVENTS, 2, &columns, &err), err);
    EXPECT_INT(way_of(&columns, "user"), COLUMNAR_IDS);
    EXPECT_INT(way_of(&columns, "pid"), COLUMNAR_FORM);
    EXPECT_INT(way_of(&columns, "command"), COLUMNAR_TEXT);
    EXPECT(text_has(segment, "file4100", false, 2) && !text_has(segment, "file4100", false, 1));
    EXPECT(text_has(segment, "tmp/file410", true, 2) && !text_has(segment, "user6", false, 2));
    EXPECT_OK(segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, 2, &columns, &err), err);
    EXPECT_INT(way_of(&columns, "stele.source"), COLUMNAR_ONE);
}

/* Fields that are kept in every way, in three blocks. */
TEST(import_makes_full_blocks_with_ids_numbers_and_text)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    struct buf body = BUF_INIT;
    const int count = 2 * BLOCK_EVENTS_MAX + 100;
    for (int i = 0; i < count; i++) {
        buf_clear(&body);
        buf_printf(
            &body,
            "{\"uid\":\"u%d\",\"time\":\"2026-11-20T%02d:%02d:00Z\",\"user\":\"user%d\",\"pid\":%d,"
            "\"command\":\"cat /tmp/file%d\",\"roles\":[\"a\",\"r%d\"]}\n",
            i, i / 3600, i / 60 % 60, i % 7, i * 31, i, i % 3);
        EXPECT_OK(import_body(indexer, &posted, now, i, buf_span(&body), &err), err);
    }
    EXPECT_OK(import_body(indexer, &posted, now, 77, span_str("[1"), &err), err);
    struct indexer_run *run = NULL;
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    struct indexer_totals totals;
    indexer_run_totals(run, &totals);
    EXPECT_INT(totals.stored, count);
    EXPECT_INT(totals.quarantined, 1);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);

    struct segment *segment = open_day(clock_day_start(now) - 3 * CLOCK_DAY_US);
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    EXPECT_INT(n_blocks, 3);
    EXPECT_INT(blocks[1].n_events, BLOCK_EVENTS_MAX);
    expect_ways(segment);
    segment_close(segment);
    indexer_close(indexer);
    buf_fini(&body);
    close_archive();
}

/* A block's lines have the digest that stands beside them. */
TEST(blocks_are_what_their_rows_say)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    post("{\"uid\":\"a\"}{\"uid\":\"b\"}");
    (void)index_all(indexer);
    struct segment *segment = open_day(clock_day_start(now));
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    EXPECT_INT(n_blocks, 1);
    struct block_lines lines = BLOCK_LINES_INIT;
    EXPECT_OK(segment_lines(segment, 1, &lines, &err), err);
    struct digest digest = digest_sha256(buf_span(&lines.ndjson));
    EXPECT_INT(memcmp(digest.bytes, blocks[0].sha256.bytes, sizeof digest.bytes), 0);
    EXPECT_INT(segment_lines(segment, 2, &lines, &err), ERR_CORRUPT);
    block_lines_fini(&lines);
    segment_close(segment);
    indexer_close(indexer);
    close_archive();
}

/* A sender that invents fields and long values: its lines are kept whole, and no end of paths. */
TEST(hostile_events_stay_within_bounds)
{
    open_archive();
    struct indexer *indexer = open_indexer();
    struct buf body = BUF_INIT;
    for (int event = 0; event < 6; event++) {
        buf_printf(&body, "{\"uid\":\"h%d\"", event);
        for (int i = 0; i < 1000; i++) {
            buf_printf(&body, ",\"f%d_%d\":%d", event, i, i);
        }
        buf_add_str(&body, "}\n");
    }
    buf_add_str(&body, "{\"uid\":\"long\",\"v\":\"");
    for (int i = 0; i < 100000; i++) {
        buf_add_char(&body, 'x');
    }
    buf_add_str(&body, "\",\"many\":[");
    for (int i = 0; i < 70000; i++) {
        buf_add_str(&body, i ? ",1" : "1");
    }
    buf_add_str(&body, "]}");
    buf_add_char(&body, '\0');
    post(body.data);
    EXPECT_INT(index_all(indexer).stored, 7);
    struct segment *segment = open_day(clock_day_start(now));
    const struct vocabulary *vocabulary;
    size_t n_blocks;
    EXPECT_OK(segment_vocabulary(segment, &vocabulary, &err), err);
    EXPECT(intern_count(&vocabulary->paths) < 20);
    EXPECT_INT(segment_blocks(segment, &n_blocks)->whole_lines, 7);
    segment_close(segment);
    buf_fini(&body);
    indexer_close(indexer);
    close_archive();
}

TEST_MAIN(TEST_ENTRY(inbox_goes_into_days_and_comes_back_as_it_was),
          TEST_ENTRY(what_came_before_is_a_duplicate), TEST_ENTRY(a_run_done_twice_changes_nothing),
          TEST_ENTRY(without_a_time_a_repetition_is_known_by_its_uid),
          TEST_ENTRY(an_older_catalogue_loses_no_event),
          TEST_ENTRY(broken_lines_of_one_request_are_gathered),
          TEST_ENTRY(a_batch_that_was_thinned_out_is_written_with_its_run),
          TEST_ENTRY(many_days_in_one_run),
          TEST_ENTRY(import_makes_full_blocks_with_ids_numbers_and_text),
          TEST_ENTRY(blocks_are_what_their_rows_say), TEST_ENTRY(hostile_events_stay_within_bounds))
