/* The queue and the thread behind it. A round takes all jobs that wait, stores them in one
 * transaction (durable when archive_writer_append is back: committed and synced), hands them back
 * to the event loop, then commits what the indexer asked for, and at last tidies for a moment. */
#include "daemon/ingest/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/ingest/archive_writer.h"
#include "daemon/process/log.h"
#include "daemon/process/metrics.h"

enum {
    WRITER_BATCH_MAX = 4096,
    WRITER_BATCH_BYTES_MAX = 8 * 1024 * 1024, /* of bodies; one that is larger goes alone */
    WRITER_SMALL_BYTES_MAX = 256 * 1024,      /* of a body that large ones do not hold up */
};

/* After a failure, and with nothing to store, the disk is tried this often. */
#define PROBE_US (2 * CLOCK_SECOND_US)

struct commit_call {
    struct indexer_run *run;
    enum status status;
    struct err *err;
    bool done;
};

struct writer {
    /* immutable after start */
    pthread_t thread;
    int done_fd;
    struct health *health;
    struct wakeup *backlog_wakeup;

    /* guarded by lock */
    struct lock lock;
    struct condition work;    /* for the writer: jobs, settle or stopping */
    struct condition settled; /* for the indexer */
    struct writer_queue {
        struct writer_job *first;
        struct writer_job **end;
    } small GUARDED_BY(lock), large GUARDED_BY(lock);
    bool large_is_next GUARDED_BY(lock); /* when both wait */
    struct writer_job *done GUARDED_BY(lock);
    struct writer_job **done_end GUARDED_BY(lock);
    struct commit_call *settle GUARDED_BY(lock);
    bool stopping GUARDED_BY(lock);
    bool stopped GUARDED_BY(lock);
    struct writer_backlog backlog GUARDED_BY(lock);

    /* the writer's thread alone (and start, before it runs) */
    struct archive_writer *store;
    struct log_state failures;
    struct inbox_item items[WRITER_BATCH_MAX];
};

/* What the writer takes out of the queue for one round. */
struct round {
    struct writer_job *jobs;
    struct writer_job **jobs_end;
    size_t n_jobs;
    struct commit_call *settle;
    bool probe;
    bool over;
};

/* The inbox knows its rows; their bytes are taken to be as many as those of the rows before. */
static enum status read_backlog(struct writer *writer, struct err *err)
{
    struct inbox_state state;
    enum status status = archive_writer_state(writer->store, &state, err);
    if (status != OK) {
        return status;
    }
    lock_take(&writer->lock);
    struct writer_backlog *backlog = &writer->backlog;
    int64_t row_bytes = backlog->rows > 0 ? backlog->bytes / backlog->rows : 0;
    *backlog = (struct writer_backlog){.rows = state.count,
                                       .bytes = state.count * row_bytes,
                                       .oldest_us = state.oldest_received_us};
    lock_drop(&writer->lock);
    metrics_set(METRIC_inbox_rows, state.count);
    metrics_set_inbox_since(state.count > 0 ? state.oldest_received_us : 0);
    return OK;
}

static void note_failure(struct writer *writer, const struct err *err)
{
    log_state_failed(&writer->failures, "writer", err);
    health_set(writer->health, HEALTH_WRITER, err->text);
    metrics_add(METRIC_commit_failures_total, 1);
}

static void note_success(struct writer *writer)
{
    if (writer->failures.repeats > 0) {
        log_state_good(&writer->failures, "writer");
        health_set(writer->health, HEALTH_WRITER, NULL);
    }
}

static void count_stored(struct writer *writer, size_t n)
{
    int64_t bytes = 0;
    struct writer_backlog more = {0};
    for (size_t i = 0; i < n; i++) {
        int64_t size = (int64_t)writer->items[i].body.size;
        bytes += size;
        if (writer->items[i].fault == EVENT_FAULT_NONE) {
            more.rows++;
            more.bytes += size;
        }
    }
    metrics_add(METRIC_received_total, (int64_t)n);
    metrics_add(METRIC_received_bytes_total, bytes);
    metrics_add(METRIC_quarantined_total, (int64_t)n - more.rows);
    metrics_set_newest(writer->items[n - 1].received_us);
    if (more.rows == 0) {
        return;
    }
    lock_take(&writer->lock);
    struct writer_backlog before = writer->backlog;
    struct writer_backlog after = {
        .rows = before.rows + more.rows,
        .bytes = before.bytes + more.bytes,
        .oldest_us = before.rows == 0 ? writer->items[0].received_us : before.oldest_us,
    };
    writer->backlog = after;
    lock_drop(&writer->lock);
    metrics_set(METRIC_inbox_rows, after.rows);
    metrics_set_inbox_since(after.oldest_us);
    if (before.rows == 0 || (!writer_backlog_is_full(&before) && writer_backlog_is_full(&after))) {
        wakeup_signal(writer->backlog_wakeup, WAKEUP_WORK);
    }
}

