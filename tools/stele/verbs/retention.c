/* stele retention: which days are over a bound, which of them go and why the others stay; deletes
 * them when no steled does; and what was deleted. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/retention/retention_plan.h"
#include "query/render/terminal_text.h"
#include "tools/stele/cli/daemon_at_work.h"
#include "tools/stele/cli/index_inline.h"
#include "tools/stele/cli/login_name.h"
#include "tools/stele/cli/row_output.h"

static struct {
    bool dry_run;
    bool force;
    bool deleted;
    const char *keep;
    const char *size_max;
} given;

/* Why the day stays though a bound asks for it; or what goes. */
static void add_verdict(struct buf *out, const struct retention_day *day, bool done)
{
    switch (day->verdict) {
    case RETENTION_GOES:
        buf_printf(out, "%s, %s, %s bytes", done ? "deleted" : "goes",
                   output_count(day->row.events, "event").text,
                   output_number(day->row.file_bytes).text);
        if (day->row.forced) {
            buf_printf(out, ", forced: %s not shipped", output_number(day->row.unshipped).text);
        }
        break;
    case RETENTION_HELD:
        buf_printf(out, "stays, held by hold %lld", (long long)day->hold);
        break;
    case RETENTION_UNSHIPPED:
        buf_printf(out, "stays, %s of %s not shipped", output_number(day->row.unshipped).text,
                   output_count(day->row.events, "event").text);
        break;
    case RETENTION_UNREADABLE:
        buf_add_str(out, "stays, cannot be read: ");
        break;
    case RETENTION_STAYS:
        break;
    }
    if (day->wrong[0]) {
        buf_add_str(out, day->verdict == RETENTION_UNREADABLE ? "" : "; ");
        (void)terminal_text_add(out, span_str(day->wrong), SIZE_MAX);
    }
}

static void add_plan_table(struct buf *out, const struct retention_plan *plan, bool done)
{
    size_t asked = 0;
    int64_t events = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct retention_day *day = &plan->days[i];
        if (day->verdict == RETENTION_STAYS) {
            continue;
        }
        asked++;
        events += day->verdict == RETENTION_GOES ? day->row.events : 0;
        buf_printf(out, "%s  %-4s  ", output_day(day->row.day_us).text, day->row.why);
        add_verdict(out, day, done);
        buf_add_char(out, '\n');
    }
    buf_printf(out, "%zu of %zu day%s %s with %s", plan->goes, plan->count,
               output_plural((int64_t)plan->count), done ? "went" : "would go",
               output_count(events, "event").text);
    buf_printf(out, "; %zu stay%s though a bound asks for %s; files %s bytes, %s %s\n",
               asked - plan->goes, asked - plan->goes == 1 ? "s" : "",
               asked - plan->goes == 1 ? "it" : "them", output_number(plan->bytes).text,
               done ? "now" : "then", output_number(plan->left_bytes).text);
}

static void add_day(struct json_writer *json, const struct retention_day *day)
{
    json_newline(json);
    json_object(json, NULL);
    json_day(json, "day", day->row.day_us);
    json_text(json, "bound", day->row.why);
    json_text(json, "verdict", retention_verdict_name(day->verdict));
    json_bool(json, "forced", day->row.forced);
    if (day->hold > 0) {
        json_int(json, "hold", day->hold);
    }
    json_int(json, "events", day->row.events);
    json_int(json, "unshipped", day->row.unshipped);
    json_int(json, "bytes", day->row.file_bytes);
    if (day->wrong[0]) {
        json_text(json, "wrong", day->wrong);
    }
    json_end(json);
}

static void add_plan_json(struct buf *out, const struct retention_plan *plan,
                          const struct retention_rules *rules, bool done)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    json_bool(&json, "done", done);
    json_int(&json, "keep_seconds", rules->keep_us / CLOCK_SECOND_US);
    json_int(&json, "size_max", rules->size_max);
    json_text(&json, "target", rules->target ? rules->target : "");
    json_uint(&json, "days", plan->count);
    json_int(&json, "bytes", plan->bytes);
    json_int(&json, "left_bytes", plan->left_bytes);
    json_uint(&json, "goes", plan->goes);
    json_array(&json, "over");
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->days[i].verdict != RETENTION_STAYS) {
            add_day(&json, &plan->days[i]);
        }
    }
    json_end(&json);
    json_end(&json);
    buf_add_char(out, '\n');
}

/* `done`: the days that go are gone. */
static enum status print_plan(const struct retention_plan *plan,
                              const struct retention_rules *rules, bool done, enum output_form form,
                              struct err *err)
{
    struct buf out = BUF_INIT;
    if (form == OUTPUT_JSON) {
        add_plan_json(&out, plan, rules, done);
    } else {
        add_plan_table(&out, plan, done);
    }
    return output_finish(&out, err);
}

