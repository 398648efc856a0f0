/* Passes over an archive, on the shipper's own thread. For each object: built in memory, planned in
 * the ledger (committed: from now on these blocks are this object, whatever happens), put at the
 * target, marked as shipped (committed). A crash between any two of these is made up for by the
 * next pass, which builds the planned object again and puts it under the same key, or finds it
 * there. */
#include "daemon/ship/shipper.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/object_build.h"
#include "daemon/ship/planner.h"
#include "daemon/ship/target_open.h"
#include "schema/base/backoff.h"

enum {
    PENDING_MAX = 64,  /* failed plans taken up in one pass */
    PENDING_AGED = 16, /* of what is left, those looked into for their age */
};

struct shipper {
    /* immutable */
    char dir[FILE_PATH_BYTES];
    enum ledger_codec codec;
    int64_t object_bytes_max;
    int64_t interval_us;
    int64_t retry_max_wait_us;
    /* any thread */
    atomic_bool stop;
    /* the shipper's thread */
    struct archive *archive;
    struct target *target;
    struct planner *planner;
    struct object object;
    shipper_each *each;
    void *context;
    bool started;             /* a pass was made: waits of the ledger count from then on */
    int64_t asked_us;         /* what came before is wanted now, also after a failure */
    int64_t blocked_until_us; /* the target as a whole failed; 0: it did not */
};

/* A pass under way. */
struct ship_pass {
    struct shipper *shipper;
    struct shipper_report *report;
    bool all_now;
    bool halted;         /* the target as a whole fails, or we are to stop */
    bool day_unreadable; /* a pass soon would meet it again */
};

enum status shipper_open(const struct config *config, const char *archive_dir,
                         struct shipper **out_shipper, struct err *err)
{
    struct shipper *shipper = calloc(1, sizeof *shipper);
    if (!shipper) {
        return err_nomem(err, "ship");
    }
    atomic_init(&shipper->stop, false);
    shipper->codec = strcmp(config->ship_codec, "gzip") == 0 ? LEDGER_GZIP : LEDGER_ZSTD;
    shipper->object_bytes_max = config->ship_object_bytes_max;
    shipper->interval_us = config->ship_interval;
    shipper->retry_max_wait_us = config->ship_retry_max_wait;
    enum status status = file_path_format(shipper->dir, err, "%s", archive_dir);
    status = THEN(status, target_open(config, &shipper->target, err));
    if (status == OK) {
        shipper->target->cancel = &shipper->stop;
        status = archive_open(archive_dir, ARCHIVE_WRITE, &shipper->archive, err);
    }
    status = THEN(status, planner_open(archive_dir, shipper->target->url, &shipper->planner, err));
    if (status != OK) {
        shipper_close(shipper);
        return status;
    }
    *out_shipper = shipper;
    return OK;
}

void shipper_close(struct shipper *shipper)
{
    if (shipper) {
        planner_close(shipper->planner);
        archive_close(shipper->archive);
        target_close(shipper->target);
        object_fini(&shipper->object);
        free(shipper);
    }
}

const char *shipper_target(const struct shipper *shipper)
{
    return shipper->target->url;
}

void shipper_watch(struct shipper *shipper, shipper_each *each, void *context)
{
    shipper->each = each;
    shipper->context = context;
}

void shipper_stop(struct shipper *shipper)
{
    atomic_store(&shipper->stop, true);
}

/* Only this object is at fault; others may go through. */
static bool is_of_object(enum status status)
{
    return status == ERR_EXISTS || status == ERR_CORRUPT;
}

static enum status mark_failed(struct ship_pass *pass, const struct ledger_object *row,
                               const struct err *why, bool whole_target, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    if (why->status == ERR_STOPPED) {
        pass->halted = true;
        return OK;
    }
    int64_t next_us =
        clock_now_us() + backoff_us(row->tries, why->status, shipper->retry_max_wait_us);
    pass->report->failed_objects++;
    pass->report->last = *why;
    if (whole_target) {
        pass->halted = true;
        shipper->blocked_until_us = next_us;
    }
    return ledger_mark_failed(shipper->archive, row->id, next_us, why->text, err);
}

/* The target has the object. */
static enum status mark_shipped(struct ship_pass *pass, struct ledger_object *row, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    shipper->blocked_until_us = 0;
    enum status status =
        ledger_mark_shipped(shipper->archive, row->id, &row->sent, clock_now_us(), err);
    if (status == OK) {
        pass->report->shipped_objects++;
        pass->report->shipped_events += row->content.events;
        pass->report->shipped_bytes += row->sent.bytes;
        if (shipper->each) {
            shipper->each(shipper->context, row);
        }
    }
    return status;
}

