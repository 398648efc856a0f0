/* stele ship: uploads what is not shipped yet, by itself or by asking the running steled for it,
 * and shows how shipping stands. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/sealer.h"
#include "daemon/ship/ship_request.h"
#include "daemon/ship/ship_status.h"
#include "daemon/ship/shipper.h"
#include "daemon/ship/target_open.h"
#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/ship/ship_action.h"

/* Beyond the target's own time limit, how long the daemon may show no movement. */
#define PATIENCE_US (60 * CLOCK_SECOND_US)

static volatile sig_atomic_t interrupted;
static _Atomic(struct shipper *) running; /* for the signal handler */

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
    struct shipper *shipper = atomic_load(&running);
    if (shipper) {
        shipper_stop(shipper);
    }
}

struct ship_once {
    const struct options *options;
    const char *dir;
    char target[TARGET_URL_BYTES];
    struct progress progress;
    int64_t objects;
    int64_t events;
    int64_t bytes;
};

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void on_shipped(void *context, const struct ledger_object *object)
{
    struct ship_once *once = context;
    once->objects++;
    once->events += object->events;
    once->bytes += object->bytes;
    progress_step(&once->progress, 0, once->events);
}

static void print_shipped(const struct ship_once *once)
{
    char objects[32];
    char events[32];
    char bytes[32];
    if (once->objects == 0) {
        printf("nothing to ship to %s\n", once->target);
        return;
    }
    printf("shipped %s event%s in %s object%s, %s bytes, to %s\n",
           progress_number(once->events, events), plural(once->events),
           progress_number(once->objects, objects), plural(once->objects),
           progress_number(once->bytes, bytes), once->target);
}

