/* A new day's file: whole when it is there, and not there before. */
#include "schema/index/indexer.h"
#include "tests/support/import_body.h"
#include "tests/support/test.h"

static char dir[FILE_PATH_BYTES];
static char day_path[FILE_PATH_BYTES];
static struct err err;
static struct archive *archive;
static const struct indexer_options options = {.compression_level = 3};
static const struct source posted = {.via = {"mtls", 4}, .peer = {"127.0.0.1", 9}};
static const int64_t now = INT64_C(1795392000000000) + 3600 * CLOCK_SECOND_US; /* 2026-11-23T01 */

static struct indexer *open_all(void)
{
    struct indexer *indexer = NULL;
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(archive_segment_path(dir, clock_day_start(now), day_path, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    return indexer;
}

static void close_all(struct indexer *indexer)
{
    indexer_close(indexer);
    archive_close(archive);
    test_dir_remove(dir);
}

static bool beside_day(const char *suffix)
{
    char path[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(path, &err, "%s%s", day_path, suffix), err);
    return file_exists(path);
}

static struct indexer_totals index_one(struct indexer *indexer, const char *body)
{
    struct indexer_run *run = NULL;
    struct indexer_totals totals = {0};
    struct inbox_item item = {.source = posted, .received_us = now, .body = span_str(body)};
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    if (run) {
        indexer_run_totals(run, &totals);
        EXPECT_OK(indexer_run_commit(archive, run, &err), err);
    }
    return totals;
}

static size_t count_events(void)
{
    struct segment *segment = NULL;
    EXPECT_OK(segment_open(day_path, &segment, &err), err);
    size_t n_blocks;
    size_t n_events = 0;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    for (size_t i = 0; i < n_blocks; i++) {
        n_events += blocks[i].n_events;
    }
    segment_close(segment);
    return n_events;
}

/* The journal mode is in the file (https://sqlite.org/fileformat2.html, 1.3.3): 2 is WAL, so that
 * readers and the writer are not in each other's way from the first moment on. */
static void expect_wal_mode(void)
{
    struct buf bytes = BUF_INIT;
    EXPECT_OK(file_read(day_path, 1u << 30, &bytes, &err), err);
    EXPECT(bytes.size > 100 && bytes.data[18] == 2 && bytes.data[19] == 2);
    buf_fini(&bytes);
}

TEST(what_a_crash_left_is_no_part_of_it)
{
    static const char *const suffixes[] = {".new", ".new-wal", ".new-shm", ".new-journal"};
    struct indexer *indexer = open_all();
    char path[FILE_PATH_BYTES];
    EXPECT_OK(file_path_format(path, &err, "%s/segments/2026", dir), err);
    EXPECT_OK(file_make_dir(path, 0700, &err), err);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        EXPECT_OK(file_path_format(path, &err, "%s%s", day_path, suffixes[i]), err);
        EXPECT_OK(file_write(path, span_str("left by a crash"), 0600, &err), err);
    }
    EXPECT_INT(index_one(indexer, "{\"uid\":\"a\"}{\"uid\":\"b\"}").stored, 2);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        EXPECT(!beside_day(suffixes[i]));
    }
    expect_wal_mode();
    EXPECT_INT(count_events(), 2);
    close_all(indexer);
}

/* The writer goes on under the day's own name: what it knows and what it adds fits the first. */
TEST(the_same_writer_goes_on)
{
    struct indexer *indexer = open_all();
    EXPECT_INT(index_one(indexer, "{\"uid\":\"a\",\"user\":\"alice\"}").stored, 1);
    struct indexer_totals totals =
        index_one(indexer, "{\"uid\":\"a\",\"user\":\"alice\"}{\"uid\":\"b\",\"user\":\"bob\"}");
    EXPECT_INT(totals.stored, 1);
    EXPECT_INT(totals.duplicates, 1);
    EXPECT_INT(index_one(indexer, "{\"uid\":\"c\",\"user\":\"alice\"}").stored, 1);
    EXPECT_INT(count_events(), 3);
    EXPECT(!beside_day(".new"));
    close_all(indexer);
}

/* Enough events that blocks are written, and no commit. */
TEST(without_a_commit_nothing_is_there)
{
    struct indexer *indexer = open_all();
    struct buf body = BUF_INIT;
    for (int i = 0; i < 5 * BLOCK_EVENTS_MAX; i++) {
        buf_printf(&body, "{\"uid\":\"u%d\",\"time\":\"2026-11-23T00:00:00Z\"}\n", i);
    }
    EXPECT_OK(import_body(indexer, &posted, now, 1, buf_span(&body), &err), err);
    EXPECT(beside_day(".new"));
    EXPECT(!beside_day(""));
    indexer_close(indexer);
    EXPECT(!beside_day(".new") && !beside_day(".new-journal") && !beside_day(".new-wal"));
    EXPECT(!beside_day(""));
    buf_fini(&body);
    close_all(NULL);
}

TEST_MAIN(TEST_ENTRY(what_a_crash_left_is_no_part_of_it), TEST_ENTRY(the_same_writer_goes_on),
          TEST_ENTRY(without_a_commit_nothing_is_there))
