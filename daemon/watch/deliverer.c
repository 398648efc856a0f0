/* On the thread of delivering. A hit is on its way when its row is read, and delivered when its
 * mark is committed to the outbox, after the target has taken it; in between it may be sent twice.
 */
#include "daemon/watch/deliverer.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/watch/hit_format.h"
#include "daemon/watch/hit_syslog.h"
#include "daemon/watch/webhook.h"
#include "schema/base/backoff.h"

enum { DUE_MOST = 32, DUE_BYTES_MAX = 4 * 1024 * 1024 };

/* No hit is given up before it is as old as this. */
#define GIVE_UP_US (3 * CLOCK_DAY_US)

struct deliverer {
    /* immutable */
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    unsigned targets;
    int64_t retry_max_wait_us;
    /* any thread */
    atomic_bool stop;
    /* its thread */
    struct watch_db *db; /* NULL: nothing was watched so far */
    struct webhook *webhook;
    int64_t blocked_until_us[WATCH_TARGETS]; /* the target as a whole failed */
};

/* A hit on its way. */
struct delivery {
    int64_t hit;
    int64_t seen_us;
    int64_t tries;
    struct buf text; /* what the target is sent, and a NUL */
};

struct deliveries {
    struct delivery items[DUE_MOST];
    size_t count;
    size_t bytes;
    enum watch_target target;
    const char *archive_id;
    bool halt; /* nothing more goes to the target for now */
};

unsigned deliverer_targets(const struct config *config)
{
    return (config->watch_webhook[0] ? 1u << WATCH_WEBHOOK : 0) |
           (config->watch_syslog ? 1u << WATCH_SYSLOG : 0);
}

static enum status read_archive_id(struct deliverer *deliverer, struct err *err)
{
    struct archive *archive = NULL;
    enum status status = archive_open(deliverer->dir, ARCHIVE_READ, &archive, err);
    if (status == OK) {
        (void)snprintf(deliverer->archive_id, sizeof deliverer->archive_id, "%s",
                       archive_id(archive));
    }
    archive_close(archive);
    return status;
}

enum status deliverer_open(const struct config *config, const char *dir,
                           struct deliverer **out_deliverer, struct err *err)
{
    struct deliverer *deliverer = calloc(1, sizeof *deliverer);
    if (!deliverer) {
        return err_nomem(err, "watch");
    }
    atomic_init(&deliverer->stop, false);
    deliverer->targets = deliverer_targets(config);
    deliverer->retry_max_wait_us = config->watch_retry_max_wait;
    enum status status = file_path_format(deliverer->dir, err, "%s", dir);
    status = THEN(status, read_archive_id(deliverer, err));
    if (status == OK && deliverer->targets & 1u << WATCH_WEBHOOK) {
        status = webhook_open(config, &deliverer->stop, &deliverer->webhook, err);
    }
    if (status == OK && deliverer->targets & 1u << WATCH_SYSLOG) {
        hit_syslog_open(config->watch_syslog_facility);
    }
    if (status != OK) {
        deliverer_close(deliverer);
        return status;
    }
    *out_deliverer = deliverer;
    return OK;
}

void deliverer_close(struct deliverer *deliverer)
{
    if (deliverer) {
        webhook_close(deliverer->webhook);
        watch_close(deliverer->db);
        free(deliverer);
    }
}

void deliverer_stop(struct deliverer *deliverer)
{
    atomic_store(&deliverer->stop, true);
}

/* What is too much for one go is left for the next. */
static enum status pack(void *context, const struct watch_hit *hit, struct err *err)
{
    struct deliveries *due = context;
    CHECK(due->count < DUE_MOST);
    if (due->bytes > DUE_BYTES_MAX) {
        return OK;
    }
    struct delivery *delivery = &due->items[due->count++];
    *delivery = (struct delivery){.hit = hit->id, .seen_us = hit->seen_us, .tries = hit->tries};
    if (due->target == WATCH_SYSLOG) {
        char line[HIT_FORMAT_LINE_BYTES];
        hit_format_line(due->archive_id, hit, line);
        buf_add_str(&delivery->text, line);
    } else {
        hit_format_add_json(&delivery->text, due->archive_id, hit);
    }
    buf_add_char(&delivery->text, '\0');
    due->bytes += delivery->text.size;
    return buf_status(&delivery->text, "watch", err);
}

