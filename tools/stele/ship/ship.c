/* stele ship: uploads what is not shipped yet, by itself or by asking the running steled for it,
 * and shows how shipping stands. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/sealer.h"
#include "daemon/ship/ship_request.h"
#include "daemon/ship/ship_status.h"
#include "daemon/ship/shipper.h"
#include "daemon/ship/target_open.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/interrupt.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/ship/ship_action.h"

/* Beyond the target's own time limit, how long the daemon may show no movement. */
#define PATIENCE_US (60 * CLOCK_SECOND_US)

static _Atomic(struct shipper *) running; /* for the signal handler */

static void stop_shipper(void)
{
    struct shipper *shipper = atomic_load(&running);
    if (shipper) {
        shipper_stop(shipper);
    }
}

static struct {
    bool once;
    bool status;
    bool reconcile;
    bool deep;
    bool repair;
    const char *from;
    const char *to;
} given;

struct ship_once {
    const struct options *options;
    const char *dir;
    char target[TARGET_URL_BYTES];
    struct progress progress;
    int64_t objects;
    int64_t events;
    int64_t bytes;
};

static void on_shipped(void *context, const struct ledger_object *object)
{
    struct ship_once *once = context;
    once->objects++;
    once->events += object->content.events;
    once->bytes += object->sent.bytes;
    progress_step(&once->progress, 0, once->events);
}

static void print_shipped_json(const struct ship_once *once)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    struct err err;
    json_object(&json, NULL);
    json_text(&json, "target", once->target);
    json_int(&json, "events", once->events);
    json_int(&json, "objects", once->objects);
    json_int(&json, "bytes", once->bytes);
    (void)!output_json_end(&json, &err); /* main tells of a stdout that failed */
    buf_fini(&out);
}

static void print_shipped(const struct ship_once *once)
{
    if (once->options->form == OUTPUT_JSON) {
        print_shipped_json(once);
        return;
    }
    if (once->objects == 0) {
        printf("nothing to ship to %s\n", once->target);
        return;
    }
    printf("shipped %s in %s, %s bytes, to %s\n", output_count(once->events, "event").text,
           output_count(once->objects, "object").text, output_number(once->bytes).text,
           once->target);
}

static int print_outcome(const struct ship_once *once, const struct shipper_report *report)
{
    if (once->objects > 0 || (report->last.status == OK && !interrupt_flag)) {
        print_shipped(once);
    }
    if (report->last.status != OK) {
        int64_t events = report->pending_events + report->inbox_scan_events;
        fprintf(stderr, "stele ship: %s\n", report->last.text);
        fprintf(stderr, "stele ship: %s %s not shipped; nothing is lost, run it again\n",
                output_count(events, "event").text, events == 1 ? "is" : "are");
        return status_exit_code(report->last.status);
    }
    if (interrupt_flag) {
        fprintf(stderr, "stele ship: interrupted; run it again for the rest\n");
        return status_exit_code(ERR_STOPPED);
    }
    return 0;
}