static void store_jobs(struct writer *writer, struct round *round)
{
    size_t n = 0;
    for (struct writer_job *job = round->jobs; job; job = job->next) {
        writer->items[n++] = job->item;
    }
    struct err err;
    int64_t start_us = clock_monotonic_us();
    enum status status = archive_writer_append(writer->store, writer->items, n, &err);
    if (status == OK) {
        metrics_add_commit(clock_monotonic_us() - start_us);
        note_success(writer);
        count_stored(writer, n);
    } else {
        note_failure(writer, &err);
    }
    for (struct writer_job *job = round->jobs; job; job = job->next) {
        job->status = status;
    }
    lock_take(&writer->lock);
    *writer->done_end = round->jobs;
    writer->done_end = round->jobs_end;
    lock_drop(&writer->lock);
    uint64_t one = 1;
    ssize_t written = write(writer->done_fd, &one, sizeof one);
    CHECK(written == sizeof one);
}

static void run_settle(struct writer *writer, struct commit_call *settle)
{
    struct err local;
    struct err *err = settle->err ? settle->err : &local;
    enum status status = archive_writer_commit(writer->store, settle->run, err);
    if (status == OK) {
        note_success(writer);
        struct err ignored; /* the backlog is a hint: the next round reads it again */
        (void)!read_backlog(writer, &ignored);
    }
    lock_take(&writer->lock);
    settle->status = status;
    settle->done = true;
    condition_broadcast(&writer->settled);
    lock_drop(&writer->lock);
}

/* A sender that goes elsewhere while /healthz says no would otherwise never send the request that
 * shows that there is room again. */
static void probe(struct writer *writer)
{
    struct err err;
    if (archive_writer_probe(writer->store, &err) == OK) {
        note_success(writer);
    }
}

/* What waits, up to a round's bounds. */
static void take_jobs(struct writer_queue *queue, struct round *round)
{
    size_t bytes = 0;
    round->jobs = queue->first;
    round->jobs_end = &round->jobs;
    while (*round->jobs_end && round->n_jobs < WRITER_BATCH_MAX) {
        bytes += (*round->jobs_end)->item.body.size;
        if (round->n_jobs > 0 && bytes > WRITER_BATCH_BYTES_MAX) {
            break;
        }
        round->jobs_end = &(*round->jobs_end)->next;
        round->n_jobs++;
    }
    queue->first = *round->jobs_end;
    if (!queue->first) {
        queue->end = &queue->first;
    }
    if (round->n_jobs > 0) {
        *round->jobs_end = NULL;
    }
}

static bool has_jobs(const struct writer *writer) REQUIRES(writer->lock)
{
    return writer->small.first || writer->large.first;
}

static struct round next_round(struct writer *writer)
{
    struct round round = {0};
    lock_take(&writer->lock);
    bool failed = writer->failures.repeats > 0;
    bool untidy = archive_writer_needs_checkpoint(writer->store);
    int64_t probe_us = clock_monotonic_us() + PROBE_US;
    while (!has_jobs(writer) && !writer->settle && !writer->stopping && !round.probe && !untidy) {
        if (failed) {
            condition_wait_until(&writer->work, &writer->lock, probe_us);
            round.probe = clock_monotonic_us() >= probe_us;
        } else {
            condition_wait(&writer->work, &writer->lock);
        }
    }
    bool large = writer->large.first && (writer->large_is_next || !writer->small.first);
    writer->large_is_next = !large;
    take_jobs(large ? &writer->large : &writer->small, &round);
    round.settle = writer->settle;
    writer->settle = NULL;
    round.over = writer->stopping && round.n_jobs == 0 && !round.settle;
    writer->stopped = round.over;
    lock_drop(&writer->lock);
    return round;
}

