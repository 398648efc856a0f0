/* Days of their own become days of one file, block by block the same. */
#include "schema/archive/archive.h"
#include "schema/base/vec.h"
#include "schema/index/indexer.h"
#include "schema/index/merger.h"
#include "schema/segment/segment_map.h"
#include "schema/segment/segment_writer.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

enum { DAYS = 9, EVENTS_A_DAY = 700, PARTS = 3 };

#define FIRST_US                                                                                   \
    (INT64_C(20448) * CLOCK_DAY_US) /* 2025-12-26: the days go over a turn of the year */

static char dir[FILE_PATH_BYTES];
static struct err err;
static const struct source source = {.via = {"import", 6}, .peer = {"file", 4}};

static int64_t day_at(int day)
{
    return FIRST_US + day * CLOCK_DAY_US;
}

/* One event of the day; every ninth has no time that can be read, and counts as of its arrival. */
static void add_event(struct buf *body, int day, int number)
{
    char time[CLOCK_TEXT_BYTES];
    clock_format(day_at(day) + number * INT64_C(60000123), time);
    buf_printf(body,
               "{\"uid\":\"%08x-0000-4000-8000-%012x\",\"event\":\"e%d\",\"user\":\"user-%d\",",
               (unsigned)day, (unsigned)number, number % 5, number % 23);
    buf_printf(body, "\"addr\":\"10.0.%d.%d:%d\",\"q\":\"SELECT %d FROM day%dtable\",",
               number % 256, day, number, number, day);
    buf_printf(body, "\"%s\":\"%s\"}\n", number % 9 == 0 ? "at" : "time", time);
}

