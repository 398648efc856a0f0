/* A pass: the inbox into segments, run by run, as far as it is due; then, now and then, the guest's
 * work between two runs. A run's segments are committed first, then the writer deletes its inbox
 * rows; after a crash between the two the run is done again and changes nothing. */
#include "daemon/ingest/indexer_thread.h"

#include <malloc.h>
#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/process/worker.h"
#include "schema/base/backoff.h"
#include "schema/file/file.h"
#include "schema/index/merger.h"

/* So the indexer still has a third of what a thread that answers gets. */
enum { NICE_STEPS = 5, MERGE_EVENTS = 20000 };

#define MERGE_LOOK_US (600 * CLOCK_SECOND_US)

#define RETRY_MOST_US (60 * CLOCK_SECOND_US)

struct indexer_thread {
    /* immutable after start */
    struct indexer_thread_options options;
    char dir[FILE_PATH_BYTES];
    struct worker worker;

    /* the thread's own */
    bool left_over;          /* by the process before, until the first pass */
    struct indexer *indexer; /* NULL: to be opened (again) */
    struct log_state failures;
    int64_t retry_us;      /* pause after a failure; 0: the last run went well */
    int64_t not_before_us; /* the end of that pause, by the monotonic clock */
    int64_t untrimmed;     /* events since memory was last given back */
    int64_t guest_us;      /* when the guest is asked next, by the monotonic clock */
    struct merger *merger; /* NULL: nothing is being merged */
    int64_t merge_us;      /* when days are looked at next, by the monotonic clock */
    struct log_state merge_failures;
};

static void count_run(const struct indexer_totals *totals)
{
    metrics_add(METRIC_indexed_total, totals->received);
    metrics_add(METRIC_stored_total, totals->stored);
    metrics_add(METRIC_duplicate_total, totals->duplicates);
    metrics_add(METRIC_quarantined_total, totals->quarantined);
    if (totals->unread_blocks > 0) {
        log_line(LOG_WARN, "index",
                 "%lld damaged blocks in the days that were written to: events of theirs that come "
                 "again are stored again; stele verify names the blocks",
                 (long long)totals->unread_blocks);
    }
    log_line(LOG_DEBUG, "index", "%lld events stored, %lld duplicates, %lld quarantined",
             (long long)totals->stored, (long long)totals->duplicates,
             (long long)totals->quarantined);
}

/* One run. *out_any: there was something to take. After a failure the indexer is closed: it may
 * hold a run that was not settled, and segments know which inbox rows they hold. */
static enum status run_once(struct indexer_thread *thread, bool *out_any, struct err *err)
{
    struct indexer_run *run = NULL;
    enum status status = OK;
    if (!thread->indexer) {
        struct indexer_options options = {.compression_level = thread->options.compression_level};
        status = indexer_open(thread->dir, &options, &thread->indexer, err);
    }
    status = THEN(status, indexer_run_next(thread->indexer, &run, err));
    if (status == OK && run) {
        struct indexer_totals totals;
        indexer_run_totals(run, &totals);
        status = writer_settle(thread->options.writer, run, err);
        if (status == OK) {
            count_run(&totals);
            thread->untrimmed += totals.received;
        } else {
            indexer_run_free(run);
        }
    }
    if (status != OK) {
        indexer_close(thread->indexer);
        thread->indexer = NULL;
        return status;
    }
    *out_any = run != NULL;
    return OK;
}

static void wake_next(const struct indexer_thread *thread, unsigned bits)
{
    for (size_t i = 0; i < INDEXER_THREAD_LISTENERS_MAX; i++) {
        if (thread->options.next[i]) {
            wakeup_signal(thread->options.next[i], bits);
        }
    }
}

/* Takes what came before now, and full blocks as long as there are any; a stop ends it after the
 * run under way, as a backlog of hours must not hold up the end. */
static void run_all(struct indexer_thread *thread)
{
    int64_t start_us = clock_now_us();
    bool any = true;
    struct writer_backlog backlog;
    do {
        struct err err;
        enum status status = run_once(thread, &any, &err);
        if (status != OK) {
            (void)err_wrap(&err, status, "indexing");
            log_state_failed(&thread->failures, "index", &err);
            health_set(thread->options.health, HEALTH_INDEXER, err.text);
            thread->retry_us = backoff_double_us(thread->retry_us, RETRY_MOST_US);
            thread->not_before_us = clock_monotonic_us() + thread->retry_us;
            return;
        }
        if (thread->retry_us != 0) {
            thread->retry_us = 0;
            log_state_good(&thread->failures, "index");
            health_set(thread->options.health, HEALTH_INDEXER, NULL);
        }
        if (any) {
            wake_next(thread, WAKEUP_WORK);
        }
        backlog = writer_backlog(thread->options.writer);
    } while (any && backlog.rows > 0 && !wakeup_is_stopping(thread->options.wakeup) &&
             (writer_backlog_is_full(&backlog) || backlog.oldest_us <= start_us));
}

/* With nothing left to do after much: what malloc keeps of a rush goes back to the system, also
 * that of connections which are gone. */
static void give_memory_back(struct indexer_thread *thread)
{
    if (thread->untrimmed >= BLOCK_EVENTS_MAX && writer_backlog(thread->options.writer).rows == 0) {
        thread->untrimmed = 0;
        (void)malloc_trim(0);
    }
}

/* What came in the future came before the clock was set back: it does not wait for that time. */
static bool is_due(const struct indexer_thread *thread, struct writer_backlog backlog,
                   int64_t now_us)
{
    return writer_backlog_is_full(&backlog) ||
           (backlog.rows > 0 && (now_us - backlog.oldest_us >= thread->options.max_wait_us ||
                                 backlog.oldest_us > now_us + CLOCK_SECOND_US));
}

