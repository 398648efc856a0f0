#include "daemon/ship/ship_thread.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/process/worker.h"
#include "daemon/ship/shipper.h"

#define PAUSE_LEAST_US (CLOCK_SECOND_US / 5)
#define RETRY_US       (60 * CLOCK_SECOND_US)

struct ship_thread {
    /* immutable after start */
    struct worker worker;
    struct shipper *shipper;
    struct wakeup *shipped;
    int64_t interval_us;

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
    if (report->last.status != OK) {
        log_state_failed(&thread->upload_failures, "ship", &report->last);
    } else if (report->shipped_objects > 0) {
        log_state_good(&thread->upload_failures, "ship");
    }
}

static int64_t run_pass(void *context, unsigned bits)
{
    struct ship_thread *thread = context;
    struct shipper_report report = {0};
    struct err err;
    int64_t pause_us = thread->interval_us;
    if (shipper_run(thread->shipper, (bits & WAKEUP_NOW) != 0, &report, &err) != OK) {
        (void)err_wrap(&err, err.status, "shipping");
        log_state_failed(&thread->pass_failures, "ship", &err);
        return clock_monotonic_us() + (pause_us < RETRY_US ? pause_us : RETRY_US);
    }
    log_state_good(&thread->pass_failures, "ship");
    note_report(thread, &report);
    if (report.shipped_objects > 0) {
        wakeup_signal(thread->shipped, WAKEUP_WORK);
    }
    int64_t left_us = report.next_us - clock_now_us();
    pause_us = report.next_us > 0 && left_us < pause_us ? left_us : pause_us;
    return clock_monotonic_us() + (pause_us < PAUSE_LEAST_US ? PAUSE_LEAST_US : pause_us);
}

enum status ship_thread_start(const struct config *config, struct wakeup *wakeup,
                              struct wakeup *shipped, struct ship_thread **out_thread,
                              struct err *err)
{
    struct ship_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        return err_nomem(err, "shipper");
    }
    thread->worker =
        (struct worker){.name = "shipper", .wakeup = wakeup, .pass = run_pass, .context = thread};
    thread->shipped = shipped;
    thread->interval_us = config->ship_interval;
    enum status status = shipper_open(config, config->archive_dir, &thread->shipper, err);
    status = THEN(status, worker_start(&thread->worker, err));
    if (status != OK) {
        ship_thread_stop(thread);
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
        if (thread->shipper) {
            shipper_stop(thread->shipper);
        }
        worker_stop(&thread->worker);
        shipper_close(thread->shipper);
        free(thread);
    }
}
