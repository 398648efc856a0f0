#include "daemon/seal/seal_thread.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/process/thread_nice.h"
#include "daemon/seal/sealer.h"

#define RETRY_US   (60 * CLOCK_SECOND_US)
#define NICE_STEPS 5

struct seal_thread {
    /* immutable after start */
    struct sealer *sealer;
    struct wakeup *wakeup;
    bool key_made;
    int64_t interval_us;
    pthread_t thread;

    /* the thread's own */
    struct log_state failures;
};

/* The digest in the log is one that the archive's owner cannot change later, when the log goes to
 * another machine. */
static void note(struct seal_thread *thread, const struct sealer_report *report)
{
    metrics_add(METRIC_seals_total, report->seals);
    if (report->seals > 0) {
        log_line(LOG_INFO, "seal", "seal %lld, sha256 %s: %lld blocks, %lld objects",
                 (long long)report->last_number, report->last_sha256, (long long)report->blocks,
                 (long long)report->objects);
    }
    if (report->last_error[0]) {
        struct err err;
        (void)err_set(&err, report->last_status == OK ? ERR_NET : report->last_status, "%s",
                      report->last_error);
        log_state_failed(&thread->failures, "seal", &err);
    } else {
        log_state_good(&thread->failures, "seal");
    }
}

/* Returns whether all is well. */
static bool run(struct seal_thread *thread, enum sealer_when when)
{
    struct sealer_report report = {0};
    struct err err;
    if (sealer_run(thread->sealer, when, &report, &err) != OK) {
        log_state_failed(&thread->failures, "seal", &err);
        return false;
    }
    note(thread, &report);
    return report.last_error[0] == '\0';
}

static void *seal_main(void *context)
{
    struct seal_thread *thread = context;
    thread_nice_lower(NICE_STEPS);
    bool good = run(thread, SEALER_IF_CHANGED);
    int64_t next_us = clock_monotonic_us() + thread->interval_us;
    for (;;) {
        int64_t now_us = clock_monotonic_us();
        int64_t retry_us = good ? next_us : now_us + RETRY_US;
        unsigned bits = wakeup_wait(thread->wakeup, retry_us < next_us ? retry_us : next_us);
        if (bits & WAKEUP_STOP) {
            return NULL;
        }
        bool hourly = clock_monotonic_us() >= next_us;
        good = run(thread, hourly ? SEALER_ALWAYS : SEALER_IF_CHANGED);
        if (hourly) {
            next_us = clock_monotonic_us() + thread->interval_us;
        }
    }
}

enum status seal_thread_start(const struct config *config, struct wakeup *wakeup,
                              struct seal_thread **out_thread, struct err *err)
{
    struct seal_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "seal");
    }
    thread->wakeup = wakeup;
    thread->interval_us = config->seal_interval;
    enum status status =
        sealer_open(config, config->archive_dir, &thread->sealer, &thread->key_made, err);
    if (status == OK) {
        int failed = pthread_create(&thread->thread, NULL, seal_main, thread);
        status = failed ? err_errno(err, failed, "seal thread") : OK;
    }
    if (status != OK) {
        sealer_close(thread->sealer);
        free(thread);
        return status;
    }
    *out_thread = thread;
    return OK;
}

void seal_thread_say(const struct seal_thread *thread)
{
    const char *target = sealer_target(thread->sealer);
    log_line(LOG_INFO, "seal", "key %s, digests to %s", sealer_key_id(thread->sealer),
             *target ? target : "nowhere but the archive");
    if (thread->key_made) {
        log_line(LOG_INFO, "seal",
                 "made keys/seal.key: keep a copy of keys/seal.pub on another machine");
    }
}

void seal_thread_stop(struct seal_thread *thread)
{
    if (thread) {
        sealer_stop(thread->sealer);
        wakeup_signal(thread->wakeup, WAKEUP_STOP);
        CHECK(pthread_join(thread->thread, NULL) == 0);
        sealer_close(thread->sealer);
        free(thread);
    }
}
