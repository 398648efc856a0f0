/* Has a running steled ship, and waits for it: SIGUSR1, then a look at the ledger every 100 ms
 * until all blocks that were there are shipped. Reads only; any thread of another process. */
#include "daemon/ship/ship_request.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/ship/planner.h"
#include "schema/archive/inbox.h"

enum { LOOK_EVERY_MS = 100 };

struct ship_wait {
    const struct ship_request *ask;
    struct archive *archive;
    struct planner *planner;
    int64_t inbox_id;          /* up to here the inbox must be gone */
    int64_t tries;             /* that failed, of all planned objects, when we asked */
    struct planner_day *goals; /* up to their last blocks; NULL while the inbox is not indexed */
    size_t n_goals;
};

static enum status inbox_left(struct ship_wait *wait, int64_t *out_left, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(wait->archive, 0, &cursor, err);
    int64_t left = 0;
    while (status == OK) {
        struct inbox_row row;
        bool end = false;
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status != OK || end || row.id > wait->inbox_id) {
            break;
        }
        left++;
    }
    archive_cursor_close(cursor);
    *out_left = left;
    return status;
}

static int64_t goal_of(const struct ship_wait *wait, int64_t day_us)
{
    for (size_t i = 0; i < wait->n_goals; i++) {
        if (wait->goals[i].day_us == day_us) {
            return wait->goals[i].last_block;
        }
    }
    return -1;
}

struct pending {
    int64_t blocks;             /* that we wait for, of planned objects */
    int64_t tries;              /* that failed, of all planned objects */
    char error[ERR_TEXT_BYTES]; /* of the last one */
};

static enum status pending_left(struct ship_wait *wait, struct pending *out, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = ledger_cursor_open(wait->archive, wait->ask->target, true, &cursor, err);
    struct ledger_object row;
    *out = (struct pending){0};
    while (ledger_cursor_step(cursor, &row, &status, err)) {
        out->tries += row.tries;
        if (row.first_block <= goal_of(wait, row.day_us)) {
            out->blocks += row.last_block - row.first_block + 1;
        }
        if (row.tries > 0) {
            (void)snprintf(out->error, sizeof out->error, "%.*s", ERR_TEXT_BYTES - 1,
                           row.last_error);
        }
    }
    archive_cursor_close(cursor);
    return status;
}

/* The inbox as it was is in blocks: what is there now is what we wait for. */
static enum status set_goals(struct ship_wait *wait, struct err *err)
{
    size_t count;
    const struct planner_day *days = planner_days(wait->planner, &count);
    wait->goals = calloc(count + 1, sizeof *wait->goals);
    if (!wait->goals) {
        return err_nomem(err, "ship");
    }
    wait->n_goals = count;
    memcpy(wait->goals, days, count * sizeof *days);
    return OK;
}

/* How much there is to do yet; an upload that failed since we asked is the end of it. */
static enum status look(struct ship_wait *wait, int64_t *out_left, struct err *err)
{
    int64_t left = 0;
    enum status status = OK;
    if (!wait->goals) {
        status = inbox_left(wait, &left, err);
        if (status == OK && left > 0) {
            *out_left = left;
            return OK;
        }
    }
    status = THEN(status, planner_refresh(wait->planner, wait->archive, err));
    if (status == OK && !wait->goals) {
        status = set_goals(wait, err);
    }
    struct pending pending;
    status = THEN(status, pending_left(wait, &pending, err));
    if (status != OK) {
        return status;
    }
    if (pending.tries > wait->tries && pending.error[0]) {
        return err_set(err, ERR_NET, "%s", pending.error);
    }
    left = pending.blocks;
    wait->tries = pending.tries < wait->tries ? pending.tries : wait->tries;
    size_t count;
    const struct planner_day *days = planner_days(wait->planner, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t goal = goal_of(wait, days[i].day_us);
        left += goal > days[i].last_planned
                    ? goal - (days[i].last_planned < 0 ? 0 : days[i].last_planned)
                    : 0;
    }
    *out_left = left;
    return OK;
}

static enum status wait_open(struct ship_wait *wait, struct err *err)
{
    const struct ship_request *ask = wait->ask;
    struct inbox_state inbox;
    struct pending pending = {0};
    enum status status = archive_open(ask->archive_dir, ARCHIVE_READ, &wait->archive, err);
    status = THEN(status, inbox_state(wait->archive, &inbox, err));
    if (status == OK) {
        wait->inbox_id = inbox.newest_id;
        status = planner_open(ask->archive_dir, ask->target, &wait->planner, err);
    }
    status = THEN(status, pending_left(wait, &pending, err));
    wait->tries = pending.tries;
    return status;
}

static enum status wait_run(struct ship_wait *wait, struct err *err)
{
    const struct ship_request *ask = wait->ask;
    int64_t least = INT64_MAX;
    int64_t moved_us = clock_monotonic_us();
    for (;;) {
        int64_t left;
        enum status status = look(wait, &left, err);
        if (status != OK || left == 0) {
            return status;
        }
        int64_t now_us = clock_monotonic_us();
        if (left < least) {
            least = left;
            moved_us = now_us;
        }
        if (now_us - moved_us > ask->patience_us) {
            return err_set(err, ERR_BUSY,
                           "steled (pid %ld) did not get on for %lld s: see its log, and whether "
                           "it ships to %s",
                           ask->daemon_pid, (long long)(ask->patience_us / CLOCK_SECOND_US),
                           ask->target);
        }
        if ((ask->each && !ask->each(ask->context, left)) || kill((pid_t)ask->daemon_pid, 0) != 0) {
            return err_set(err, ERR_STOPPED, "stopped before all was shipped");
        }
        const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

enum status ship_request_wait(const struct ship_request *ask, struct err *err)
{
    struct ship_wait wait = {.ask = ask};
    enum status status = wait_open(&wait, err);
    if (status == OK && kill((pid_t)ask->daemon_pid, SIGUSR1) != 0) {
        status = err_errno(err, errno, "steled (pid %ld) cannot be signalled", ask->daemon_pid);
    }
    status = THEN(status, wait_run(&wait, err));
    free(wait.goals);
    planner_close(wait.planner);
    archive_close(wait.archive);
    return status;
}
