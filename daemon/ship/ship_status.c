#include "daemon/ship/ship_status.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/planner.h"

enum {
    TARGETS_MAX = 64, /* a ledger of more is shown in part */
    PLANNED_AGED = 16,
};

void ship_status_fini(struct ship_status *status)
{
    free(status->targets);
    *status = (struct ship_status){0};
}

static struct ship_status_target *target_of(struct ship_status *status, const char *url)
{
    for (size_t i = 0; i < status->count; i++) {
        CHECK(status->targets);
        if (strcmp(status->targets[i].url, url) == 0) {
            return &status->targets[i];
        }
    }
    if (status->count == TARGETS_MAX) {
        return NULL;
    }
    struct ship_status_target *target = &status->targets[status->count++];
    (void)snprintf(target->url, sizeof target->url, "%s", url);
    return target;
}

int64_t ship_status_oldest(const struct ship_status *status,
                           const struct ship_status_target *target)
{
    int64_t oldest_us = target->oldest_us;
    if (target->configured) {
        planner_older(&oldest_us, status->inbox.oldest_received_us);
    }
    return oldest_us;
}

static void add_row(struct ship_status_target *target, const char *dir,
                    const struct ledger_object *row)
{
    if (row->state == LEDGER_SHIPPED) {
        target->shipped_objects++;
        target->shipped_events += row->content.events;
        target->shipped_bytes += row->sent.bytes;
        target->shipped_us =
            row->shipped_us > target->shipped_us ? row->shipped_us : target->shipped_us;
        return;
    }
    if (row->is_gone) {
        target->gone_objects++;
        target->gone_events += row->content.events;
        return;
    }
    target->planned_objects++;
    target->planned_events += row->content.events;
    if (target->planned_objects <= PLANNED_AGED) {
        planner_older(&target->oldest_us, planner_row_oldest(dir, row));
    }
    if (row->tries > 0 && target->failed_objects++ == 0) {
        target->failed = *row;
    }
}

static enum status read_ledger(struct archive *archive, const char *dir, struct ship_status *status,
                               struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status code = ledger_cursor_open(archive, NULL, false, &cursor, err);
    struct ledger_object row;
    while (ledger_cursor_step(cursor, &row, &code, err)) {
        struct ship_status_target *target = target_of(status, row.target);
        if (target) {
            add_row(target, dir, &row);
        }
    }
    archive_cursor_close(cursor);
    return code;
}

static enum status read_waiting(struct archive *archive, const char *dir,
                                struct ship_status_target *target, struct err *err)
{
    struct planner *planner = NULL;
    enum status status = planner_open(dir, target->url, &planner, err);
    if (status != OK) {
        return status;
    }
    status = planner_refresh(planner, archive, err);
    size_t count;
    const struct planner_day *days = planner_days(planner, &count);
    for (size_t i = 0; i < count; i++) {
        target->waiting_blocks += days[i].blocks;
        target->inbox_scan_events += days[i].events;
        planner_older(&target->oldest_us, days[i].oldest_us);
    }
    planner_close(planner);
    return status;
}

static enum status read_all(struct archive *archive, const char *dir, const char *target,
                            struct ship_status *status, struct err *err)
{
    enum status code = archive_read_begin(archive, err);
    if (code != OK) {
        return code;
    }
    code = inbox_state(archive, &status->inbox, err);
    if (target) {
        target_of(status, target)->configured = true;
    }
    code = THEN(code, read_ledger(archive, dir, status, err));
    if (code == OK && target) {
        code = read_waiting(archive, dir, &status->targets[0], err);
    }
    archive_read_end(archive);
    return code;
}

enum status ship_status_read(const char *archive_dir, const char *target,
                             struct ship_status *out_status, struct err *err)
{
    struct ship_status status = {.targets = calloc(TARGETS_MAX, sizeof *status.targets)};
    if (!status.targets) {
        return err_nomem(err, "ship");
    }
    struct archive *archive = NULL;
    enum status code = archive_open(archive_dir, ARCHIVE_READ, &archive, err);
    code = THEN(code, read_all(archive, archive_dir, target, &status, err));
    archive_close(archive);
    if (code != OK) {
        ship_status_fini(&status);
        return code;
    }
    *out_status = status;
    return OK;
}
