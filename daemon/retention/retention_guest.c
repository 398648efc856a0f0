#include "daemon/retention/retention_guest.h"

#include <stdlib.h>

#include "daemon/process/log.h"
#include "daemon/process/metrics.h"
#include "daemon/retention/retention_plan.h"

struct retention_guest {
    char dir[FILE_PATH_BYTES];
    char url[CONFIG_TEXT_BYTES];
    struct retention_rules rules;
    struct log_state failures;
    struct log_state too_large;
};

enum status retention_guest_new(const struct config *config, struct retention_guest **out_keeper,
                                struct err *err)
{
    struct retention_guest *guest = calloc(1, sizeof *guest);
    if (!guest) {
        return err_nomem(err, "retention");
    }
    enum status status = file_path_format(guest->dir, err, "%s", config->archive_dir);
    status = THEN(status, retention_rules_of(config, guest->url, &guest->rules, err));
    if (status != OK) {
        free(guest);
        return status;
    }
    *out_keeper = guest;
    return OK;
}

void retention_guest_free(struct retention_guest *guest)
{
    free(guest);
}

/* What stays though a bound asks for it, counted. */
static void note_left(struct retention_guest *guest, const struct retention_plan *plan)
{
    int64_t counts[RETENTION_UNREADABLE + 1] = {0};
    for (size_t i = 0; i < plan->count; i++) {
        counts[plan->days[i].verdict]++;
    }
    metrics_set(METRIC_retention_held_days, counts[RETENTION_HELD]);
    metrics_set(METRIC_retention_unshipped_days, counts[RETENTION_UNSHIPPED]);
    if (guest->rules.size_max > 0 && plan->left_bytes > guest->rules.size_max) {
        struct err err;
        (void)err_set(&err, ERR_LIMIT,
                      "the days take more than retention.size_max: %lld held, %lld not shipped, "
                      "%lld not readable (stele retention --dry-run tells which)",
                      (long long)counts[RETENTION_HELD], (long long)counts[RETENTION_UNSHIPPED],
                      (long long)counts[RETENTION_UNREADABLE]);
        log_state_failed(&guest->too_large, "retention", &err);
    } else {
        log_state_good(&guest->too_large, "retention");
    }
}

static void note_failure(struct retention_guest *guest, enum status status, struct err *err)
{
    if (status == OK) {
        log_state_good(&guest->failures, "retention");
    } else {
        (void)err_wrap(err, status, "deleting old days");
        log_state_failed(&guest->failures, "retention", err);
    }
}

bool retention_guest_has_work(void *context)
{
    struct retention_guest *guest = context;
    struct archive *archive = NULL;
    struct retention_plan plan = {0};
    struct err err;
    enum status status = archive_open(guest->dir, ARCHIVE_READ, &archive, &err);
    status = THEN(status, retention_plan_make(archive, &guest->rules, &plan, &err));
    archive_close(archive);
    bool goes = status == OK && plan.goes > 0;
    if (status == OK && !goes) {
        note_left(guest, &plan);
    }
    if (!goes) {
        note_failure(guest, status, &err);
    }
    retention_plan_fini(&plan);
    return goes;
}

static void log_gone(void *context, const struct deletion *row)
{
    char day[CLOCK_TEXT_BYTES];
    (void)context;
    metrics_add(METRIC_deleted_days_total, 1);
    metrics_add(METRIC_deleted_events_total, row->events);
    log_line(LOG_INFO, "retention", "%s deleted by %s: %lld events, %lld bytes (deletion %lld)",
             clock_format_day(row->day_us, day), row->why, (long long)row->events,
             (long long)row->file_bytes, (long long)row->id);
}

void retention_guest_run(void *context)
{
    struct retention_guest *guest = context;
    struct archive *archive = NULL;
    struct retention_plan plan = {0};
    struct err err;
    enum status status = archive_open(guest->dir, ARCHIVE_WRITE, &archive, &err);
    const struct retention_order order = {.who = "steled", .each = log_gone};
    status = THEN(status, retention_run(archive, &guest->rules, &order, &plan, &err));
    archive_close(archive);
    if (status == OK) {
        note_left(guest, &plan);
    }
    note_failure(guest, status, &err);
    retention_plan_fini(&plan);
}