/* The object is built and is the planned one: sends it and writes down how it went. */
static enum status send(struct ship_pass *pass, struct ledger_object *row, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    const struct parcel parcel = object_parcel(&shipper->object, row);
    struct err why = {.status = OK};
    enum target_put outcome;
    enum status status = parcel_send(shipper->target, &parcel, &outcome, &row->sent, &why);
    return status == OK ? mark_shipped(pass, row, err)
                        : mark_failed(pass, row, &why, !is_of_object(status), err);
}

/* The plan cannot be kept from here (`why`): its blocks are damaged or gone. But it may have been
 * kept before a crash. */
static enum status settle_without_blocks(struct ship_pass *pass, struct ledger_object *row,
                                         struct err *why, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct err other;
    enum status status = parcel_find(shipper->target, row->key, object_codec_of(row->codec),
                                     &row->content, &row->sent, &other);
    if (status == OK) {
        return mark_shipped(pass, row, err);
    }
    bool is_answer = status == ERR_NOT_FOUND || status == ERR_EXISTS;
    return mark_failed(pass, row, is_answer ? why : &other, !is_answer, err);
}

static enum status ship_pending(struct ship_pass *pass, struct ledger_object *row, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct err why = {.status = OK};
    enum status status = object_build_row(shipper->dir, row, &shipper->object, &why);
    if (status == ERR_CORRUPT || status == ERR_NOT_FOUND) {
        return settle_without_blocks(pass, row, &why, err);
    }
    return status == OK ? send(pass, row, err) : mark_failed(pass, row, &why, false, err);
}

static bool is_due(const struct ship_pass *pass, const struct ledger_object *row, int64_t now_us)
{
    const struct shipper *shipper = pass->shipper;
    /* A restart tries at once: the configuration may have been mended. A next try further away
     * than any wait can be is from before the clock was set back. */
    return pass->all_now || !shipper->started || row->next_try_us <= now_us ||
           row->next_try_us > now_us + shipper->retry_max_wait_us;
}

/* The planned rows that are due, oldest first, PENDING_MAX at most: the cursor is closed before the
 * first of them is changed. */
static enum status pending_read(const struct ship_pass *pass, struct ledger_object *rows,
                                size_t *out_count, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct archive_cursor *cursor = NULL;
    enum status status =
        ledger_cursor_open(shipper->archive, shipper->target->url, true, &cursor, err);
    int64_t now_us = clock_now_us();
    size_t count = 0;
    while (count < PENDING_MAX && ledger_cursor_step(cursor, &rows[count], &status, err)) {
        count += is_due(pass, &rows[count], now_us);
    }
    archive_cursor_close(cursor);
    *out_count = count;
    return status;
}

static enum status pass_pending(struct ship_pass *pass, struct err *err)
{
    if (pass->halted) {
        return OK;
    }
    struct ledger_object *rows = calloc(PENDING_MAX, sizeof *rows);
    if (!rows) {
        return err_nomem(err, "ship");
    }
    size_t count = 0;
    enum status status = pending_read(pass, rows, &count, err);
    for (size_t i = 0; i < count && status == OK && !pass->halted; i++) {
        status = ship_pending(pass, &rows[i], err);
        pass->halted = pass->halted || atomic_load(&pass->shipper->stop);
    }
    free(rows);
    return status;
}

/* Plans the day's next object, commits the plan, ships it. */
static enum status ship_next(struct ship_pass *pass, const struct planner_day *day, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    const struct object_range range = {
        .codec = shipper->codec,
        .first_block = day->last_planned + 1,
        .last_block = day->last_block,
        .bytes_max = shipper->object_bytes_max,
    };
    struct object *object = &shipper->object;
    struct ledger_object row = {.day_us = day->day_us, .codec = shipper->codec};
    enum status status = object_build_day(shipper->dir, day->day_us, &range, object, err);
    status = THEN(status, object_key(archive_id(shipper->archive), day->day_us, row.codec, object,
                                     row.key, sizeof row.key, err));
    if (status != OK) {
        return status;
    }
    (void)snprintf(row.target, sizeof row.target, "%s", shipper->target->url);
    row.first_block = object->first_block;
    row.last_block = object->last_block;
    row.content = object->content;
    row.planned_us = clock_now_us();
    status = ledger_plan(shipper->archive, &row, err);
    return THEN(status, send(pass, &row, err));
}

/* When what waits of the day has to go, if it does not come to a whole object before. What came in
 * the future came before the clock was set back, and does not wait for that time. */
static int64_t due_us(const struct shipper *shipper, const struct planner_day *day)
{
    bool now =
        day->oldest_us <= shipper->asked_us || day->oldest_us > clock_now_us() + CLOCK_SECOND_US;
    return now ? 0 : day->oldest_us + shipper->interval_us;
}

