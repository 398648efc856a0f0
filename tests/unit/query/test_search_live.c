/* Searching beside a writer and an indexer at work: every event that was answered before the search
 * began is counted, and none twice. */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "query/aggregate/aggregate.h"
#include "query/language/parse.h"
#include "schema/index/indexer.h"
#include "tests/support/audit_world.h"
#include "tests/support/test.h"

enum { BATCHES = 120, BATCH_EVENTS = 20, INDEX_EVERY = 3 };

#define DAY_US     INT64_C(1763596800000000) /* 2025-11-20 */
#define ARRIVAL_US (DAY_US + 2 * CLOCK_DAY_US - 1000000)

struct shared {
    atomic_int started; /* events that may be on disk */
    atomic_int answered;
    atomic_int over;
};

static void index_and_commit(struct archive *archive, struct indexer *indexer)
{
    struct indexer_run *run = NULL;
    struct err err;
    if (indexer_run_next(indexer, &run, &err) != OK ||
        (run && indexer_run_commit(archive, run, &err) != OK)) {
        fprintf(stderr, "indexer: %s\n", err.text);
        _exit(1);
    }
}

/* The other process: the archive's writer and its indexer by turns. */
static void write_events(const char *dir, struct shared *shared)
{
    struct err err;
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_options options = {.compression_level = 1};
    struct dice dice = {.state = 5};
    struct buf body = BUF_INIT;
    if (archive_open(dir, ARCHIVE_WRITE, &archive, &err) != OK ||
        indexer_open(dir, &options, &indexer, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    for (int batch = 0; batch < BATCHES; batch++) {
        buf_clear(&body);
        for (int i = 0; i < BATCH_EVENTS; i++) {
            world_event(&dice, DAY_US + (i % 2) * CLOCK_DAY_US, &body);
        }
        struct inbox_item item = {.source = {.via = {"mtls", 4}, .peer = {"127.0.0.1", 9}},
                                  .received_us = ARRIVAL_US,
                                  .body = buf_span(&body)};
        atomic_fetch_add(&shared->started, BATCH_EVENTS);
        if (inbox_append(archive, &item, 1, &err) != OK) {
            fprintf(stderr, "inbox: %s\n", err.text);
            _exit(1);
        }
        atomic_fetch_add(&shared->answered, BATCH_EVENTS);
        if (batch % INDEX_EVERY == 0) {
            index_and_commit(archive, indexer);
        }
    }
    atomic_store(&shared->over, 1);
    _exit(0);
}

static void count_once(const char *dir, const struct query *query, struct shared *shared)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    int64_t count = -1;
    struct day_iterator_options search = {
        .path = dir, .query = query, .from_us = INT64_MIN, .to_us = INT64_MAX, .threads = 4};
    int answered = atomic_load(&shared->answered);
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    if (iterator) {
        EXPECT_OK(aggregate_count(iterator, &count, &err), err);
    }
    int started = atomic_load(&shared->started);
    if (count < answered || count > started) {
        fprintf(stderr, "%lld events found, between %d and %d are there\n", (long long)count,
                answered, started);
        test_failures++;
    }
    day_iterator_close(iterator);
}

TEST(nothing_missed_and_nothing_twice)
{
    char dir[FILE_PATH_BYTES];
    struct err err;
    struct query *query = NULL;
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    test_dir_make(dir);
    EXPECT(shared != MAP_FAILED);
    EXPECT_OK(archive_create(dir, &err), err);
    EXPECT_OK(parse_query(span_str("*"), ARRIVAL_US, &query, NULL, &err), err);
    pid_t child = fork();
    if (child == 0) {
        write_events(dir, shared);
    }
    int rounds = 0;
    int status = -1;
    bool running = true;
    while (running && test_failures == 0) {
        running = waitpid(child, &status, WNOHANG) == 0;
        count_once(dir, query, shared);
        rounds++;
    }
    if (running) {
        (void)waitpid(child, &status, 0);
    }
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT(rounds > 3);
    EXPECT_INT(atomic_load(&shared->answered), BATCHES * BATCH_EVENTS);
    parse_query_free(query);
    test_dir_remove(dir);
    (void)munmap(shared, sizeof *shared);
}

static void index_some(const char *dir, uint64_t seed)
{
    struct err err;
    struct archive *archive = NULL;
    struct indexer *indexer = NULL;
    struct indexer_options options = {.compression_level = 1};
    struct dice dice = {.state = seed};
    struct buf body = BUF_INIT;
    world_event(&dice, DAY_US, &body);
    struct inbox_item item = {.source = {.via = {"mtls", 4}, .peer = {"127.0.0.1", 9}},
                              .received_us = ARRIVAL_US,
                              .body = buf_span(&body)};
    EXPECT_OK(archive_open(dir, ARCHIVE_WRITE, &archive, &err), err);
    EXPECT_OK(indexer_open(dir, &options, &indexer, &err), err);
    EXPECT_OK(inbox_append(archive, &item, 1, &err), err);
    index_and_commit(archive, indexer);
    indexer_close(indexer);
    archive_close(archive);
    buf_fini(&body);
}

/* A day that is deleted while it is searched, and written again: what was looked up in the one file
 * says nothing of the other. */
TEST(a_day_made_anew_is_another)
{
    char dir[FILE_PATH_BYTES];
    char path[FILE_PATH_BYTES];
    struct err err;
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    struct day_iterator_day first = {0};
    struct day_iterator_day again = {0};
    struct day_iterator_day other = {0};
    test_dir_make(dir);
    EXPECT_OK(archive_create(dir, &err), err);
    index_some(dir, 1);
    EXPECT_OK(parse_query(span_str("event:*"), ARRIVAL_US, &query, NULL, &err), err);
    struct day_iterator_options search = {
        .path = dir, .query = query, .from_us = INT64_MIN, .to_us = INT64_MAX, .threads = 1};
    EXPECT_OK(day_iterator_open(&search, &iterator, &err), err);
    EXPECT_OK(day_iterator_day_plan(iterator, DAY_US, NULL, &first.plan, &err), err);
    struct plan_leaves *leaves = plan_leaves_keep(first.plan);
    EXPECT_OK(day_iterator_day_plan(iterator, DAY_US, leaves, &again.plan, &err), err);
    EXPECT(again.plan != NULL);
    EXPECT_OK(archive_segment_path(dir, DAY_US, path, &err), err);
    EXPECT_INT(unlink(path), 0);
    index_some(dir, 2);
    EXPECT_OK(day_iterator_day_plan(iterator, DAY_US, leaves, &other.plan, &err), err);
    EXPECT(other.plan == NULL);
    plan_leaves_release(leaves);
    day_iterator_day_close(&first);
    day_iterator_day_close(&again);
    day_iterator_day_close(&other);
    day_iterator_close(iterator);
    parse_query_free(query);
    test_dir_remove(dir);
}

TEST_MAIN(TEST_ENTRY(nothing_missed_and_nothing_twice), TEST_ENTRY(a_day_made_anew_is_another))
