#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "daemon/ingest/writer.h"
#include "tests/support/test.h"

static struct err err;
static struct health health;
static struct wakeup wakeup;
static char dir[FILE_PATH_BYTES];
static char archive[FILE_PATH_BYTES + 8];

static struct writer *begin(void)
{
    struct writer *writer = NULL;
    test_dir_make(dir);
    (void)snprintf(archive, sizeof archive, "%s/a", dir);
    health_init(&health);
    wakeup_init(&wakeup);
    EXPECT_OK(archive_create(archive, &err), err);
    EXPECT_OK(writer_start(archive, &health, &wakeup, &writer, &err), err);
    CHECK(writer);
    return writer;
}

static void end(struct writer *writer)
{
    writer_free(writer);
    wakeup_fini(&wakeup);
    health_fini(&health);
    test_dir_remove(dir);
}

static struct writer_job job_of(const char *body)
{
    return (struct writer_job){
        .item = {.source = {.via = span_str("http"), .peer = span_str("::1"), .tag = span_str("t")},
                 .received_us = 42,
                 .body = span_str(body)}};
}

/* Waits until `count` jobs are back; returns how many of them are stored. */
static size_t take_back(struct writer *writer, size_t count)
{
    size_t stored = 0;
    while (count > 0) {
        struct pollfd ready = {.fd = writer_done_fd(writer), .events = POLLIN};
        CHECK(poll(&ready, 1, 60000) == 1);
        struct writer_job *next;
        for (struct writer_job *job = writer_take_done(writer); job; job = next) {
            next = job->next;
            stored += job->status == OK;
            EXPECT(job->status == OK || status_http(job->status) == 503);
            count--;
        }
    }
    return stored;
}

static int64_t rows_on_disk(void)
{
    struct archive *reader;
    struct inbox_state state = {0};
    EXPECT_OK(archive_open(archive, ARCHIVE_READ, &reader, &err), err);
    EXPECT_OK(inbox_state(reader, &state, &err), err);
    archive_close(reader);
    return state.count;
}

TEST(stores_before_it_gives_back)
{
    struct writer *writer = begin();
    struct writer_job one = job_of("{}");
    EXPECT_INT(writer_submit(writer, &one, &one), OK);
    EXPECT_INT(take_back(writer, 1), 1);
    EXPECT_INT(rows_on_disk(), 1);
    EXPECT_INT(writer_backlog(writer).rows, 1);
    EXPECT_INT(writer_backlog(writer).oldest_us, 42);
    EXPECT_INT(wakeup_wait(&wakeup, 0), WAKEUP_WORK);
    writer_stop(writer);
    end(writer);
}

TEST(many_at_once)
{
    enum { COUNT = 10000 };
    struct writer *writer = begin();
    struct writer_job *jobs = calloc(COUNT, sizeof *jobs);
    CHECK(jobs);
    for (size_t i = 0; i < COUNT; i++) {
        jobs[i] = job_of("{\"a\":1}");
        jobs[i].item.fault = i % 10 == 0 ? EVENT_FAULT_BAD_ENCODING : EVENT_FAULT_NONE;
        EXPECT_INT(writer_submit(writer, &jobs[i], &jobs[i]), OK);
    }
    EXPECT_INT(take_back(writer, COUNT), COUNT);
    EXPECT_INT(rows_on_disk(), COUNT / 10 * 9);
    EXPECT_INT(writer_backlog(writer).rows, COUNT / 10 * 9);
    free(jobs);
    writer_stop(writer);
    end(writer);
}

