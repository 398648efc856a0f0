/* Large imports: blocks stay full, and events of many days are parted by day. */
#include "schema/index/indexer.h"
#include "schema/segment/segment_map.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static struct err err;
static struct archive *archive;
static const struct source posted = {.via = {"import", 6}, .peer = {"file", 4}};
static const int64_t now = INT64_C(1795392000000000) + 3600 * CLOCK_SECOND_US; /* 2026-11-23T01 */

static struct indexer *open_indexer(size_t waiting_bytes_max)
{
    const struct indexer_options options = {.compression_level = 3,
                                            .waiting_bytes_max = waiting_bytes_max};
    struct indexer *indexer = NULL;
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    return indexer;
}

static void close_all(struct indexer *indexer)
{
    indexer_close(indexer);
    archive_close(archive);
    test_dir_remove(dir);
}

static struct segment *open_day(int64_t day_us)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    EXPECT_OK(archive_segment_path(dir, day_us, path, &err), err);
    EXPECT_OK(segment_open(path, &segment, &err), err);
    return segment;
}

static int64_t import_all(struct indexer *indexer, struct span body)
{
    struct indexer_run *run = NULL;
    struct indexer_totals totals;
    EXPECT_OK(import_body(indexer, &posted, now, 1, body, &err), err);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    indexer_run_totals(run, &totals);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    EXPECT_INT(totals.received, totals.stored + totals.duplicates);
    return totals.stored;
}

static size_t count_blocks(int64_t day_us, size_t *out_events)
{
    size_t n_blocks;
    struct segment *segment = open_day(day_us);
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    *out_events = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        *out_events += blocks[i].n_events;
    }
    segment_close(segment);
    return n_blocks;
}

/* Batches come back from the builders and are used again; what waits for them is bounded by their
 * memory, and that bound must not cut blocks short. */
TEST(blocks_stay_full_when_batches_are_used_again)
{
    const size_t bound = 24 * 1024 * 1024;
    struct indexer *indexer = open_indexer(bound);
    struct buf body = BUF_INIT;
    const int count = 20 * BLOCK_EVENTS_MAX;
    for (int i = 0; i < count; i++) {
        buf_printf(&body, "{\"uid\":\"u%d\",\"time\":\"2026-11-%dT%02d:00:00Z\",\"n\":%d}\n", i,
                   20 + i % 2, i % 24, i);
    }
    EXPECT_INT(import_all(indexer, buf_span(&body)), count);
    int64_t day_us = clock_day_start(now) - 3 * CLOCK_DAY_US;
    for (int d = 0; d < 2; d++) {
        size_t events;
        EXPECT_INT(count_blocks(day_us + d * CLOCK_DAY_US, &events), 10);
        EXPECT_INT(events, count / 2);
    }
    close_all(indexer);
    buf_fini(&body);
}

/* More days than may wait: events are set aside and each day is written once. The second file
 * repeats half of the first. */
TEST(events_of_many_days_are_parted_on_disk)
{
    const size_t bound = 4 * 1024 * 1024;
    enum { DAYS = 60, COUNT = 30000 };
    struct indexer *indexer = open_indexer(bound);
    for (int file = 0; file < 2; file++) {
        struct buf body = BUF_INIT;
        for (int i = 0; i < COUNT; i++) {
            int n = i + file * COUNT / 2;
            buf_printf(&body, "{\"uid\":\"u%d\",\"time\":\"2026-%02d-%02dT00:00:00Z\",\"n\":%d}\n",
                       n, 1 + n % DAYS / 20, 1 + n % 20, n);
        }
        EXPECT_INT(import_all(indexer, buf_span(&body)), file == 0 ? COUNT : COUNT / 2);
        buf_fini(&body);
    }
    int64_t first_us;
    EXPECT(clock_parse_day(span_str("2026-01-01"), &first_us));
    for (int d = 0; d < 20; d++) {
        size_t events;
        EXPECT(count_blocks(first_us + d * CLOCK_DAY_US, &events) <= 4);
        EXPECT_INT(events, COUNT * 3 / 2 / DAYS);
    }
    close_all(indexer);
}

/* In order of time, a day is over when the next ones fill: it is written then, and not set aside to
 * be parsed once more at the end. */
TEST(days_in_order_are_written_as_they_end)
{
    enum { DAYS = 60, COUNT = 1500 };
    struct indexer *indexer = open_indexer(32 * 1024 * 1024);
    struct buf body = BUF_INIT;
    for (int i = 0; i < DAYS * COUNT; i++) {
        int day = i / COUNT;
        buf_printf(&body,
                   "{\"uid\":\"u%d\",\"time\":\"2026-%02d-%02dT00:00:00Z\",\"text\":\"%0200d\"}\n",
                   i, 1 + day / 20, 1 + day % 20, i);
    }
    struct indexer_run *run = NULL;
    int64_t *written = NULL;
    size_t n_written = 0;
    EXPECT_OK(import_body(indexer, &posted, now, 1, buf_span(&body), &err), err);
    EXPECT_OK(segment_days(dir, &written, &n_written, &err), err);
    EXPECT(n_written > DAYS / 4);
    EXPECT_OK(indexer_import_end(indexer, &run, &err), err);
    EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    int64_t first_us;
    EXPECT(clock_parse_day(span_str("2026-01-01"), &first_us));
    for (int d = 0; d < 20; d++) {
        size_t events;
        EXPECT_INT(count_blocks(first_us + d * CLOCK_DAY_US, &events), 1);
        EXPECT_INT(events, COUNT);
    }
    free(written);
    buf_fini(&body);
    close_all(indexer);
}

TEST_MAIN(TEST_ENTRY(blocks_stay_full_when_batches_are_used_again),
          TEST_ENTRY(events_of_many_days_are_parted_on_disk),
          TEST_ENTRY(days_in_order_are_written_as_they_end))
