/* A plan is read, shown or carried out, on the indexer's thread or under the archive's lock. A day
 * is gone when its row of `deletion` is committed: from then on it is finished after any crash. */
#include "daemon/retention/retention_plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/retention/day_state.h"
#include "daemon/ship/target_open.h"

static const char *const verdict_names[] = {"stays", "goes", "held", "unshipped", "unreadable"};

const char *retention_verdict_name(enum retention_verdict verdict)
{
    return verdict_names[verdict];
}

bool retention_is_on(const struct config *config)
{
    return config->retention_keep > 0 || config->retention_size_max > 0;
}

enum status retention_rules_of(const struct config *config, char url[CONFIG_TEXT_BYTES],
                               struct retention_rules *out_rules, struct err *err)
{
    _Static_assert((int)CONFIG_TEXT_BYTES >= (int)TARGET_URL_BYTES, "a target's URL fits");
    bool ships = config->ship_target[0] != '\0';
    enum status status = ships ? target_url(config, url, err) : OK;
    if (status == OK) {
        *out_rules = (struct retention_rules){.keep_us = config->retention_keep,
                                              .size_max = config->retention_size_max,
                                              .target = ships ? url : NULL};
    }
    return status;
}

void retention_plan_fini(struct retention_plan *plan)
{
    free(plan->days);
    *plan = (struct retention_plan){0};
}

struct judge {
    struct archive *archive;
    const struct retention_rules *rules;
    struct hold_check_list holds;
    struct retention_plan *plan;
};

/* The bound `why` asks for the day. */
static enum status judge_day(const struct judge *judge, struct retention_day *day, const char *why,
                             struct err *err)
{
    (void)snprintf(day->row.why, sizeof day->row.why, "%s", why);
    enum status status = day_state_read(judge->archive, judge->rules, &judge->holds, day, err);
    if (day->verdict == RETENTION_GOES) {
        judge->plan->goes++;
        judge->plan->left_bytes -= day->row.file_bytes;
    }
    return status;
}

/* First what is too old, then, as long as there is too much, the oldest of what is left. Days that
 * are not over are never asked for. */
static enum status judge_days(const struct judge *judge, struct err *err)
{
    int64_t now_us = clock_now_us();
    const struct retention_rules *rules = judge->rules;
    struct retention_plan *plan = judge->plan;
    enum status status = OK;
    for (size_t i = 0; status == OK && rules->keep_us > 0 && i < plan->count; i++) {
        if (plan->days[i].row.day_us + CLOCK_DAY_US <= now_us - rules->keep_us) {
            status = judge_day(judge, &plan->days[i], "age", err);
        }
    }
    for (size_t i = 0; status == OK && rules->size_max > 0 && i < plan->count &&
                       plan->left_bytes > rules->size_max;
         i++) {
        const struct deletion *row = &plan->days[i].row;
        if (row->why[0] == '\0' && row->day_us + CLOCK_DAY_US <= now_us) {
            status = judge_day(judge, &plan->days[i], "size", err);
        }
    }
    return status;
}

static enum status list_days(struct archive *archive, struct retention_plan *plan, struct err *err)
{
    struct segment_map_day *days = NULL;
    struct segment *segment = NULL;
    enum status status = segment_map_read(archive_dir(archive), &days, &plan->count, err);
    if (status == OK) {
        plan->days = calloc(plan->count + 1, sizeof *plan->days);
        status = plan->days ? OK : err_nomem(err, "retention");
    }
    for (size_t i = 0; status == OK && i < plan->count; i++) {
        struct deletion *row = &plan->days[i].row;
        row->day_us = days[i].day_us;
        row->file_bytes = day_state_bytes(archive_dir(archive), &days[i], &segment);
        plan->bytes += row->file_bytes;
    }
    segment_close(segment);
    plan->left_bytes = plan->bytes;
    free(days);
    return status;
}

enum status retention_plan_make(struct archive *archive, const struct retention_rules *rules,
                                struct retention_plan *out_plan, struct err *err)
{
    struct retention_plan plan = {0};
    struct judge judge = {.archive = archive, .rules = rules, .plan = &plan};
    /* the stamp first: a hold that comes after it shows in it */
    enum status status = legal_hold_stamp(archive, &plan.stamp, err);
    status =
        THEN(status, legal_hold_list(archive, false, &judge.holds.items, &judge.holds.count, err));
    status = THEN(status, list_days(archive, &plan, err));
    status = THEN(status, judge_days(&judge, err));
    free(judge.holds.items);
    if (status != OK) {
        retention_plan_fini(&plan);
        return status;
    }
    *out_plan = plan;
    return OK;
}

/* The row, unless a hold was made since the plan: the two are one transaction, so a hold either
 * comes before the row and is seen, or is answered when the day is known to go. */
static enum status commit_row(struct archive *archive, int64_t stamp, struct deletion *row,
                              bool *out_again, struct err *err)
{
    int64_t stamp_now = 0;
    enum status status = archive_begin(archive, err);
    if (status != OK) {
        return status;
    }
    status = legal_hold_stamp(archive, &stamp_now, err);
    *out_again = status == OK && stamp_now != stamp;
    if (status == OK && !*out_again) {
        status = deletion_add(archive, row, err);
        status = THEN(status, archive_commit(archive, err));
    }
    if (status != OK || *out_again) {
        archive_rollback(archive);
    }
    return status;
}

enum status retention_carry_out(struct archive *archive, struct retention_plan *plan,
                                const struct retention_order *order, bool *out_again,
                                struct err *err)
{
    enum status status = OK;
    *out_again = false;
    for (size_t i = 0; status == OK && i < plan->count; i++) {
        struct retention_day *day = &plan->days[i];
        if (day->verdict != RETENTION_GOES) {
            continue;
        }
        (void)snprintf(day->row.who, sizeof day->row.who, "%s", order->who);
        day->row.deleted_us = clock_now_us();
        status = commit_row(archive, plan->stamp, &day->row, out_again, err);
        if (status != OK || *out_again) {
            break;
        }
        status = deletion_carry_out(archive, &day->row, err);
        if (status == OK && order->each) {
            order->each(order->context, &day->row);
        }
    }
    return status;
}

enum status retention_run(struct archive *archive, const struct retention_rules *rules,
                          const struct retention_order *order, struct retention_plan *out_plan,
                          struct err *err)
{
    struct retention_plan plan = {0};
    bool again = true;
    enum status status = deletion_finish(archive, err);
    while (status == OK && again) {
        retention_plan_fini(&plan);
        status = retention_plan_make(archive, rules, &plan, err);
        status = THEN(status, retention_carry_out(archive, &plan, order, &again, err));
    }
    if (status != OK) {
        retention_plan_fini(&plan);
        return status;
    }
    *out_plan = plan;
    return OK;
}
