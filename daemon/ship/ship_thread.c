#include "daemon/ship/ship_thread.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/ship/shipper.h"

#define PAUSE_LEAST_US (CLOCK_SECOND_US / 5)

struct ship_thread {
    /* immutable after start */
    struct shipper *shipper;
    struct wakeup *wakeup;
    struct wakeup *shipped;
    int64_t interval_us;
    pthread_t thread;

    /* the thread's own */
    struct log_state upload_failures;
    struct log_state pass_failures;
};

static void note_report(struct ship_thread *thread, const struct shipper_report *report)
{
    metrics_add(METRIC_shipped_total, report->shipped_events);
    metrics_add(METRIC_shipped_objects_total, report->shipped_objects);
    metrics_add(METRIC_ship_failures_total, report->failed_objects);
    metrics_set_unshipped_since(report->oldest_us);
    if (report->shipped_objects > 0) {
        log_line(LOG_INFO, "ship", "%lld events in %lld objects, %lld bytes",
                 (long long)report->shipped_events, (long long)report->shipped_objects,
                 (long long)report->shipped_bytes);
    }
    if (report->last_error[0]) {
        struct err err;
        (void)err_set(&err, report->last_status == OK ? ERR_NET : report->last_status, "%s",
                      report->last_error);
        log_state_failed(&thread->upload_failures, "ship", &err);
    } else if (report->shipped_objects > 0) {
        log_state_good(&thread->upload_failures, "ship");
    }
}

/* One pass; returns how long to pause if nobody rings. */
static int64_t run_pass(struct ship_thread *thread, bool all_now)
{
    struct shipper_report report = {0};
    struct err err;
    if (shipper_run(thread->shipper, all_now, &report, &err) != OK) {
        (void)err_wrap(&err, "shipping");
        log_state_failed(&thread->pass_failures, "ship", &err);
        return thread->interval_us < 60 * CLOCK_SECOND_US ? thread->interval_us
                                                          : 60 * CLOCK_SECOND_US;
    }
    log_state_good(&thread->pass_failures, "ship");
    note_report(thread, &report);
    if (report.shipped_objects > 0) {
        wakeup_signal(thread->shipped, WAKEUP_WORK);
    }
    int64_t pause_us = thread->interval_us;
    int64_t now_us = clock_now_us();
    if (report.next_us > 0 && report.next_us - now_us < pause_us) {
        pause_us = report.next_us - now_us;
    }
    return pause_us < PAUSE_LEAST_US ? PAUSE_LEAST_US : pause_us;
}

static void *ship_main(void *context)
{
    struct ship_thread *thread = context;
    int64_t pause_us = run_pass(thread, false);
    for (;;) {
        unsigned bits = wakeup_wait(thread->wakeup, clock_monotonic_us() + pause_us);
        if (bits & WAKEUP_STOP) {
            return NULL;
        }
        pause_us = run_pass(thread, (bits & WAKEUP_NOW) != 0);
    }
}

enum status ship_thread_start(const struct config *config, struct wakeup *wakeup,
                              struct wakeup *shipped, struct ship_thread **out_thread,
                              struct err *err)
{
    struct ship_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "shipper");
    }
    thread->wakeup = wakeup;
    thread->shipped = shipped;
    thread->interval_us = config->ship_interval;
    enum status status = shipper_open(config, config->archive_dir, &thread->shipper, err);
    if (status == OK) {
        int failed = pthread_create(&thread->thread, NULL, ship_main, thread);
        status = failed ? err_errno(err, failed, "shipper thread") : OK;
    }
    if (status != OK) {
        shipper_close(thread->shipper);
        free(thread);
        return status;
    }
    *out_thread = thread;
    return OK;
}

const char *ship_thread_target(const struct ship_thread *thread)
{
    return shipper_target(thread->shipper);
}

void ship_thread_stop(struct ship_thread *thread)
{
    if (thread) {
        shipper_stop(thread->shipper);
        wakeup_signal(thread->wakeup, WAKEUP_STOP);
        CHECK(pthread_join(thread->thread, NULL) == 0);
        shipper_close(thread->shipper);
        free(thread);
    }
}