/* On the monotonic clock: when to look again if not woken. */
static int64_t next_look(const struct indexer_thread *thread)
{
    int64_t pause_us = thread->options.max_wait_us;
    struct writer_backlog backlog = writer_backlog(thread->options.writer);
    if (thread->retry_us != 0) {
        pause_us = thread->retry_us;
    } else if (backlog.rows > 0) {
        int64_t left_us = backlog.oldest_us + thread->options.max_wait_us - clock_now_us();
        pause_us = left_us < 0 ? 0 : left_us < pause_us ? left_us : pause_us;
        pause_us += CLOCK_SECOND_US / 100; /* not a moment too early, and never without a pause */
    }
    int64_t look_us = clock_monotonic_us() + pause_us;
    if (thread->retry_us == 0 && thread->merge_us < look_us) {
        look_us = thread->merge_us;
    }
    bool guest_first = thread->options.guest.every_us > 0 && thread->guest_us < look_us;
    return guest_first && thread->retry_us == 0 ? thread->guest_us : look_us;
}

/* The builder keeps the segments of the last days open: they are closed before a guest changes
 * anything. What the inbox has is indexed first, so that no run is half in segments. */
static void ask_guest(struct indexer_thread *thread)
{
    const struct indexer_thread_guest *guest = &thread->options.guest;
    run_all(thread);
    if (thread->retry_us != 0 || wakeup_is_stopping(thread->options.wakeup)) {
        return;
    }
    thread->guest_us = clock_monotonic_us() + guest->every_us;
    if (guest->look(guest->context)) {
        indexer_close(thread->indexer);
        thread->indexer = NULL;
        guest->act(guest->context);
    }
}

static int64_t merge_pause(const struct indexer_thread *thread)
{
    int64_t after_us = thread->options.merge_after_us;
    return after_us < MERGE_LOOK_US ? after_us : MERGE_LOOK_US;
}

static void end_merge(struct indexer_thread *thread)
{
    const struct merger_report *report = merger_report(thread->merger);
    if (report->left_days > 0) {
        struct err why = report->why;
        log_state_failed(&thread->merge_failures, "merge", &why);
    }
    if (report->days > 0) {
        log_line(LOG_INFO, "merge", "%lld days with %lld events put together",
                 (long long)report->days, (long long)report->events);
    }
    merger_free(thread->merger);
    thread->merger = NULL;
}

static enum status begin_merge(struct indexer_thread *thread, struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(thread->dir, ARCHIVE_READ, &archive, err);
    status = THEN(status, merger_new(thread->dir, archive_id(archive),
                                     thread->options.compression_level, &thread->merger, err));
    archive_close(archive);
    return status;
}

/* A step of merging, so small that what comes meanwhile does not wait long: days of some ten
 * thousand events. The builder keeps segments open: they are closed before. */
static void merge_some(struct indexer_thread *thread)
{
    struct err err;
    bool more = false;
    int64_t before_us = clock_day_start(clock_now_us() - thread->options.merge_after_us);
    bool any = false;
    enum status status = merger_has_work(thread->dir, before_us, &any, &err);
    if (status == OK && any) {
        indexer_close(thread->indexer);
        thread->indexer = NULL;
        status = thread->merger ? OK : begin_merge(thread, &err);
        status = THEN(status, merger_run(thread->merger, before_us, MERGE_EVENTS, &more, &err));
    }
    if (status != OK) {
        (void)err_wrap(&err, status, "merging days");
        log_state_failed(&thread->merge_failures, "merge", &err);
    }
    if (thread->merger && (status != OK || !more)) {
        end_merge(thread);
    }
    thread->merge_us = clock_monotonic_us() + (more ? 0 : merge_pause(thread));
}

static int64_t run_pass(void *context, unsigned bits)
{
    struct indexer_thread *thread = context;
    bool now = (bits & WAKEUP_NOW) != 0;
    bool patient = thread->retry_us != 0 && clock_monotonic_us() < thread->not_before_us;
    bool due = is_due(thread, writer_backlog(thread->options.writer), clock_now_us());
    if (now || thread->left_over || (due && !patient)) {
        thread->left_over = false;
        run_all(thread);
        give_memory_back(thread);
    }
    if (now) {
        wake_next(thread, WAKEUP_NOW);
    }
    if (thread->options.guest.every_us > 0 && thread->retry_us == 0 &&
        (now || clock_monotonic_us() >= thread->guest_us)) {
        ask_guest(thread);
    }
    if (thread->retry_us == 0 && clock_monotonic_us() >= thread->merge_us &&
        !wakeup_is_stopping(thread->options.wakeup)) {
        merge_some(thread);
    }
    return next_look(thread);
}

enum status indexer_thread_start(const struct indexer_thread_options *options,
                                 struct indexer_thread **out_thread, struct err *err)
{
    struct indexer_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "indexer");
    }
    thread->options = *options;
    thread->merge_us = clock_monotonic_us() + merge_pause(thread);
    thread->left_over = writer_backlog(options->writer).rows > 0;
    thread->worker = (struct worker){.name = "indexer",
                                     .wakeup = options->wakeup,
                                     .pass = run_pass,
                                     .context = thread,
                                     .nice = NICE_STEPS};
    enum status status = file_path_format(thread->dir, err, "%s", options->dir);
    status = THEN(status, worker_start(&thread->worker, err));
    if (status != OK) {
        free(thread);
        return status;
    }
    *out_thread = thread;
    return OK;
}

void indexer_thread_stop(struct indexer_thread *thread)
{
    if (thread) {
        worker_stop(&thread->worker);
        merger_free(thread->merger);
        indexer_close(thread->indexer);
        free(thread);
    }
}
