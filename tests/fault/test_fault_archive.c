/* The archive on a disk that goes bad at every single change, one after the other: full, broken,
 * killed, power cut. Whatever happens, the archive opens afterwards, holds each event that was
 * answered, byte for byte, none twice in its segments, and goes on. A usual run takes every
 * STRIDE-th change, from one on that STELE_TEST_DRAW draws. */
#include "schema/index/indexer.h"
#include "schema/segment/segment_map.h"
#include "tests/fault/fault_vfs.h"
#include "tests/support/test.h"

enum {
    EVENTS = 16,
    EVENTS_EACH = 4,
    ROUNDS = EVENTS / EVENTS_EACH,
    CHANGES_MAX = 5000,
    STRIDE = 7
};

/* 2026-11-03 */
#define RECEIVED_US INT64_C(1793664000000000)

static char dir[FILE_PATH_BYTES];
static struct err err;
static char bodies[EVENTS][256];
static bool accepted[EVENTS];

static const struct source source = {
    .via = {"mtls", 4}, .peer = {"127.0.0.1", 9}, .tag = {"events.log", 10}};

static void make_bodies(void)
{
    for (int i = 0; i < EVENTS; i++) {
        (void)snprintf(bodies[i], sizeof bodies[i],
                       "{\"code\":\"T1000I\",\"event\":\"user.login\",\"n\": %d,"
                       "\"time\":\"2026-11-0%dT10:00:%02dZ\",\"uid\":\"fault-%03d\"}",
                       i, 1 + i % 2, i, i);
    }
}

static enum status append(struct archive *archive, int first, int count)
{
    struct inbox_item items[EVENTS];
    for (int i = 0; i < count; i++) {
        items[i] = (struct inbox_item){
            .source = source, .received_us = RECEIVED_US, .body = span_str(bodies[first + i])};
    }
    return inbox_append(archive, items, (size_t)count, &err);
}

/* One round of the indexer, once more after a failure, as the daemon does. */
static void index_inbox(struct archive *archive)
{
    static const struct indexer_options options = {.compression_level = 1};
    for (int try = 0; try < 2; try++) {
        struct indexer *indexer = NULL;
        struct indexer_run *run = NULL;
        enum status status = indexer_open(dir, &options, &indexer, &err);
        status = THEN(status, indexer_run_next(indexer, &run, &err));
        if (status == OK && run) {
            status = indexer_run_commit(archive, run, &err);
            if (status != OK) {
                indexer_run_free(run);
            }
        }
        indexer_close(indexer);
        if (status == OK) {
            return;
        }
    }
}

/* What a daemon does, on a disk that may fail; notes what was answered. */
static void work(void)
{
    struct archive *archive = NULL;
    if (archive_open(dir, ARCHIVE_WRITE, &archive, &err) != OK) {
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        int first = round * EVENTS_EACH;
        bool stored =
            append(archive, first, EVENTS_EACH) == OK || append(archive, first, EVENTS_EACH) == OK;
        for (int i = 0; stored && i < EVENTS_EACH; i++) {
            accepted[first + i] = true;
        }
        if (round % 2 == 1) {
            index_inbox(archive);
        }
    }
    archive_close(archive);
}

static int find_body(struct span bytes)
{
    for (int i = 0; i < EVENTS; i++) {
        if (span_is(bytes, bodies[i])) {
            return i;
        }
    }
    return -1;
}

static void count_inbox(int counts[EVENTS])
{
    struct archive *archive = NULL;
    struct archive_cursor *cursor = NULL;
    struct inbox_row row;
    bool end = false;
    EXPECT_OK(archive_open(dir, ARCHIVE_READ, &archive, &err), err);
    if (!archive) {
        return;
    }
    EXPECT_OK(inbox_cursor_open(archive, 0, &cursor, &err), err);
    while (cursor && inbox_cursor_next(cursor, &row, &end, &err) == OK && !end) {
        int i = find_body(row.body);
        EXPECT(i >= 0);
        counts[i < 0 ? 0 : i]++;
    }
    EXPECT(end);
    archive_cursor_close(cursor);
    archive_close(archive);
}