static void unpack_all(struct deliveries *due)
{
    for (size_t i = 0; i < due->count; i++) {
        buf_fini(&due->items[i].text);
    }
    due->count = 0;
    due->bytes = 0;
}

static enum status send(struct deliverer *deliverer, enum watch_target target,
                        const struct delivery *delivery, struct err *err)
{
    char id[HIT_FORMAT_ID_BYTES];
    if (target == WATCH_SYSLOG) {
        hit_syslog_send(delivery->text.data);
        return OK;
    }
    return webhook_post(deliverer->webhook, hit_format_id(deliverer->archive_id, delivery->hit, id),
                        span_of(delivery->text.data, delivery->text.size - 1), err);
}

/* Writes down how it went. */
static enum status note(struct deliverer *deliverer, struct deliveries *due,
                        const struct delivery *delivery, const struct err *why,
                        struct deliverer_report *report, struct err *err)
{
    enum watch_target target = due->target;
    if (why->status == OK) {
        report->delivered++;
        return watch_delivered(deliverer->db, target, delivery->hit, err);
    }
    if (why->status == ERR_STOPPED) {
        due->halt = true;
        return OK;
    }
    int64_t now_us = clock_now_us();
    int64_t next_us =
        now_us + backoff_us(delivery->tries, why->status, deliverer->retry_max_wait_us);
    bool give_up = now_us - delivery->seen_us > GIVE_UP_US;
    report->failures++;
    report->given_up += give_up;
    report->bad = *why;
    if (why->status != ERR_FORMAT) {
        due->halt = true;
        deliverer->blocked_until_us[target] = next_us;
    }
    return watch_undelivered(deliverer->db, target, delivery->hit, next_us, give_up, why->text,
                             err);
}

/* A clock that was set back does not hold a target up for longer than any wait can be. */
static bool is_blocked(const struct deliverer *deliverer, enum watch_target target, int64_t now_us)
{
    int64_t until_us = deliverer->blocked_until_us[target];
    return until_us > now_us && until_us <= now_us + deliverer->retry_max_wait_us;
}

static bool is_stopping(const struct deliverer *deliverer)
{
    return atomic_load(&deliverer->stop);
}

static enum status run_target(struct deliverer *deliverer, enum watch_target target,
                              struct deliverer_report *report, struct err *err)
{
    struct deliveries due = {.target = target, .archive_id = deliverer->archive_id};
    enum status status = OK;
    due.halt = is_blocked(deliverer, target, clock_now_us());
    for (bool any = true; status == OK && any && !due.halt && !is_stopping(deliverer);) {
        status = watch_due(deliverer->db, target, clock_now_us(), 0, DUE_MOST, pack, &due, err);
        any = due.count > 0;
        for (size_t i = 0; status == OK && i < due.count && !due.halt; i++) {
            struct err why = {.status = OK};
            (void)send(deliverer, target, &due.items[i], &why);
            status = note(deliverer, &due, &due.items[i], &why, report, err);
            due.halt = due.halt || is_stopping(deliverer);
        }
        unpack_all(&due);
    }
    int64_t next_us = INT64_MAX;
    int64_t count = 0;
    status = THEN(status, watch_pending(deliverer->db, target, &next_us, &count, err));
    if (status == OK && count > 0) {
        report->waiting += count;
        int64_t blocked_us = deliverer->blocked_until_us[target];
        next_us = is_blocked(deliverer, target, clock_now_us()) && blocked_us > next_us ? blocked_us
                                                                                        : next_us;
        report->next_us = next_us < report->next_us ? next_us : report->next_us;
    }
    return status;
}

enum status deliverer_run(struct deliverer *deliverer, struct deliverer_report *out_report,
                          struct err *err)
{
    struct deliverer_report report = {.next_us = INT64_MAX};
    enum status status = OK;
    *out_report = report;
    if (!deliverer->db) {
        if (!watch_exists(deliverer->dir)) {
            return OK;
        }
        status = watch_open(deliverer->dir, WATCH_CREATE, &deliverer->db, err);
    }
    for (int target = 0; status == OK && target < WATCH_TARGETS; target++) {
        if (deliverer->targets & 1u << target) {
            status = run_target(deliverer, (enum watch_target)target, &report, err);
        }
    }
    if (status != OK) { /* start over: the handle may be broken */
        watch_close(deliverer->db);
        deliverer->db = NULL;
    }
    *out_report = report;
    return status;
}