static bool day_is_due(const struct ship_pass *pass, const struct planner_day *day)
{
    const struct shipper *shipper = pass->shipper;
    return day->blocks > 0 && (pass->all_now || day->packed_bytes >= shipper->object_bytes_max ||
                               due_us(shipper, day) <= clock_now_us());
}

/* A day that cannot be read must not hold back the others: its error is reported, and it is tried
 * again in the next pass. What the catalogue cannot store ends the pass. */
static enum status pass_new(struct ship_pass *pass, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct err why = {.status = OK};
    if (planner_refresh(shipper->planner, shipper->archive, &why) != OK) {
        pass->report->last = why;
        pass->day_unreadable = true;
    }
    size_t count;
    const struct planner_day *days = planner_days(shipper->planner, &count);
    for (size_t i = 0; i < count; i++) {
        enum status status = OK;
        while (status == OK && !pass->halted && day_is_due(pass, &days[i])) {
            if (atomic_load(&shipper->stop)) {
                pass->halted = true;
                break;
            }
            status = ship_next(pass, &days[i], &why);
            status = THEN(status, planner_refresh_day(shipper->planner, shipper->archive, i, &why));
        }
        if (status == ERR_FULL || status == ERR_NOMEM) {
            (void)err_copy(err, &why);
            return status;
        }
        if (status != OK) {
            pass->report->last = why;
            pass->day_unreadable = true;
        }
    }
    return OK;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static enum status left_pending(struct ship_pass *pass, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct shipper_report *report = pass->report;
    struct archive_cursor *cursor = NULL;
    enum status status =
        ledger_cursor_open(shipper->archive, shipper->target->url, true, &cursor, err);
    struct ledger_object row;
    while (ledger_cursor_step(cursor, &row, &status, err)) {
        report->pending_objects++;
        report->pending_events += row.content.events;
        report->next_us = earlier(report->next_us, row.next_try_us);
        /* rows are in the order of their planning: the first ones tell the age */
        if (report->pending_objects <= PENDING_AGED) {
            planner_older(&report->oldest_us, planner_row_oldest(shipper->dir, &row));
        }
    }
    archive_cursor_close(cursor);
    return status;
}

/* What is left, and when to come back. */
static enum status pass_left(struct ship_pass *pass, struct err *err)
{
    struct shipper *shipper = pass->shipper;
    struct shipper_report *report = pass->report;
    report->next_us = INT64_MAX;
    enum status status = left_pending(pass, err);
    size_t count;
    const struct planner_day *days = planner_days(shipper->planner, &count);
    for (size_t i = 0; i < count; i++) {
        report->inbox_scan_events += days[i].events;
        planner_older(&report->oldest_us, days[i].oldest_us);
        if (days[i].blocks > 0) {
            report->next_us = earlier(report->next_us, due_us(shipper, &days[i]));
        }
    }
    int64_t least_us = shipper->blocked_until_us;
    if (pass->day_unreadable) {
        least_us = clock_now_us() + shipper->retry_max_wait_us;
    }
    if (least_us > report->next_us) {
        report->next_us = least_us;
    }
    return status;
}

/* What a crash left, before the first upload, and what went wrong in a pass, behind it. */
static void abort_stale_uploads(struct ship_pass *pass)
{
    struct shipper *shipper = pass->shipper;
    if (!pass->halted) {
        char owner[9];
        size_t swept;
        struct err why;
        (void)snprintf(owner, sizeof owner, "%.8s", archive_id(shipper->archive));
        enum status status = target_sweep(shipper->target, owner, &swept, &why);
        (void)status; /* the next upload meets the same, and the next pass tries again */
    }
}

enum status shipper_run(struct shipper *shipper, bool all_now, struct shipper_report *out_report,
                        struct err *err)
{
    struct shipper_report report = {.last.status = OK};
    struct ship_pass pass = {.shipper = shipper, .report = &report, .all_now = all_now};
    shipper->asked_us = all_now ? clock_now_us() : shipper->asked_us;
    int64_t blocked_us = shipper->blocked_until_us - clock_now_us();
    pass.halted = atomic_load(&shipper->stop) ||
                  (!all_now && blocked_us > 0 && blocked_us <= shipper->retry_max_wait_us);
    abort_stale_uploads(&pass);
    enum status status = pass_pending(&pass, err);
    status = THEN(status, pass_new(&pass, err));
    abort_stale_uploads(&pass);
    shipper->started = true;
    status = THEN(status, pass_left(&pass, err));
    if (status == OK) {
        *out_report = report;
    }
    return status;
}