static enum status ship_here(struct ship_once *once, struct shipper_report *report, struct err *err)
{
    struct shipper *shipper = NULL;
    struct archive *archive = NULL;
    enum status status = shipper_open(&once->options->config, once->dir, &shipper, err);
    status = THEN(status, archive_open(once->dir, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, index_inline(&once->options->config, archive, &interrupt_flag, err));
    archive_close(archive);
    if (status == OK && !interrupt_flag) {
        shipper_watch(shipper, on_shipped, once);
        atomic_store(&running, shipper);
        progress_begin(&once->progress, "ship", "events", 0);
        status = shipper_run(shipper, true, report, err);
        progress_wipe(&once->progress);
        atomic_store(&running, NULL);
    }
    shipper_close(shipper);
    return status;
}

/* What was shipped is sealed; a failure takes nothing back, and the next time makes up for it. */
static enum status seal_here(const struct ship_once *once, struct err *err)
{
    struct sealer *sealer = NULL;
    struct sealer_report report = {.last.status = OK};
    enum status status = sealer_open(&once->options->config, once->dir, &sealer, NULL, err);
    status = THEN(status, sealer_run(sealer, SEALER_IF_CHANGED, &report, err));
    sealer_close(sealer);
    if (status == OK && report.last.status != OK) {
        (void)err_copy(err, &report.last);
        status = err->status;
    }
    return status;
}

static enum status ship_without_daemon(struct ship_once *once, int *out_code, struct err *err)
{
    struct archive_lock *lock = NULL;
    struct shipper_report report = {.last.status = OK};
    struct err sealing;
    enum status status = archive_lock_take(once->dir, "stele ship", &lock, err);
    status = THEN(status, ship_here(once, &report, err));
    if (status == OK && !interrupt_flag && seal_here(once, &sealing) != OK) {
        fprintf(stderr, "stele ship: shipped, and not sealed: %s\n", sealing.text);
    }
    archive_lock_release(lock);
    if (status == OK) {
        *out_code = print_outcome(once, &report);
    }
    return status;
}

static bool on_wait(void *context, int64_t left)
{
    struct ship_once *once = context;
    progress_step(&once->progress, 0, left);
    return !interrupt_flag;
}

/* What the ledger holds for the target, to tell afterwards what was added. */
static enum status ledger_totals(struct ship_once *once, int sign, struct err *err)
{
    struct ship_status now;
    enum status status = ship_status_read(once->dir, once->target, &now, err);
    if (status == OK) {
        once->objects += sign * now.targets[0].shipped_objects;
        once->events += sign * now.targets[0].shipped_events;
        once->bytes += sign * now.targets[0].shipped_bytes;
        ship_status_fini(&now);
    }
    return status;
}

static enum status ship_by_daemon(struct ship_once *once, long pid, struct err *err)
{
    const struct ship_request request = {
        .archive_dir = once->dir,
        .target = once->target,
        .daemon_pid = pid,
        .patience_us = once->options->config.ship_timeout + PATIENCE_US,
        .each = on_wait,
        .context = once,
    };
    struct err second;
    fprintf(stderr, "steled (pid %ld) holds %s: asking it to ship\n", pid, once->dir);
    enum status status = ledger_totals(once, -1, err);
    if (status == OK) {
        progress_begin(&once->progress, "ship", "left", 0);
        status = ship_request_wait(&request, err);
        progress_wipe(&once->progress);
    }
    enum status totals = ledger_totals(once, 1, status == OK ? err : &second);
    if (totals == OK && (status == OK || once->objects > 0)) {
        print_shipped(once);
    }
    return THEN(status, totals);
}

/* Objects alone are rows. */
static enum status refuse_rows(const struct options *options, const char *why, struct err *err)
{
    bool rows = options->form != OUTPUT_TABLE && options->form != OUTPUT_JSON;
    return rows               ? err_set(err, ERR_USAGE, "--output %s %s", options->output, why)
           : options->columns ? err_set(err, ERR_USAGE, "--columns %s", why)
                              : OK;
}

static enum status run_once(const struct options *options, int *out_code, struct err *err)
{
    struct ship_once once = {.options = options, .dir = options->archive};
    enum status status = refuse_rows(options, "needs --status, and --from or --to", err);
    status = THEN(status, target_url(&options->config, once.target, err));
    if (status != OK) {
        return status;
    }
    interrupt_catch(stop_shipper);
    long pid = daemon_at_work_pid(once.dir);
    return pid > 0 ? ship_by_daemon(&once, pid, err) : ship_without_daemon(&once, out_code, err);
}

/* --status, with or without times. */
static enum status show_status(const struct options *options, int *out_code, struct err *err)
{
    int64_t from_us;
    int64_t to_us;
    bool any = true;
    if (!given.from && !given.to) {
        enum status plain = refuse_rows(options, "needs --from or --to", err);
        return THEN(plain, ship_show_status(options, err));
    }
    enum status status = query_args_times(given.from, given.to, &from_us, &to_us, err);
    status = THEN(status, ship_show_ledger(options, from_us, to_us, &any, err));
    *out_code = any ? 0 : 1;
    return status;
}

static enum status reconcile(const struct options *options, int *out_code, struct err *err)
{
    bool equal = true;
    enum status status =
        refuse_rows(options, "is not for --reconcile, which prints a table or json", err);
    status = THEN(status, ship_show_reconcile(options, given.deep, given.repair, &equal, err));
    *out_code = equal ? 0 : status_exit_code(ERR_CORRUPT);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    return given.reconcile ? reconcile(options, out_code, err)
           : given.status  ? show_status(options, out_code, err)
                           : run_once(options, out_code, err);
}

static const struct option_entry entries[] = {
    {"once", NULL, "ship all that is not shipped yet (the default)", .flag = &given.once},
    {"status", NULL, "show what is shipped, waiting and failed", .flag = &given.status},
    {"from", "TIME", "with --status: objects with events from this time on", .text = &given.from},
    {"to", "TIME", "with --status: objects with events before this time", .text = &given.to},
    {"reconcile", NULL, "compare the ledger with what is at the target", .flag = &given.reconcile},
    {"deep", NULL, "with --reconcile: read every object", .flag = &given.deep},
    {"repair", NULL, "with --reconcile: upload again what is missing", .flag = &given.repair},
};

static const struct verb_rule rules[] = {
    {VERB_AT_MOST_ONE, "once status reconcile", NULL},
    {VERB_ONLY_WITH, "from to", "status"},
    {VERB_ONLY_WITH, "deep repair", "reconcile"},
    {0},
};

const struct verb verb_ship = {
    .name = "ship",
    .summary = "upload what is not shipped yet, or show how shipping stands",
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .rules = rules,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