static const struct listing_column columns[] = {
    {LISTING_NAME("id"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("day"), LISTING_WHOLE},
    {LISTING_NAME("deleted"), LISTING_WHOLE},
    {LISTING_NAME("why"), LISTING_WHOLE},
    {LISTING_NAME("who"), 0},
    {LISTING_NAME("events"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("unshipped"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("bytes"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("forced"), LISTING_WHOLE},
    {LISTING_NAME("done"), LISTING_WHOLE},
    {LISTING_NAME("blocks"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("last_block"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("raw_bytes"), LISTING_RIGHT | LISTING_MORE},
    {LISTING_NAME("chain"), LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static enum status add_deleted(struct listing *rows, const struct deletion *row, struct err *err)
{
    char hex[DIGEST_HEX_BYTES];
    listing_int(rows, row->id);
    listing_day(rows, row->day_us);
    listing_time(rows, row->deleted_us);
    listing_str(rows, row->why);
    listing_str(rows, row->who);
    listing_int(rows, row->events);
    listing_int(rows, row->unshipped);
    listing_int(rows, row->file_bytes);
    listing_bool(rows, row->forced);
    listing_bool(rows, row->done);
    listing_int(rows, row->blocks);
    listing_int(rows, row->last_block);
    listing_int(rows, row->raw_bytes);
    listing_str(rows, row->has_chain ? digest_hex(&row->chain, hex) : NULL);
    return listing_next(rows, err);
}

static enum status print_deleted(const struct options *options, const struct deletion *deleted,
                                 size_t count, struct err *err)
{
    struct listing rows;
    enum status status = row_output_begin(options, columns, COLUMNS, &rows, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = add_deleted(&rows, &deleted[i], err);
    }
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    return status;
}

/* The bounds of the command line go before those of the configuration. */
static enum status read_bounds(struct config *config, struct err *err)
{
    const struct {
        const char *option;
        const char *key;
        const char *text;
    } bounds[] = {{"--keep", "keep", given.keep}, {"--size-max", "size_max", given.size_max}};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sizeof bounds / sizeof bounds[0]; i++) {
        struct buf assignment = BUF_INIT;
        if (bounds[i].text) {
            buf_printf(&assignment, "retention.%s=%s", bounds[i].key, bounds[i].text);
            buf_add_char(&assignment, '\0');
            status = buf_status(&assignment, "retention", err);
            if (status == OK) {
                status = config_set(config, assignment.data, err);
                status = status == OK ? OK : err_wrap(err, status, "%s", bounds[i].option);
            }
        }
        buf_fini(&assignment);
    }
    status = THEN(status, config_validate_retention(config, err));
    if (status == OK && !retention_is_on(config)) {
        status = err_set(err, ERR_USAGE,
                         "retention is off: set retention.keep or retention.size_max, or give "
                         "--keep or --size-max");
    }
    return status;
}

static enum status show_deleted(const struct options *options, int *out_code, struct err *err)
{
    struct archive *archive = NULL;
    struct deletion *rows = NULL;
    size_t count = 0;
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, deletion_list(archive, 0, &rows, &count, err));
    status = THEN(status, print_deleted(options, rows, count, err));
    free(rows);
    archive_close(archive);
    if (status == OK && count == 0) {
        fprintf(stderr, "nothing was deleted\n");
        *out_code = 1;
    }
    return status;
}

static enum status plan_only(const struct options *options, const struct retention_rules *rules,
                             struct err *err)
{
    struct archive *archive = NULL;
    struct retention_plan plan = {0};
    enum status status = archive_open(options->archive, ARCHIVE_READ, &archive, err);
    status = THEN(status, retention_plan_make(archive, rules, &plan, err));
    status = THEN(status, print_plan(&plan, rules, false, options->form, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    return status;
}

static enum status refuse_beside(const char *dir, struct err *err)
{
    long pid = daemon_at_work_pid(dir);
    return pid == 0
               ? OK
               : err_set(err, ERR_BUSY,
                         "steled (pid %ld) holds %s and deletes by itself, by [retention] of its "
                         "configuration (kill -USR1 %ld: now); --dry-run shows what would go",
                         pid, dir, pid);
}

/* The inbox first: events of a run that was cut off are in segments and in the inbox, and would be
 * taken for new ones when their day is gone. */
static enum status delete_here(const struct options *options, const struct retention_rules *rules,
                               struct err *err)
{
    struct archive *archive = NULL;
    struct archive_lock *lock = NULL;
    struct retention_plan plan = {0};
    char who[LOGIN_NAME_BYTES];
    enum status status = refuse_beside(options->archive, err);
    status = THEN(status, archive_lock_take(options->archive, "stele retention", &lock, err));
    status = THEN(status, archive_open(options->archive, ARCHIVE_WRITE, &archive, err));
    status = THEN(status, index_inline(&options->config, archive, NULL, err));
    const struct retention_order order = {.who = login_name(who)};
    status = THEN(status, retention_run(archive, rules, &order, &plan, err));
    status = THEN(status, print_plan(&plan, rules, true, options->form, err));
    retention_plan_fini(&plan);
    archive_close(archive);
    archive_lock_release(lock);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct retention_rules rules;
    char url[CONFIG_TEXT_BYTES];
    if (given.deleted) {
        return show_deleted(options, out_code, err);
    }
    if (options->columns || (options->form != OUTPUT_TABLE && options->form != OUTPUT_JSON)) {
        return err_set(err, ERR_USAGE,
                       "rows are of --deleted alone: what goes is a table or --output json");
    }
    enum status status = read_bounds(&options->config, err);
    status = THEN(status, retention_rules_of(&options->config, url, &rules, err));
    if (status != OK) {
        return status;
    }
    rules.force = given.force;
    return given.dry_run ? plan_only(options, &rules, err) : delete_here(options, &rules, err);
}

static const struct option_entry entries[] = {
    {"dry-run", NULL, "only show what would go, and why the rest stays", .flag = &given.dry_run},
    {"force", NULL, "also days that are not shipped, or cannot be read", .flag = &given.force},
    {"keep", "TIME", "instead of retention.keep, such as 400d", .text = &given.keep},
    {"size-max", "SIZE", "instead of retention.size_max, such as 500GiB", .text = &given.size_max},
    {"deleted", NULL, "list what was deleted, when, by whom and why", .flag = &given.deleted},
};

const struct verb verb_retention = {
    .name = "retention",
    .summary = "delete days that exceed the retention limits, or show which and why",
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .rules =
        (const struct verb_rule[]){{VERB_NOT_WITH, "deleted", "dry-run force keep size-max"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
