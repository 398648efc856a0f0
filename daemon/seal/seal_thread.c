#include "daemon/seal/seal_thread.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/process/worker.h"
#include "daemon/seal/sealer.h"

#define RETRY_US   (60 * CLOCK_SECOND_US)
#define NICE_STEPS 5

struct seal_thread {
    /* immutable after start */
    struct worker worker;
    struct sealer *sealer;
    bool key_made;
    int64_t interval_us;

    /* the thread's own */
    struct log_state failures;
    int64_t always_us; /* when a seal is made in any case, by the monotonic clock */
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
    if (report->last.status != OK) {
        log_state_failed(&thread->failures, "seal", &report->last);
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
    return report.last.status == OK;
}

static int64_t run_pass(void *context, unsigned bits)
{
    (void)bits;
    struct seal_thread *thread = context;
    bool always = clock_monotonic_us() >= thread->always_us;
    bool good = run(thread, always ? SEALER_ALWAYS : SEALER_IF_CHANGED);
    int64_t now_us = clock_monotonic_us();
    if (always) {
        thread->always_us = now_us + thread->interval_us;
    }
    return good || thread->always_us < now_us + RETRY_US ? thread->always_us : now_us + RETRY_US;
}

enum status seal_thread_start(const struct config *config, struct wakeup *wakeup,
                              struct seal_thread **out_thread, struct err *err)
{
    struct seal_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "seal");
    }
    thread->worker = (struct worker){
        .name = "seal", .wakeup = wakeup, .pass = run_pass, .context = thread, .nice = NICE_STEPS};
    thread->interval_us = config->seal_interval;
    thread->always_us = clock_monotonic_us() + config->seal_interval;
    enum status status =
        sealer_open(config, config->archive_dir, &thread->sealer, &thread->key_made, err);
    status = THEN(status, worker_start(&thread->worker, err));
    if (status != OK) {
        seal_thread_stop(thread);
        return status;
    }
    *out_thread = thread;
    return OK;
}

void seal_thread_say(const struct seal_thread *thread)
{
    const char *target = sealer_target(thread->sealer);
    log_line(LOG_INFO, "seal", "key %s, digests to %s", sealer_key_id(thread->sealer),
             *target ? target : "the archive only");
    if (thread->key_made) {
        log_line(LOG_INFO, "seal",
                 "made keys/seal.key: keep a copy of keys/seal.pub on another machine");
    }
}

void seal_thread_stop(struct seal_thread *thread)
{
    if (thread) {
        if (thread->sealer) {
            sealer_stop(thread->sealer);
        }
        worker_stop(&thread->worker);
        sealer_close(thread->sealer);
        free(thread);
    }
}
