/* stele ship: uploads what is not shipped yet, by itself or by asking the running steled for it,
 * and shows how shipping stands. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/seal/sealer.h"
#include "daemon/ship/ship_ask.h"
#include "daemon/ship/ship_status.h"
#include "daemon/ship/shipper.h"
#include "tools/stele/index_here.h"
#include "tools/stele/options.h"
#include "tools/stele/progress.h"

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

struct once {
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
    struct once *once = context;
    once->objects++;
    once->events += object->events;
    once->bytes += object->bytes;
    progress_step(&once->progress, 0, once->events);
}

static void print_shipped(const struct once *once)
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

static int print_outcome(const struct once *once, const struct shipper_report *report)
{
    if (once->objects > 0 || (report->last_status == OK && !interrupted)) {
        print_shipped(once);
    }
    if (report->last_status != OK) {
        char left[32];
        fprintf(stderr, "stele ship: %s\n", report->last_error);
        int64_t events = report->pending_events + report->waiting_events;
        fprintf(stderr, "stele ship: %s event%s not shipped; nothing is lost, run it again\n",
                progress_number(events, left), events == 1 ? " is" : "s are");
        return status_exit_code(report->last_status);
    }
    if (interrupted) {
        fprintf(stderr, "stele ship: interrupted; run it again for the rest\n");
        return status_exit_code(ERR_STOPPED);
    }
    return 0;
}

static enum status ship_here(struct once *once, struct shipper_report *report, struct err *err)
{
    struct shipper *shipper = NULL;
    struct archive *archive = NULL;
    enum status status = shipper_open(&once->options->config, once->dir, &shipper, err);
    if (status == OK) {
        status = archive_open(once->dir, ARCHIVE_WRITE, &archive, err);
    }
    if (status == OK) {
        status = index_here(&once->options->config, archive, &interrupted, err);
    }
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
static enum status seal_here(const struct once *once, struct err *err)
{
    struct sealer *sealer = NULL;
    struct sealer_report report = {.last_status = OK};
    enum status status = sealer_open(&once->options->config, once->dir, &sealer, NULL, err);
    if (status == OK) {
        status = sealer_run(sealer, SEAL_NEWS, &report, err);
    }
    sealer_close(sealer);
    return status == OK && report.last_error[0]
               ? err_set(err, report.last_status, "%s", report.last_error)
               : status;
}

static int once_closed(struct once *once)
{
    struct err err;
    struct archive_lock *lock = NULL;
    struct shipper_report report = {.last_status = OK};
    enum status status = archive_lock_take(once->dir, "stele ship", &lock, &err);
    if (status == OK) {
        status = ship_here(once, &report, &err);
    }
    struct err sealing;
    if (status == OK && !interrupted && seal_here(once, &sealing) != OK) {
        fprintf(stderr, "stele ship: shipped, and not sealed: %s\n", sealing.text);
    }
    archive_lock_release(lock);
    return status == OK ? print_outcome(once, &report) : options_fail(&verb_ship, &err);
}

static bool on_wait(void *context, int64_t left)
{
    struct once *once = context;
    progress_step(&once->progress, 0, left);
    return !interrupted;
}

/* What the ledger holds for the target, to tell afterwards what was added. */
static enum status ledger_totals(struct once *once, int sign, struct err *err)
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

