/* Two workers and what they report: log, metrics, pauses. What they do durably is said in matcher.c
 * and deliverer.c. */
#include "daemon/watch/watch_thread.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/process/worker.h"
#include "daemon/watch/deliverer.h"
#include "daemon/watch/matcher.h"
#include "schema/base/backoff.h"

enum { NICE_STEPS = 10, REST_TIMES = 4 };

/* Between rounds: a round costs something for each day with new blocks, however few these are, so
 * the thread then pauses for a multiple of the time that the round took. */
#define REST_US      (CLOCK_SECOND_US / 2)
#define REST_MOST_US (10 * CLOCK_SECOND_US)

#define NEWS_US       (2 * CLOCK_SECOND_US)  /* stele watch add wakes nobody */
#define LOOK_US       (60 * CLOCK_SECOND_US) /* nor does stele import */
#define RETRY_MOST_US (60 * CLOCK_SECOND_US)

struct watch_thread {
    /* immutable after start */
    struct matcher *matcher;
    struct deliverer *deliverer; /* NULL: hits go nowhere */
    struct worker matching;
    struct worker delivering;

    /* any thread */
    atomic_bool stop;
    struct wakeup hits;

    /* the matching thread's */
    struct log_state match_failures;
    int64_t retry_us;
    bool behind;
    int64_t hits_unsaid;
    bool rung;             /* there may be new blocks */
    int64_t look_us;       /* the next round at the latest, by the monotonic clock */
    int64_t not_before_us; /* the next round at the earliest */

    /* the delivering thread's */
    struct log_state delivery_failures;
    struct log_state outbox_failures;
};

static void note_failure(struct watch_thread *thread, const struct err *why)
{
    thread->retry_us = backoff_double_us(thread->retry_us, RETRY_MOST_US);
    metrics_add(METRIC_watch_failures_total, 1);
    log_state_failed(&thread->match_failures, "watch", why);
}

static void note_round(struct watch_thread *thread, const struct matcher_report *report)
{
    thread->hits_unsaid += report->hits;
    metrics_add(METRIC_watch_hits_total, report->hits);
    metrics_set(METRIC_watch_indicators, report->indicators);
    metrics_set(METRIC_watch_lists_behind, report->behind);
    if (report->hits > 0) {
        wakeup_signal(&thread->hits, WAKEUP_WORK);
    }
    if (thread->behind && report->behind == 0) {
        log_line(LOG_INFO, "watch", "all old events are hunted for what is watched");
    }
    thread->behind = report->behind > 0;
}

/* Rounds until nothing is left to do at once; how long to pause. */
static int64_t run_rounds(struct watch_thread *thread)
{
    struct matcher_report report;
    struct err why;
    do {
        metrics_add(METRIC_watch_rounds_total, 1);
        enum status status = matcher_round(thread->matcher, &report, &why);
        note_round(thread, &report);
        if (status == ERR_STOPPED) {
            return 0;
        }
        if (status == OK) {
            why = report.bad;
        }
    } while (report.again);
    if (why.status != OK) {
        (void)err_wrap(&why, why.status, "matching");
        note_failure(thread, &why);
        return thread->retry_us;
    }
    if (thread->retry_us != 0) {
        thread->retry_us = 0;
        log_state_good(&thread->match_failures, "watch");
    }
    return LOOK_US;
}

static int64_t match(struct watch_thread *thread)
{
    int64_t pause_us = run_rounds(thread);
    if (thread->hits_unsaid > 0) {
        log_line(LOG_INFO, "watch", "%lld hit%s", (long long)thread->hits_unsaid,
                 thread->hits_unsaid == 1 ? "" : "s");
        thread->hits_unsaid = 0;
    }
    return pause_us;
}

static int64_t rest_us(const struct watch_thread *thread, int64_t took_us)
{
    int64_t rest_us = took_us * REST_TIMES;
    return thread->retry_us != 0    ? thread->retry_us
           : rest_us < REST_US      ? REST_US
           : rest_us > REST_MOST_US ? REST_MOST_US
                                    : rest_us;
}

