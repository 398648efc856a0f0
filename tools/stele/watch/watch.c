/* stele watch: which lists are watched, and how they stand; or one of its actions. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/watch/deliverer.h"
#include "daemon/watch/matcher.h"
#include "schema/text/json_writer.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/watch/watch_action.h"

static const struct listing_column columns[] = {
    {LISTING_NAME("list"), 0},
    {LISTING_NAME("indicators"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("hits"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("last_hit"), LISTING_WHOLE},
    {LISTING_NAME("old_events"), 0},
    {LISTING_NAME("undelivered"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("given_up"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("indicators_seen"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("added"), LISTING_MORE},
    {LISTING_NAME("updated"), LISTING_MORE},
    {LISTING_NAME("source"), LISTING_MORE},
    {LISTING_NAME("sha256"), LISTING_MORE},
    {LISTING_NAME("bytes"), LISTING_RIGHT | LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* What is printed of the lists, and how: one document, or rows. */
struct list_print {
    bool is_document;
    size_t count;
    struct listing rows;
    struct buf out;
    struct json_writer json; /* into out */
};

static void add_old(struct listing *rows, const struct watch_list *list)
{
    char text[96];
    if (!list->is_behind) {
        listing_str(rows, "hunted");
    } else if (list->caught_us == INT64_MAX) {
        listing_str(rows, "not hunted yet");
    } else {
        (void)snprintf(text, sizeof text, "hunted from %s on", output_day(list->caught_us).text);
        listing_str(rows, text);
    }
}

static enum status add_row(struct listing *rows, const struct watch_list *list, struct err *err)
{
    char hex[DIGEST_HEX_BYTES];
    listing_str(rows, list->name);
    listing_int(rows, list->indicators);
    listing_int(rows, list->hits);
    listing_time(rows, list->hits > 0 ? list->last_us : INT64_MIN);
    add_old(rows, list);
    listing_int(rows, list->waiting);
    listing_int(rows, list->given_up);
    listing_int(rows, list->sighted);
    listing_time(rows, list->added_us);
    listing_time(rows, list->updated_us);
    listing_text(rows, list->source);
    listing_str(rows, digest_hex(&list->sha256, hex));
    listing_int(rows, list->bytes);
    return listing_next(rows, err);
}

static void add_json_row(struct json_writer *json, const struct watch_list *list)
{
    json_newline(json);
    json_object(json, NULL);
    json_span(json, "list", span_str(list->name));
    json_span(json, "source", list->source);
    digest_json(json, "sha256", &list->sha256);
    json_int(json, "bytes", list->bytes);
    json_int(json, "indicators", list->indicators);
    json_time(json, "added", list->added_us);
    json_time(json, "updated", list->updated_us);
    json_int(json, "hits", list->hits);
    json_int(json, "indicators_seen", list->sighted);
    if (list->hits > 0) {
        json_time(json, "last_hit", list->last_us);
    }
    json_bool(json, "old_events_hunted", !list->is_behind);
    if (list->is_behind && list->caught_us != INT64_MAX) {
        json_day(json, "hunted_from", list->caught_us);
    }
    json_int(json, "undelivered", list->waiting);
    json_int(json, "given_up", list->given_up);
    json_end(json);
}

static enum status add_list(void *context, const struct watch_list *list, struct err *err)
{
    struct list_print *print = context;
    print->count++;
    if (!print->is_document) {
        return add_row(&print->rows, list, err);
    }
    add_json_row(&print->json, list);
    return buf_status(&print->out, "watch", err);
}

/* Time of the newest event that was matched with all lists; INT64_MIN when there is none. */
static int64_t matched_until(const struct watch_day *days, size_t count)
{
    int64_t newest_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        newest_us = days[i].newest_us > newest_us ? days[i].newest_us : newest_us;
    }
    return newest_us;
}

static enum status print_json(struct watch_db *db, int64_t until_us, struct err *err)
{
    struct list_print print = {.is_document = true};
    print.json.out = &print.out;
    json_object(&print.json, NULL);
    if (until_us != INT64_MIN) {
        json_time(&print.json, "matched_until", until_us);
    }
    json_array(&print.json, "lists");
    enum status status = db ? watch_lists(db, false, add_list, &print, err) : OK;
    json_end(&print.json);
    status = THEN(status, output_json_end(&print.json, err));
    buf_fini(&print.out);
    return status;
}