static int once_by_daemon(struct once *once, long pid)
{
    struct err err;
    const struct ship_ask ask = {
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
        status = ship_ask_wait(&ask, &err);
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
    struct once once = {.options = options, .dir = dir};
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

static const char *age_text(int64_t us, char out[32])
{
    int64_t seconds = us > 0 ? us / CLOCK_SECOND_US : 0;
    if (seconds < 60) {
        (void)snprintf(out, 32, "%" PRId64 " s", seconds);
    } else if (seconds < 3600) {
        (void)snprintf(out, 32, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    } else if (seconds < 2 * 86400) {
        (void)snprintf(out, 32, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    } else {
        (void)snprintf(out, 32, "%" PRId64 " days %" PRId64 " h", seconds / 86400,
                       seconds / 3600 % 24);
    }
    return out;
}

static void print_failed(const struct ship_status_target *target)
{
    char next[CLOCK_TEXT_BYTES];
    const struct ledger_object *row = &target->failed;
    printf("  failed   %" PRId64 " object%s; %s, tried %" PRId64 " time%s, next try %s\n",
           target->failed_objects, plural(target->failed_objects), row->key, row->tries,
           plural(row->tries), clock_format(row->next_try_us, next));
    printf("           %s\n", row->last_error);
}

static void print_target(const struct ship_status *status, const struct ship_status_target *target)
{
    char numbers[3][32];
    char time[CLOCK_TEXT_BYTES];
    printf("%s%s\n", target->url, target->configured ? "" : " (no longer shipped to)");
    printf("  shipped  %s events in %s object%s, %s bytes",
           progress_number(target->shipped_events, numbers[0]),
           progress_number(target->shipped_objects, numbers[1]), plural(target->shipped_objects),
           progress_number(target->shipped_bytes, numbers[2]));
    if (target->shipped_us > 0) {
        printf(", last %s", clock_format(target->shipped_us, time));
    }
    printf("\n  waiting  %s events in %" PRId64 " block%s",
           progress_number(target->waiting_events, numbers[0]), target->waiting_blocks,
           plural(target->waiting_blocks));
    if (target->planned_objects > 0) {
        printf(", %s in %" PRId64 " planned object%s",
               progress_number(target->planned_events, numbers[0]), target->planned_objects,
               plural(target->planned_objects));
    }
    if (target->configured) {
        printf(", %s request%s in the inbox", progress_number(status->inbox.count, numbers[0]),
               plural(status->inbox.count));
    }
    printf("\n");
    if (target->failed_objects > 0) {
        print_failed(target);
    }
    if (target->gone_objects > 0) {
        printf("  gone     %s events in %" PRId64 " planned object%s: deleted unshipped (forced)\n",
               progress_number(target->gone_events, numbers[0]), target->gone_objects,
               plural(target->gone_objects));
    }
    if (!target->configured) {
        return;
    }
    int64_t oldest_us = ship_status_oldest(status, target);
    printf("  lag      %s\n",
           oldest_us > 0 ? age_text(clock_now_us() - oldest_us, numbers[0]) : "none");
}

static void json_target(const struct ship_status *status, const struct ship_status_target *target,
                        struct buf *out)
{
    int64_t oldest_us = ship_status_oldest(status, target);
    buf_add_str(out, "{\"target\":");
    buf_add_json(out, span_str(target->url));
    buf_printf(
        out,
        ",\"configured\":%s,\"shipped_objects\":%" PRId64 ",\"shipped_events\":%" PRId64
        ",\"shipped_bytes\":%" PRId64 ",\"planned_objects\":%" PRId64 ",\"planned_events\":%" PRId64
        ",\"failed_objects\":%" PRId64 ",\"gone_objects\":%" PRId64 ",\"gone_events\":%" PRId64
        ",\"waiting_blocks\":%" PRId64 ",\"waiting_events\":%" PRId64 ",\"inbox_requests\":%" PRId64
        ",\"lag_seconds\":%.3f",
        target->configured ? "true" : "false", target->shipped_objects, target->shipped_events,
        target->shipped_bytes, target->planned_objects, target->planned_events,
        target->failed_objects, target->gone_objects, target->gone_events, target->waiting_blocks,
        target->waiting_events, target->configured ? status->inbox.count : 0,
        oldest_us > 0 ? (double)(clock_now_us() - oldest_us) / 1e6 : 0.0);
    char time[CLOCK_TEXT_BYTES];
    if (target->shipped_us > 0) {
        buf_printf(out, ",\"last_shipped\":\"%s\"", clock_format(target->shipped_us, time));
    }
    if (target->failed_objects > 0) {
        buf_add_str(out, ",\"failed\":{\"key\":");
        buf_add_json(out, span_str(target->failed.key));
        buf_printf(out,
                   ",\"tries\":%" PRId64 ",\"next_try\":\"%s\",\"error\":", target->failed.tries,
                   clock_format(target->failed.next_try_us, time));
        buf_add_json(out, span_str(target->failed.last_error));
        buf_add_char(out, '}');
    }
    buf_add_char(out, '}');
}

static enum status print_json(const struct ship_status *status, struct err *err)
{
    struct buf out = BUF_INIT;
    buf_add_str(&out, "{\"targets\":[");
    for (size_t i = 0; i < status->count; i++) {
        buf_add_str(&out, i ? "," : "");
        json_target(status, &status->targets[i], &out);
    }
    buf_add_str(&out, "]}\n");
    enum status code = buf_status(&out, "ship", err);
    if (code == OK) {
        (void)fwrite(out.data, 1, out.size, stdout);
    }
    buf_fini(&out);
    return code;
}

static int run_status(const struct options *options, const char *dir, bool json)
{
    struct err err;
    struct ship_status status;
    char url[TARGET_URL_BYTES];
    bool shipping = *options->config.ship_target != '\0';
    if (shipping && target_url(&options->config, url, &err) != OK) {
        return options_fail(&verb_ship, &err);
    }
    if (ship_status_read(dir, shipping ? url : NULL, &status, &err) != OK) {
        return options_fail(&verb_ship, &err);
    }
    enum status code = OK;
    if (json) {
        code = print_json(&status, &err);
    } else {
        for (size_t i = 0; i < status.count; i++) {
            print_target(&status, &status.targets[i]);
        }
        if (!shipping) {
            printf("ship.target is not set: nothing is shipped\n");
        }
    }
    ship_status_fini(&status);
    return code == OK ? 0 : options_fail(&verb_ship, &err);
}

static int ship_run(int argc, char **argv)
{
    bool once = false;
    bool status = false;
    const char *output = "table";
    const struct option_entry entries[] = {
        {.name = "once", .help = "ship all that is not shipped yet (the default)", .flag = &once},
        {.name = "status", .help = "show what is shipped, waiting and failed", .flag = &status},
        {.name = "output",
         .argument = "FORM",
         .help = "of --status: table (default) or json",
         .text = &output},
    };
    struct options options;
    int code =
        options_read(&options, &verb_ship, entries, sizeof entries / sizeof entries[0], argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    bool json = strcmp(output, "json") == 0;
    if (!json && strcmp(output, "table") != 0) {
        return options_misuse(&verb_ship, "--output: \"%s\" is neither table nor json", output);
    }
    if (options.n_words > 0) {
        return options_misuse(&verb_ship, "\"%s\" is no option", options.words[0]);
    }
    if (once && status) {
        return options_misuse(&verb_ship, "--once and --status are two things: give one");
    }
    const char *dir = options_archive(&options);
    if (!dir) {
        return status_exit_code(ERR_USAGE);
    }
    return status ? run_status(&options, dir, json) : run_once(&options, dir);
}

const struct verb verb_ship = {
    .name = "ship",
    .usage = "[--once | --status [--output json]]",
    .summary = "upload what is not shipped yet; or show how shipping stands",
    .run = ship_run,
};