static void count_segment(const char *path, int counts[EVENTS])
{
    struct segment *segment = NULL;
    struct block_lines lines = BLOCK_LINES_INIT;
    size_t n_blocks = 0;
    EXPECT_OK(segment_open(path, &segment, &err), err);
    if (!segment) {
        return;
    }
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    for (size_t b = 0; b < n_blocks; b++) {
        EXPECT_OK(segment_lines(segment, blocks[b].id, &lines, &err), err);
        for (size_t slot = 0; slot < lines.n_events; slot++) {
            int i = find_body(block_line(&lines, slot));
            EXPECT(i >= 0);
            counts[i < 0 ? 0 : i]++;
        }
    }
    block_lines_fini(&lines);
    segment_close(segment);
}

static void count_segments(int counts[EVENTS])
{
    int64_t *days = NULL;
    size_t n_days = 0;
    EXPECT_OK(segment_days(dir, &days, &n_days, &err), err);
    for (size_t d = 0; d < n_days; d++) {
        char path[FILE_PATH_BYTES];
        EXPECT_OK(archive_segment_path(dir, days[d], path, &err), err);
        count_segment(path, counts);
    }
    free(days);
}

/* Nothing answered is lost, nothing is twice in the segments. */
static void check_kept(void)
{
    int inbox[EVENTS] = {0};
    int segments[EVENTS] = {0};
    count_inbox(inbox);
    count_segments(segments);
    for (int i = 0; i < EVENTS; i++) {
        EXPECT(segments[i] <= 1);
        EXPECT(!accepted[i] || segments[i] + inbox[i] >= 1);
    }
}

/* The sender repeats all it has; the archive goes on and ends with each event once. */
static void check_goes_on(void)
{
    struct archive *archive = NULL;
    struct inbox_state state = {.count = -1};
    int segments[EVENTS] = {0};
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    if (!archive) {
        return;
    }
    EXPECT_OK(append(archive, 0, EVENTS), err);
    index_inbox(archive);
    EXPECT_OK(inbox_state(archive, &state, &err), err);
    EXPECT_INT(state.count, 0);
    archive_close(archive);
    count_segments(segments);
    for (int i = 0; i < EVENTS; i++) {
        EXPECT_INT(segments[i], 1);
    }
}

/* True when the n-th change was reached. */
static bool run(enum fault_mode mode, long n)
{
    int failures = test_failures;
    memset(accepted, 0, sizeof accepted);
    test_dir_make(dir);
    (void)strncat(dir, "/archive", sizeof dir - strlen(dir) - 1);
    EXPECT_OK(archive_create(dir, &err), err);
    fault_arm(mode, n);
    work();
    bool hit = fault_disarm();
    check_kept();
    check_goes_on();
    *strrchr(dir, '/') = '\0';
    test_dir_remove(dir);
    if (test_failures != failures) {
        fprintf(stderr, "  with %s at change %ld\n", fault_mode_name(mode), n);
    }
    return hit;
}

static void run_all(enum fault_mode mode)
{
    long step = test_is_full() ? 1 : STRIDE;
    long n = 1 + (long)test_draw((uint32_t)step);
    int places = 0;
    while (n < CHANGES_MAX && run(mode, n)) {
        n += step;
        places++;
    }
    fprintf(stderr, "     %s: %d places of the first %ld\n", fault_mode_name(mode), places, n);
    EXPECT(n > 30 && n < CHANGES_MAX);
}

TEST(full)
{
    run_all(FAULT_FULL_ONCE);
    run_all(FAULT_FULL);
}

TEST(broken)
{
    run_all(FAULT_IO_ONCE);
    run_all(FAULT_IO);
}

TEST(killed)
{
    run_all(FAULT_KILL);
}

TEST(power)
{
    run_all(FAULT_POWER);
}

TEST(torn)
{
    run_all(FAULT_TEAR);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {TEST_ENTRY(full), TEST_ENTRY(broken), TEST_ENTRY(killed),
                                        TEST_ENTRY(power), TEST_ENTRY(torn)};
    fault_vfs_register();
    make_bodies();
    return test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