static int64_t import(const struct buf *body, int64_t arrival_us, int64_t merge_before_us)
{
    const struct indexer_options options = {.compression_level = 3,
                                            .merge_before_us = merge_before_us};
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    struct indexer_totals totals = {.stored = -1};
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(import_body(indexer, &source, arrival_us, 1, buf_span(body), &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    indexer_run_totals(run, &totals);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    indexer_close(indexer);
    archive_close(archive);
    return totals.stored;
}

/* Each day in three blocks. */
static void make_days(int64_t merge_before_us)
{
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    for (int day = 0; day < DAYS; day++) {
        for (int part = 0; part < PARTS; part++) {
            struct buf body = BUF_INIT;
            for (int i = part; i < EVENTS_A_DAY; i += PARTS) {
                add_event(&body, day, i);
            }
            EXPECT_INT(import(&body, day_at(day) + part * CLOCK_SECOND_US, merge_before_us),
                       (EVENTS_A_DAY - part + PARTS - 1) / PARTS);
            buf_fini(&body);
        }
    }
}

static void merge(int64_t before_us, int64_t want_days)
{
    struct merger *merger = NULL;
    bool more = true;
    EXPECT_OK(merger_new(dir, "00000000-0000-4000-8000-000000000000", 3, &merger, &err), err);
    while (more) {
        enum status status = merger_run(merger, before_us, 1000, &more, &err);
        EXPECT_OK(status, err);
        more = more && status == OK;
    }
    EXPECT_INT(merger_report(merger)->days, want_days);
    EXPECT_INT(merger_report(merger)->left_days, 0);
    merger_free(merger);
}

/* All that a day is: numbers, digests, lines, times, arrivals, identities. */
static void tell_day(int day, struct buf *out)
{
    struct segment *segment = NULL;
    struct block_lines lines = BLOCK_LINES_INIT;
    size_t count = 0;
    buf_clear(out);
    EXPECT_OK(segment_open_day(dir, day_at(day), &segment, &err), err);
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t times_us[BLOCK_EVENTS_MAX];
        uint32_t hashes[BLOCK_EVENTS_MAX];
        const struct block_info *info = &blocks[i];
        EXPECT_INT(info->day_us, day_at(day));
        buf_printf(out, "%lld %u %lld %lld\n", (long long)info->number, info->n_events,
                   (long long)info->time_min_us, (long long)info->time_max_us);
        buf_add(out, &info->sha256, sizeof info->sha256);
        EXPECT_OK(segment_lines(segment, info->id, &lines, &err), err);
        buf_add_span(out, buf_span(&lines.ndjson));
        EXPECT_OK(segment_times(segment, info->id, times_us, &err), err);
        buf_add(out, times_us, info->n_events * sizeof times_us[0]);
        EXPECT_OK(segment_arrivals(segment, info->id, times_us, &err), err);
        buf_add(out, times_us, info->n_events * sizeof times_us[0]);
        EXPECT_OK(segment_identities(segment, info->id, hashes, &err), err);
        buf_add(out, hashes, info->n_events * sizeof hashes[0]);
    }
    block_lines_fini(&lines);
    segment_close(segment);
}

static void tell_all(struct buf *told)
{
    for (int day = 0; day < DAYS; day++) {
        tell_day(day, &told[day]);
    }
}

static void expect_told(const struct buf *told, int but)
{
    struct buf now = BUF_INIT;
    for (int day = 0; day < DAYS; day++) {
        if (day != but) {
            tell_day(day, &now);
            EXPECT(span_equal(buf_span(&now), buf_span(&told[day])));
        }
    }
    buf_fini(&now);
}

static void told_fini(struct buf *told)
{
    for (int day = 0; day < DAYS; day++) {
        buf_fini(&told[day]);
    }
    test_dir_remove(dir);
}

static size_t count_files(bool merged)
{
    int64_t *days = NULL;
    size_t count = 0;
    enum status status = merged ? archive_merged_files(dir, &days, &count, &err)
                                : archive_day_files(dir, &days, &count, &err);
    EXPECT_OK(status, err);
    free(days);
    return count;
}

TEST(a_day_is_the_same_in_another_file)
{
    struct buf told[DAYS] = {{0}};
    int64_t *days = NULL;
    size_t count = 0;
    make_days(0);
    tell_all(told);
    EXPECT_INT(count_files(false), DAYS);
    merge(day_at(4), 4);
    EXPECT_INT(count_files(false), DAYS - 4);
    expect_told(told, -1);
    merge(INT64_MAX, DAYS - 4);
    EXPECT_INT(count_files(false), 0);
    EXPECT_INT(count_files(true), 2); /* one a year */
    expect_told(told, -1);
    EXPECT_OK(segment_days(dir, &days, &count, &err), err);
    EXPECT_INT(count, DAYS);
    for (size_t i = 0; i < count; i++) {
        EXPECT_INT(days[i], day_at((int)i));
    }
    free(days);
    told_fini(told);
}

TEST(an_import_ends_merged)
{
    struct buf told[DAYS] = {{0}};
    make_days(INT64_MAX);
    EXPECT_INT(count_files(false), 0);
    EXPECT_INT(count_files(true), 2);
    tell_all(told);
    merge(INT64_MAX, 0);
    expect_told(told, -1);
    told_fini(told);
}

TEST(late_events_go_where_their_day_is)
{
    struct buf told[DAYS] = {{0}};
    struct buf body = BUF_INIT;
    struct segment *segment = NULL;
    size_t count;
    make_days(0);
    merge(INT64_MAX, DAYS);
    tell_all(told);
    add_event(&body, 3, 5); /* is there */
    add_event(&body, 3, EVENTS_A_DAY + 1);
    EXPECT_INT(import(&body, day_at(5), 0), 1);
    EXPECT_INT(import(&body, day_at(5), 0), 0);
    EXPECT_INT(count_files(false), 0);
    expect_told(told, 3);
    EXPECT_OK(segment_open_day(dir, day_at(3), &segment, &err), err);
    const struct block_info *blocks = segment_blocks(segment, &count);
    EXPECT_INT(count, PARTS + 1);
    EXPECT_INT(blocks[PARTS].number, PARTS + 1);
    segment_close(segment);
    buf_fini(&body);
    told_fini(told);
}

TEST(what_a_crash_left_counts_once)
{
    struct buf told[DAYS] = {{0}};
    struct buf own = BUF_INIT;
    char path[FILE_PATH_BYTES];
    make_days(0);
    tell_all(told);
    EXPECT_OK(archive_segment_path(dir, day_at(2), path, &err), err);
    EXPECT_OK(file_read(path, SIZE_MAX, &own, &err), err);
    merge(INT64_MAX, DAYS);
    EXPECT_OK(file_write(path, buf_span(&own), 0600, &err), err);
    EXPECT_INT(count_files(false), 1);
    expect_told(told, -1);
    merge(INT64_MAX, 0);
    EXPECT_INT(count_files(false), 0);
    expect_told(told, -1);
    buf_fini(&own);
    told_fini(told);
}

TEST(a_day_is_taken_out)
{
    struct buf told[DAYS] = {{0}};
    struct buf body = BUF_INIT;
    struct segment *segment = NULL;
    char path[FILE_PATH_BYTES];
    make_days(0);
    merge(INT64_MAX, DAYS);
    tell_all(told);
    EXPECT_OK(segment_path_of_day(dir, day_at(1), path, &err), err);
    struct file_stamp before = file_stamp_read(path);
    EXPECT_OK(segment_open_day(dir, day_at(1), &segment, &err), err);
    EXPECT_OK(segment_writer_remove_day(path, day_at(1), &err), err);
    struct block_lines lines = BLOCK_LINES_INIT; /* who has it open goes on */
    EXPECT_OK(segment_lines(segment, segment_blocks(segment, &(size_t){0})->id, &lines, &err), err);
    block_lines_fini(&lines);
    segment_close(segment);
    segment = NULL;
    EXPECT_OK(segment_writer_remove_day(path, day_at(1), &err), err);
    EXPECT(segment_open_day(dir, day_at(1), &segment, &err) == ERR_NOT_FOUND);
    expect_told(told, 1);
    struct file_stamp after = file_stamp_read(path);
    EXPECT(after.bytes[0] < before.bytes[0]);
    add_event(&body, 1, 3); /* what comes again is new, and has the vocabulary of others */
    EXPECT_INT(import(&body, day_at(5), INT64_MAX), 1);
    expect_told(told, 1);
    for (int day = 0; day <= 5; day++) { /* the file goes with its last day */
        EXPECT_OK(segment_writer_remove_day(path, day_at(day), &err), err);
    }
    EXPECT(!file_exists(path));
    buf_fini(&body);
    told_fini(told);
}

/* Events that came after the first handle was opened are none for one that joins it. */
TEST(a_handle_that_joins_sees_what_the_first_one_sees)
{
    struct segment *first = NULL;
    struct segment *second = NULL;
    struct buf body = BUF_INIT;
    size_t count = 0;
    make_days(0);
    merge(INT64_MAX, DAYS);
    EXPECT_OK(segment_open_day(dir, day_at(0), &first, &err), err);
    add_event(&body, 2, EVENTS_A_DAY + 7);
    EXPECT_INT(import(&body, day_at(5), 0), 1);
    EXPECT_OK(segment_open_day(dir, day_at(2), &second, &err), err);
    (void)segment_blocks(second, &count);
    EXPECT_INT(count, PARTS + 1);
    struct segment_vocabulary *shared = segment_share_vocabulary(first);
    segment_use_vocabulary(second, shared);
    segment_vocabulary_release(shared);
    EXPECT_INT(segment_day_us(second), day_at(2));
    (void)segment_blocks(second, &count);
    EXPECT_INT(count, PARTS);
    (void)segment_block_ids(second, &count);
    EXPECT_INT(count, PARTS * 6);
    segment_close(first);
    segment_close(second);
    buf_fini(&body);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(a_day_is_the_same_in_another_file), TEST_ENTRY(an_import_ends_merged),
          TEST_ENTRY(late_events_go_where_their_day_is), TEST_ENTRY(what_a_crash_left_counts_once),
          TEST_ENTRY(a_day_is_taken_out),
          TEST_ENTRY(a_handle_that_joins_sees_what_the_first_one_sees))