static int print_outcome(const struct ship_once *once, const struct shipper_report *report)
{
    if (once->objects > 0 || (report->last.status == OK && !interrupted)) {
        print_shipped(once);
    }
    if (report->last.status != OK) {
        char left[32];
        fprintf(stderr, "stele ship: %s\n", report->last.text);
        int64_t events = report->pending_events + report->inbox_scan_events;
        fprintf(stderr, "stele ship: %s event%s not shipped; nothing is lost, run it again\n",
                progress_number(events, left), events == 1 ? " is" : "s are");
        return status_exit_code(report->last.status);
    }
    if (interrupted) {
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
    status = THEN(status, index_inline(&once->options->config, archive, &interrupted, err));
    archive_close(archive);
    if (status == OK && !interrupted) {
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
        *err = report.last;
        status = err->status;
    }
    return status;
}

static int once_closed(struct ship_once *once)
{
    struct err err;
    struct archive_lock *lock = NULL;
    struct shipper_report report = {.last.status = OK};
    enum status status = archive_lock_take(once->dir, "stele ship", &lock, &err);
    status = THEN(status, ship_here(once, &report, &err));
    struct err sealing;
    if (status == OK && !interrupted && seal_here(once, &sealing) != OK) {
        fprintf(stderr, "stele ship: shipped, and not sealed: %s\n", sealing.text);
    }
    archive_lock_release(lock);
    return status == OK ? print_outcome(once, &report) : options_fail(&verb_ship, &err);
}

static bool on_wait(void *context, int64_t left)
{
    struct ship_once *once = context;
    progress_step(&once->progress, 0, left);
    return !interrupted;
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

static int once_by_daemon(struct ship_once *once, long pid)
{
    struct err err;
    const struct ship_request ask = {
        .archive_dir = once->dir,
        .target = once->target,
        .daemon_pid = pid,
        .patience_us = once->options->config.ship_timeout + PATIENCE_US,
        .each = on_wait,
        .context = once,
    };
    fprintf(stderr, "steled (pid %ld) holds %s: asking it to ship\n", pid, once->dir);
    enum status status = ledger_totals(once, -1, &err);
    if (status == OK) {
        progress_begin(&once->progress, "ship", "left", 0);
        status = ship_request_wait(&ask, &err);
        progress_wipe(&once->progress);
    }
    struct err second;
    if (status == OK) {
        status = ledger_totals(once, 1, &err);
    } else if (ledger_totals(once, 1, &second) == OK && once->objects > 0) {
        print_shipped(once);
    }
    if (status != OK) {
        return options_fail(&verb_ship, &err);
    }
    print_shipped(once);
    return 0;
}

static int run_once(const struct options *options, const char *dir)
{
    struct err err;
    struct ship_once once = {.options = options, .dir = dir};
    if (target_url(&options->config, once.target, &err) != OK) {
        return options_fail(&verb_ship, &err);
    }
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    char who[64];
    long pid = archive_lock_holder(dir, who);
    return pid > 0 && strcmp(who, "steled") == 0 ? once_by_daemon(&once, pid) : once_closed(&once);
}

struct ship_options {
    bool once;
    bool status;
    bool reconcile;
    bool deep;
    bool repair;
    const char *from;
    const char *to;
    const char *output;
};

/* --status, with or without times. */
static int run_status(const struct ship_options *asked, const struct options *options,
                      const char *dir)
{
    struct err err;
    int64_t from_us = INT64_MIN;
    int64_t to_us = INT64_MAX;
    bool csv = strcmp(asked->output, "csv") == 0;
    bool json = strcmp(asked->output, "json") == 0;
    if (!asked->from && !asked->to) {
        return csv ? options_misuse(&verb_ship, "--output csv lists objects: give --from or --to")
                   : ship_show_status(options, dir, json);
    }
    if (query_args_times(asked->from, asked->to, &from_us, &to_us, &err) != OK) {
        return options_fail(&verb_ship, &err);
    }
    return ship_show_ledger(options, dir, from_us, to_us,
                            json  ? SHIP_JSON
                            : csv ? SHIP_CSV
                                  : SHIP_TABLE);
}

/* What does not go together. OPTIONS_GO_ON, or the exit code. */
static int check_asked(const struct ship_options *asked, const struct options *options)
{
    static const char *const forms[] = {"table", "json", "csv"};
    bool known = false;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        known = known || strcmp(asked->output, forms[i]) == 0;
    }
    if (!known) {
        return options_misuse(&verb_ship, "--output: \"%s\" is neither table, json nor csv",
                              asked->output);
    }
    if (options->n_words > 0) {
        return options_misuse(&verb_ship, "\"%s\" is no option", options->words[0]);
    }
    if (asked->once + asked->status + asked->reconcile > 1) {
        return options_misuse(&verb_ship,
                              "--once, --status and --reconcile are three things: give one");
    }
    if ((asked->from || asked->to) && !asked->status) {
        return options_misuse(&verb_ship, "--from and --to are of --status");
    }
    if ((asked->deep || asked->repair) && !asked->reconcile) {
        return options_misuse(&verb_ship, "--deep and --repair are of --reconcile");
    }
    if (asked->reconcile && strcmp(asked->output, "csv") == 0) {
        return options_misuse(&verb_ship, "--reconcile prints a table or json");
    }
    return OPTIONS_GO_ON;
}

static int ship_run(int argc, char **argv)
{
    struct ship_options asked = {.output = "table"};
    const struct option_entry entries[] = {
        {.name = "once",
         .help = "ship all that is not shipped yet (the default)",
         .flag = &asked.once},
        {.name = "status",
         .help = "show what is shipped, waiting and failed",
         .flag = &asked.status},
        {.name = "from",
         .argument = "TIME",
         .help = "with --status: objects with events from this time on",
         .text = &asked.from},
        {.name = "to",
         .argument = "TIME",
         .help = "with --status: objects with events before this time",
         .text = &asked.to},
        {.name = "reconcile",
         .help = "compare the ledger with what is at the target",
         .flag = &asked.reconcile},
        {.name = "deep", .help = "with --reconcile: read every object", .flag = &asked.deep},
        {.name = "repair",
         .help = "with --reconcile: upload again what is missing",
         .flag = &asked.repair},
        {.name = "output",
         .argument = "FORM",
         .help = "table (default), json; csv of --status with times",
         .text = &asked.output},
    };
    static struct options options;
    int code =
        options_read(&options, &verb_ship, entries, sizeof entries / sizeof entries[0], argc, argv);
    if (code == OPTIONS_GO_ON) {
        code = check_asked(&asked, &options);
    }
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    if (asked.reconcile) {
        const struct ship_reconcile_options how = {
            .deep = asked.deep, .repair = asked.repair, .json = strcmp(asked.output, "json") == 0};
        return ship_show_reconcile(&options, dir, &how);
    }
    return asked.status ? run_status(&asked, &options, dir) : run_once(&options, dir);
}

const struct verb verb_ship = {
    .name = "ship",
    .usage = "[--once | --status [--from TIME] [--to TIME] | --reconcile] [OPTION]...",
    .summary = "upload what is not shipped yet, or show how shipping stands",
    .run = ship_run,
};
