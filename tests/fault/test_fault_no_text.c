/* Everywhere err may be NULL. Each thing is done with an err and without, on a disk that fails at
 * its n-th read or change, for every n until it is done in fewer: both ways it ends, and what only
 * reads ends with the same status. */
#include "daemon/ingest/last_arrival.h"
#include "daemon/ship/planner.h"
#include "daemon/ship/ship_ledger.h"
#include "schema/index/deletion.h"
#include "schema/index/indexer.h"
#include "schema/segment/segment.h"
#include "schema/segment/segment_map.h"
#include "tests/fault/fault_vfs.h"
#include "tests/support/test.h"

enum { STEPS_MAX = 100000, STRIDE = 24 };

/* 2026-11-03 */
#define RECEIVED_US INT64_C(1793664000000000)

static char dir[FILE_PATH_BYTES];
static int number;

/* One event more, with a uid of its own. */
static enum status add_event(struct archive *archive, struct err *err)
{
    static const struct source source = {
        .via = {"mtls", 4}, .peer = {"127.0.0.1", 9}, .tag = {"events.log", 10}};
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"code\":\"T1000I\",\"event\":\"user.login\","
                   "\"time\":\"2026-11-0%dT10:00:00Z\",\"uid\":\"fault-%06d\"}",
                   1 + number % 2, number);
    number++;
    struct inbox_item item = {.source = source, .received_us = RECEIVED_US, .body = span_str(body)};
    return inbox_append(archive, &item, 1, err);
}

static enum status read_catalogue(struct err *err)
{
    struct archive *archive = NULL;
    struct archive_cursor *cursor = NULL;
    struct inbox_row row;
    bool end = false;
    int64_t counters[EVENT_COUNTER_COUNT];
    enum status status = archive_open(dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, archive_counters(archive, counters, err));
    status = THEN(status, inbox_cursor_open(archive, 0, &cursor, err));
    while (status == OK && !end) {
        status = inbox_cursor_next(cursor, &row, &end, err);
    }
    archive_cursor_close(cursor);
    archive_close(archive);
    return status;
}

static enum status write_catalogue(struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, err);
    status = THEN(status, archive_wal_reserve(archive, err));
    status = THEN(status, add_event(archive, err));
    status = THEN(status, archive_checkpoint(archive, err));
    archive_close(archive);
    return status;
}

static enum status index_inbox(struct err *err)
{
    static const struct indexer_options options = {.compression_level = 1};
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_run *run = NULL;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &archive, err);
    status = THEN(status, add_event(archive, err));
    status = THEN(status, indexer_open(dir, &options, &indexer, err));
    status = THEN(status, indexer_run_next(indexer, &run, err));
    if (status == OK && run) {
        status = indexer_run_commit(archive, run, err);
        if (status != OK) {
            indexer_run_free(run);
        }
    }
    indexer_close(indexer);
    archive_close(archive);
    return status;
}

static enum status read_days(struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    char path[FILE_PATH_BYTES];
    enum status status = segment_days(dir, &days, &count, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        struct segment *segment = NULL;
        size_t n_blocks = 0;
        static int64_t times[BLOCK_EVENTS_MAX];
        status = archive_segment_path(dir, days[i], path, err);
        status = THEN(status, segment_open(path, &segment, err));
        const struct block_info *blocks = status == OK ? segment_blocks(segment, &n_blocks) : NULL;
        for (size_t k = 0; k < n_blocks && status == OK; k++) {
            status = segment_arrivals(segment, blocks[k].id, times, err);
        }
        segment_close(segment);
    }
    free(days);
    return status;
}

/* What gives NULL itself: the daemon's start, what waits for shipping, a deletion's end. */
static enum status look_without(struct err *err)
{
    struct ledger_object row = {.day_us = RECEIVED_US / CLOCK_DAY_US * CLOCK_DAY_US,
                                .first_block = 1,
                                .planned_us = RECEIVED_US};
    row.day_us -= 2 * CLOCK_DAY_US;
    (void)err;
    (void)last_arrival(dir);
    (void)planner_row_oldest(dir, &row);
    return OK;
}

static const struct step {
    const char *name;
    enum status (*run)(struct err *err);
    bool changes; /* the archive: the second time other steps are met */
} steps[] = {{"read the catalogue", read_catalogue, false},
             {"write the catalogue", write_catalogue, true},
             {"index", index_inbox, true},
             {"read days", read_days, false},
             {"look", look_without, false}};

/* True when the fault was met. */
static bool run_step(const struct step *step, enum fault_mode mode, long n)
{
    struct err err = {.status = OK};
    fault_arm(mode, n);
    enum status with = step->run(&err);
    bool met = fault_disarm();
    fault_arm(mode, n);
    enum status without = step->run(NULL);
    met = fault_disarm() || met;
    if (with != without && !step->changes) {
        fprintf(stderr, "%s, %s at %ld: %s with an err, %s without\n", step->name,
                fault_mode_name(mode), n, status_name(with), status_name(without));
        test_failures++;
    }
    if (with != OK && (err.status != with || !err.text[0])) {
        fprintf(stderr, "%s, %s at %ld: %s, and the err says %s: %s\n", step->name,
                fault_mode_name(mode), n, status_name(with), status_name(err.status), err.text);
        test_failures++;
    }
    return met;
}

static void run_mode(enum fault_mode mode)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        long n = 1;
        while (n < STEPS_MAX && run_step(&steps[i], mode, n)) {
            n += 1 + n / STRIDE;
        }
        EXPECT(n < STEPS_MAX);
        EXPECT_INT(read_catalogue(NULL), OK);
        EXPECT_INT(read_days(NULL), OK);
    }
}

TEST(read_error)
{
    run_mode(FAULT_READ);
}

TEST(io_error)
{
    run_mode(FAULT_IO);
}

TEST(full)
{
    run_mode(FAULT_FULL);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {TEST_ENTRY(read_error), TEST_ENTRY(io_error),
                                        TEST_ENTRY(full)};
    struct err err;
    char base[FILE_PATH_BYTES];
    test_dir_make(base);
    fault_vfs_register();
    CHECK(file_path_format(dir, &err, "%s/archive", base) == OK);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(index_inbox(&err), err);
    EXPECT_OK(index_inbox(&err), err);
    int result = test_main(tests, sizeof tests / sizeof tests[0], argc, argv);
    test_dir_remove(base);
    return result;
}