static enum status print_rows(struct watch_db *db, const struct options *options, int64_t until_us,
                              struct err *err)
{
    struct list_print print = {.is_document = false};
    enum status status = row_output_begin(options, columns, COLUMNS, &print.rows, err);
    status = THEN(status, db ? watch_lists(db, false, add_list, &print, err) : OK);
    status = THEN(status, listing_end(&print.rows, err));
    listing_fini(&print.rows);
    if (status == OK && print.count == 0) {
        fprintf(stderr, "no list is watched: stele watch add LIST --name NAME adds one\n");
    } else if (status == OK && until_us != INT64_MIN && options->form == OUTPUT_TABLE) {
        printf("new events are matched up to %s\n", output_time(until_us).text);
    }
    return status;
}

static enum status show_lists(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    struct watch_db *db = NULL;
    struct watch_day *days = NULL;
    size_t n_days = 0;
    enum status status = row_output_refuse_columns(options, err);
    status = THEN(status, watch_action_archive(options->archive, err));
    if (status == OK && watch_exists(options->archive)) {
        status = watch_open(options->archive, WATCH_READ, &db, err);
        status = THEN(status, watch_days(db, &days, &n_days, err));
    }
    int64_t until_us = matched_until(days, n_days);
    status = THEN(status, options->form == OUTPUT_JSON ? print_json(db, until_us, err)
                                                       : print_rows(db, options, until_us, err));
    free(days);
    watch_close(db);
    return status;
}

/* All that is left to match, then what is due of the deliveries. */
static enum status run_here(const struct config *config, const char *dir, struct err *err)
{
    const struct matcher_options options = {.dir = dir, .targets = deliverer_targets(config)};
    struct matcher *matcher = NULL;
    struct deliverer *deliverer = NULL;
    struct matcher_report report = {0};
    struct deliverer_report sent = {0};
    int64_t hits = 0;
    enum status status = matcher_new(&options, &matcher, err);
    do {
        status = THEN(status, matcher_round(matcher, &report, err));
        hits += report.hits;
    } while (status == OK && report.again);
    if (status == OK && report.bad.status != OK) { /* the other days are matched */
        (void)err_copy(err, &report.bad);
        status = report.bad.status;
    }
    matcher_free(matcher);
    status = THEN(status, options.targets ? deliverer_open(config, dir, &deliverer, err) : OK);
    status = THEN(status, deliverer ? deliverer_run(deliverer, &sent, err) : OK);
    deliverer_close(deliverer);
    if (status == OK) {
        printf("%s; all events in segments are matched\n", output_count(hits, "new hit").text);
        if (options.targets) {
            printf("%s delivered, %s to be delivered\n", output_count(sent.delivered, "hit").text,
                   output_number(sent.waiting).text);
        }
    }
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    (void)out_code;
    const char *dir = options->archive;
    struct archive_lock *lock = NULL;
    struct watch_db *db = NULL;
    enum status status = config_validate_watch(&options->config, err);
    status = THEN(status, watch_action_open(dir, WATCH_WRITE, &db, err));
    watch_close(db);
    status = THEN(status, archive_lock_take(dir, "stele watch", &lock, err));
    if (status == ERR_BUSY && daemon_at_work_pid(dir) > 0) {
        status = err_set(err, ERR_BUSY,
                         "steled (pid %ld) keeps watch over %s itself: there is nothing to run",
                         daemon_at_work_pid(dir), dir);
    }
    status = THEN(status, run_here(&options->config, dir, err));
    archive_lock_release(lock);
    return status;
}

static const struct verb run_action = {
    .name = "watch run",
    .summary = "match what is not matched yet, without steled",
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};

const struct verb verb_watch = {
    .name = "watch",
    .summary = "keep lists of indicators that new events are matched against",
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE,
    .actions =
        (const struct verb *const[]){&watch_action_add, &watch_action_update, &watch_action_remove,
                                     &watch_action_hits, &run_action, NULL},
    .run = show_lists,
};
