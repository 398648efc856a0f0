/* stele ship --status: how shipping stands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/ship_status.h"
#include "daemon/ship/target_open.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/ship/ship_action.h"

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
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
           progress_number(target->inbox_scan_events, numbers[0]), target->waiting_blocks,
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
        target->inbox_scan_events, target->configured ? status->inbox.count : 0,
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

int ship_show_status(const struct options *options, const char *dir, bool json)
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