static int64_t match_pass(void *context, unsigned bits)
{
    struct watch_thread *thread = context;
    int64_t now_us = clock_monotonic_us();
    bool rested = now_us >= thread->not_before_us;
    thread->rung = thread->rung || bits != 0;
    if ((thread->rung && rested) || now_us >= thread->look_us ||
        (rested && matcher_has_news(thread->matcher))) {
        thread->rung = false;
        int64_t begun_us = now_us;
        int64_t pause_us = match(thread);
        now_us = clock_monotonic_us();
        thread->look_us = now_us + pause_us;
        thread->not_before_us = now_us + rest_us(thread, now_us - begun_us);
    }
    int64_t wake_us = now_us + NEWS_US;
    wake_us = thread->rung && thread->not_before_us < wake_us ? thread->not_before_us : wake_us;
    return thread->look_us < wake_us ? thread->look_us : wake_us;
}

static int64_t deliver_pass(void *context, unsigned bits)
{
    (void)bits;
    struct watch_thread *thread = context;
    struct deliverer_report report;
    struct err err;
    enum status status = deliverer_run(thread->deliverer, &report, &err);
    metrics_add(METRIC_watch_delivered_total, report.delivered);
    metrics_add(METRIC_watch_delivery_failures_total, report.failures);
    metrics_add(METRIC_watch_given_up_total, report.given_up);
    metrics_set(METRIC_watch_waiting, report.waiting);
    if (status != OK) {
        (void)err_wrap(&err, status, "delivering");
        log_state_failed(&thread->outbox_failures, "watch", &err);
        return clock_monotonic_us() + 5 * CLOCK_SECOND_US;
    }
    log_state_good(&thread->outbox_failures, "watch");
    if (report.given_up > 0) {
        log_line(LOG_ERROR, "watch", "%lld hits given up after three days of tries",
                 (long long)report.given_up);
    }
    if (report.bad.status != OK) {
        log_state_failed(&thread->delivery_failures, "watch", &report.bad);
    } else if (report.delivered > 0) {
        log_state_good(&thread->delivery_failures, "watch");
    }
    int64_t pause_us = report.next_us == INT64_MAX ? LOOK_US : report.next_us - clock_now_us();
    pause_us = pause_us > LOOK_US ? LOOK_US : pause_us < REST_US / 10 ? REST_US / 10 : pause_us;
    return clock_monotonic_us() + pause_us;
}

static void show_left(int64_t blocks)
{
    metrics_set(METRIC_watch_lag_blocks, blocks);
}

static enum status start(struct watch_thread *thread, const struct config *config, struct err *err)
{
    const struct matcher_options options = {
        .dir = config->archive_dir,
        .targets = deliverer_targets(config),
        .threads = 1,
        .stop = &thread->stop,
        .on_left = show_left,
    };
    enum status status = matcher_new(&options, &thread->matcher, err);
    if (status == OK && options.targets) {
        status = deliverer_open(config, config->archive_dir, &thread->deliverer, err);
    }
    status = THEN(status, worker_start(&thread->matching, err));
    if (status == OK && thread->deliverer) {
        status = worker_start(&thread->delivering, err);
    }
    return status;
}

enum status watch_thread_start(const struct config *config, struct wakeup *wakeup,
                               struct watch_thread **out_thread, struct err *err)
{
    struct watch_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "watch");
    }
    thread->matching = (struct worker){.name = "watch",
                                       .wakeup = wakeup,
                                       .pass = match_pass,
                                       .context = thread,
                                       .nice = NICE_STEPS};
    thread->delivering = (struct worker){
        .name = "watch", .wakeup = &thread->hits, .pass = deliver_pass, .context = thread};
    atomic_init(&thread->stop, false);
    wakeup_init(&thread->hits);
    enum status status = start(thread, config, err);
    if (status != OK) {
        watch_thread_stop(thread);
        return status;
    }
    *out_thread = thread;
    return OK;
}

void watch_thread_stop(struct watch_thread *thread)
{
    if (!thread) {
        return;
    }
    atomic_store(&thread->stop, true);
    if (thread->deliverer) {
        deliverer_stop(thread->deliverer);
    }
    worker_stop(&thread->matching);
    worker_stop(&thread->delivering);
    matcher_free(thread->matcher);
    deliverer_close(thread->deliverer);
    wakeup_fini(&thread->hits);
    free(thread);
}