static void *writer_main(void *context)
{
    struct writer *writer = context;
    for (;;) {
        struct round round = next_round(writer);
        if (round.over) {
            break;
        }
        if (round.n_jobs > 0) {
            store_jobs(writer, &round);
        }
        if (round.settle) {
            run_settle(writer, round.settle);
        }
        if (round.probe && round.n_jobs == 0 && !round.settle) {
            probe(writer);
        }
        archive_writer_checkpoint(writer->store);
    }
    archive_writer_close(writer->store);
    writer->store = NULL;
    return NULL;
}

enum status writer_start(const char *dir, struct health *health, struct wakeup *backlog,
                         struct writer **out_writer, struct err *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        return err_nomem(err, "writer");
    }
    lock_init(&writer->lock);
    condition_init(&writer->work);
    condition_init(&writer->settled);
    writer->health = health;
    writer->backlog_wakeup = backlog;
    lock_take(&writer->lock);
    writer->small.end = &writer->small.first;
    writer->large.end = &writer->large.first;
    writer->done_end = &writer->done;
    lock_drop(&writer->lock);
    writer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum status status = writer->done_fd < 0 ? err_errno(err, errno, "eventfd")
                                             : archive_writer_open(dir, &writer->store, err);
    status = THEN(status, read_backlog(writer, err));
    if (status == OK) {
        int failed = pthread_create(&writer->thread, NULL, writer_main, writer);
        status = failed ? err_errno(err, failed, "writer thread") : OK;
    }
    if (status != OK) {
        writer_free(writer);
        return status;
    }
    *out_writer = writer;
    return OK;
}

void writer_stop(struct writer *writer)
{
    lock_take(&writer->lock);
    writer->stopping = true;
    condition_signal(&writer->work);
    lock_drop(&writer->lock);
    CHECK(pthread_join(writer->thread, NULL) == 0);
}

void writer_free(struct writer *writer)
{
    if (!writer) {
        return;
    }
    archive_writer_close(writer->store);
    if (writer->done_fd >= 0) {
        (void)close(writer->done_fd);
    }
    condition_fini(&writer->settled);
    condition_fini(&writer->work);
    lock_fini(&writer->lock);
    free(writer);
}

/* Signalled with the lock given back: the writer, awake at once on another core, would only wait
 * for it again. */
enum status writer_submit(struct writer *writer, struct writer_job *first, struct writer_job *last)
{
    last->next = NULL;
    lock_take(&writer->lock);
    bool stopping = writer->stopping;
    bool was_empty = !has_jobs(writer);
    struct writer_job *next;
    for (struct writer_job *job = stopping ? NULL : first; job; job = next) {
        bool large = job->item.body.size > WRITER_SMALL_BYTES_MAX;
        struct writer_queue *queue = large ? &writer->large : &writer->small;
        next = job->next;
        job->next = NULL;
        *queue->end = job;
        queue->end = &job->next;
    }
    lock_drop(&writer->lock);
    if (!stopping && was_empty) {
        condition_signal(&writer->work);
    }
    return stopping ? ERR_STOPPED : OK;
}

int writer_done_fd(const struct writer *writer)
{
    return writer->done_fd;
}

struct writer_job *writer_take_done(struct writer *writer)
{
    uint64_t count;
    ssize_t got = read(writer->done_fd, &count, sizeof count);
    CHECK(got == sizeof count || errno == EAGAIN);
    lock_take(&writer->lock);
    struct writer_job *jobs = writer->done;
    writer->done = NULL;
    writer->done_end = &writer->done;
    lock_drop(&writer->lock);
    return jobs;
}

enum status writer_settle(struct writer *writer, struct indexer_run *run, struct err *err)
{
    struct commit_call settle = {.run = run, .err = err};
    lock_take(&writer->lock);
    CHECK(!writer->settle);
    if (writer->stopped) {
        settle.status = err_set(err, ERR_STOPPED, "the writer has stopped");
        settle.done = true;
    } else {
        writer->settle = &settle;
        condition_signal(&writer->work);
    }
    while (!settle.done) {
        condition_wait(&writer->settled, &writer->lock);
    }
    lock_drop(&writer->lock);
    return settle.status;
}

struct writer_backlog writer_backlog(struct writer *writer)
{
    lock_take(&writer->lock);
    struct writer_backlog backlog = writer->backlog;
    lock_drop(&writer->lock);
    return backlog;
}
