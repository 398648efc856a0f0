/* stele ship --status: how shipping stands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/ship_status.h"
#include "daemon/ship/target_open.h"
#include "schema/text/json_writer.h"
#include "tools/stele/ship/ship_action.h"

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
    const struct ledger_object *row = &target->failed;
    printf("  failed   %" PRId64 " object%s; %s, tried %" PRId64 " time%s, next try %s\n",
           target->failed_objects, output_plural(target->failed_objects), row->key, row->tries,
           output_plural(row->tries), output_time(row->next_try_us).text);
    printf("           %s\n", row->last_error);
}

static void print_target(const struct ship_status *status, const struct ship_status_target *target)
{
    char age[32];
    printf("%s%s\n", target->url, target->configured ? "" : " (no longer shipped to)");
    printf("  shipped  %s in %s, %s bytes", output_count(target->shipped_events, "event").text,
           output_count(target->shipped_objects, "object").text,
           output_number(target->shipped_bytes).text);
    if (target->shipped_us > 0) {
        printf(", last %s", output_time(target->shipped_us).text);
    }
    printf("\n  waiting  %s in %" PRId64 " block%s",
           output_count(target->inbox_scan_events, "event").text, target->waiting_blocks,
           output_plural(target->waiting_blocks));
    if (target->planned_objects > 0) {
        printf(", %s in %" PRId64 " planned object%s", output_number(target->planned_events).text,
               target->planned_objects, output_plural(target->planned_objects));
    }
    if (target->configured) {
        printf(", %s in the inbox", output_count(status->inbox.count, "request").text);
    }
    printf("\n");
    if (target->failed_objects > 0) {
        print_failed(target);
    }
    if (target->gone_objects > 0) {
        printf("  gone     %s in %" PRId64 " planned object%s: deleted unshipped (forced)\n",
               output_count(target->gone_events, "event").text, target->gone_objects,
               output_plural(target->gone_objects));
    }
    if (!target->configured) {
        return;
    }
    int64_t oldest_us = ship_status_oldest(status, target);
    printf("  lag      %s\n", oldest_us > 0 ? age_text(clock_now_us() - oldest_us, age) : "none");
}

static void add_json(struct json_writer *json, const struct ship_status *status,
                     const struct ship_status_target *target)
{
    int64_t oldest_us = ship_status_oldest(status, target);
    json_object(json, NULL);
    json_text(json, "target", target->url);
    json_bool(json, "configured", target->configured);
    json_int(json, "shipped_objects", target->shipped_objects);
    json_int(json, "shipped_events", target->shipped_events);
    json_int(json, "shipped_bytes", target->shipped_bytes);
    json_int(json, "planned_objects", target->planned_objects);
    json_int(json, "planned_events", target->planned_events);
    json_int(json, "failed_objects", target->failed_objects);
    json_int(json, "gone_objects", target->gone_objects);
    json_int(json, "gone_events", target->gone_events);
    json_int(json, "waiting_blocks", target->waiting_blocks);
    json_int(json, "waiting_events", target->inbox_scan_events);
    json_int(json, "inbox_requests", target->configured ? status->inbox.count : 0);
    json_name(json, "lag_seconds");
    buf_printf(json->out, "%.3f", oldest_us > 0 ? (double)(clock_now_us() - oldest_us) / 1e6 : 0.0);
    if (target->shipped_us > 0) {
        json_time(json, "last_shipped", target->shipped_us);
    }
    if (target->failed_objects > 0) {
        json_object(json, "failed");
        json_text(json, "key", target->failed.key);
        json_int(json, "tries", target->failed.tries);
        json_time(json, "next_try", target->failed.next_try_us);
        json_text(json, "error", target->failed.last_error);
        json_end(json);
    }
    json_end(json);
}

static enum status print_json(const struct ship_status *status, struct err *err)
{
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    json_object(&json, NULL);
    json_array(&json, "targets");
    for (size_t i = 0; i < status->count; i++) {
        add_json(&json, status, &status->targets[i]);
    }
    json_end(&json);
    enum status written = output_json_end(&json, err);
    buf_fini(&out);
    return written;
}

enum status ship_show_status(const struct options *options, struct err *err)
{
    struct ship_status ship;
    char url[TARGET_URL_BYTES];
    bool shipping = *options->config.ship_target != '\0';
    enum status status = shipping ? target_url(&options->config, url, err) : OK;
    status = THEN(status, ship_status_read(options->archive, shipping ? url : NULL, &ship, err));
    if (status != OK) {
        return status;
    }
    if (options->form == OUTPUT_JSON) {
        status = print_json(&ship, err);
    } else {
        for (size_t i = 0; i < ship.count; i++) {
            print_target(&ship, &ship.targets[i]);
        }
        printf("%s", shipping ? "" : "ship.target is not set: nothing is shipped\n");
    }
    ship_status_fini(&ship);
    return status;
}