/* The file may not grow: writing fails as on a full disk, and goes on when it may again. */
TEST(a_failure_fails_its_own_jobs_only)
{
    struct writer *writer = begin();
    struct rlimit limit;
    char reason[ERR_TEXT_BYTES];
    char body[64 * 1024];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    struct writer_job one = job_of("{}");
    struct writer_job large = job_of(body);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    EXPECT_INT(writer_submit(writer, &one, &one), OK);
    EXPECT_INT(take_back(writer, 1), 1);
    EXPECT(health_get(&health, reason));
    struct rlimit tight = {.rlim_cur = 16 * 1024, .rlim_max = limit.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_INT(writer_submit(writer, &large, &large), OK);
        EXPECT_INT(take_back(writer, 1), 0);
        EXPECT(!health_get(&health, reason));
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    EXPECT_INT(writer_submit(writer, &large, &large), OK);
    EXPECT_INT(take_back(writer, 1), 1);
    EXPECT(health_get(&health, reason));
    EXPECT_INT(rows_on_disk(), 2);
    EXPECT_INT(writer_backlog(writer).rows, 2);
    writer_stop(writer);
    end(writer);
}

/* Nobody may be sending any more: health says so by itself when there is room again. */
TEST(health_returns_without_a_request)
{
    struct writer *writer = begin();
    struct rlimit limit;
    char reason[ERR_TEXT_BYTES];
    char body[64 * 1024];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    struct writer_job large = job_of(body);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    struct rlimit tight = {.rlim_cur = 4 * 1024, .rlim_max = limit.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    EXPECT_INT(writer_submit(writer, &large, &large), OK);
    EXPECT_INT(take_back(writer, 1), 0);
    (void)poll(NULL, 0, 3000);
    EXPECT(!health_get(&health, reason));
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (int i = 0; i < 200 && !health_get(&health, reason); i++) {
        (void)poll(NULL, 0, 100);
    }
    EXPECT(health_get(&health, reason));
    EXPECT_INT(rows_on_disk(), 0);
    writer_stop(writer);
    end(writer);
}

TEST(stop_ends_what_waits)
{
    enum { COUNT = 500 };
    struct writer *writer = begin();
    struct writer_job *jobs = calloc(COUNT + 1, sizeof *jobs);
    CHECK(jobs);
    for (size_t i = 0; i < COUNT; i++) {
        jobs[i] = job_of("{}");
        EXPECT_INT(writer_submit(writer, &jobs[i], &jobs[i]), OK);
    }
    writer_stop(writer);
    EXPECT_INT(writer_submit(writer, &jobs[COUNT], &jobs[COUNT]), ERR_STOPPED);
    EXPECT_INT(take_back(writer, COUNT), COUNT);
    EXPECT_INT(rows_on_disk(), COUNT);
    EXPECT_INT(writer_settle(writer, NULL, &err), ERR_STOPPED);
    free(jobs);
    end(writer);
}

TEST(settles_for_the_indexer)
{
    struct writer *writer = begin();
    struct indexer *indexer;
    struct indexer_run *run = NULL;
    struct indexer_options options = {.compression_level = 3};
    struct writer_job one =
        job_of("{\"event\":\"user.login\",\"uid\":\"1\",\"time\":\"2026-11-23T10:00:00Z\"}");
    EXPECT_INT(writer_submit(writer, &one, &one), OK);
    EXPECT_INT(take_back(writer, 1), 1);
    EXPECT_OK(indexer_open(archive, &options, &indexer, &err), err);
    EXPECT_OK(indexer_run_next(indexer, &run, &err), err);
    CHECK(run);
    EXPECT_OK(writer_settle(writer, run, &err), err);
    EXPECT_INT(rows_on_disk(), 0);
    EXPECT_INT(writer_backlog(writer).rows, 0);
    indexer_close(indexer);
    writer_stop(writer);
    end(writer);
}

TEST_MAIN(TEST_ENTRY(stores_before_it_gives_back), TEST_ENTRY(many_at_once),
          TEST_ENTRY(a_failure_fails_its_own_jobs_only),
          TEST_ENTRY(health_returns_without_a_request), TEST_ENTRY(stop_ends_what_waits),
          TEST_ENTRY(settles_for_the_indexer))
