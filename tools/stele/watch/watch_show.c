/* stele watch hits: what the watched lists found. */
#include <stdio.h>

#include "daemon/watch/hit_format.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/watch/watch_action.h"

static const struct listing_column columns[] = {
    {LISTING_NAME("time"), LISTING_WHOLE},
    {LISTING_NAME("list"), 0},
    {LISTING_NAME("indicator"), 0},
    {LISTING_NAME("kind"), LISTING_WHOLE},
    {LISTING_NAME("field"), 0},
    {LISTING_NAME("value"), LISTING_WIDE},
    {LISTING_NAME("uid"), LISTING_SPARE},
    {LISTING_NAME("decoded"), LISTING_WHOLE | LISTING_SPARE},
    {LISTING_NAME("first_seen"), LISTING_MORE},
    {LISTING_NAME("last_seen"), LISTING_MORE},
    {LISTING_NAME("found"), LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static struct {
    const char *name;
    const char *from;
    const char *to;
} given;

/* Hits with their events are lines or an array of JSON of their own; else they are rows. */
struct hits_print {
    enum output_form form;
    bool with_events;
    int64_t count;
    struct buf line;
    struct listing rows;
};

static void add_json(struct buf *out, const struct watch_hit *hit)
{
    struct json_writer json = {.out = out};
    json_object(&json, NULL);
    hit_format_add_members(&json, hit);
    json_time(&json, "first_seen", hit->first_us);
    json_time(&json, "last_seen", hit->last_us);
    hit_format_add_event(&json, hit->event);
    json_end(&json);
}

static enum status show_row(struct listing *rows, const struct watch_hit *hit, struct err *err)
{
    listing_time(rows, hit->time_us);
    listing_text(rows, hit->list);
    listing_text(rows, hit->indicator);
    listing_text(rows, hit->kind);
    listing_text(rows, hit->field);
    listing_text(rows, hit->value);
    listing_text(rows, hit->uid);
    listing_bool(rows, hit->decoded);
    listing_time(rows, hit->first_us);
    listing_time(rows, hit->last_us);
    listing_time(rows, hit->seen_us);
    return listing_next(rows, err);
}

static enum status show(void *context, const struct watch_hit *hit, struct err *err)
{
    struct hits_print *print = context;
    struct buf *line = &print->line;
    print->count++;
    if (!print->with_events) {
        return show_row(&print->rows, hit, err);
    }
    if (print->form == OUTPUT_JSON) {
        buf_add_str(line, print->count > 1 ? ",\n" : "[\n");
    }
    add_json(line, hit);
    buf_add_str(line, print->form == OUTPUT_NDJSON ? "\n" : "");
    return output_write(line, err);
}

static enum status show_end(struct hits_print *print, struct err *err)
{
    if (!print->with_events) {
        return listing_end(&print->rows, err);
    }
    if (print->form == OUTPUT_JSON) {
        buf_add_str(&print->line, print->count > 0 ? "\n]\n" : "[]\n");
    }
    return output_write(&print->line, err);
}

static enum status show_hits(const struct options *options, const struct watch_hit_filter *filter,
                             struct hits_print *print, struct err *err)
{
    struct watch_db *db = NULL;
    int64_t id = 0;
    enum status status = row_output_begin(options, columns, COLUMNS, &print->rows, err);
    status = THEN(status, watch_action_open(options->archive, WATCH_READ, &db, err));
    status = THEN(status,
                  filter->list.size > 0 ? watch_list_find(db, filter->list, true, &id, err) : OK);
    status = THEN(status, watch_hits(db, filter, show, print, err));
    status = THEN(status, show_end(print, err));
    listing_fini(&print->rows);
    buf_fini(&print->line);
    watch_close(db);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    bool json = options->form == OUTPUT_JSON || options->form == OUTPUT_NDJSON;
    struct hits_print print = {.form = options->form, .with_events = json && !options->columns};
    struct watch_hit_filter filter = {.list = span_str(given.name)};
    enum status status =
        query_args_times(given.from, given.to, &filter.from_us, &filter.to_us, err);
    status = THEN(status, show_hits(options, &filter, &print, err));
    *out_code = print.count == 0;
    return status;
}

static const struct option_entry entries[] = {
    {"name", "NAME", "only of this list", .text = &given.name},
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
};

const struct verb watch_action_hits = {
    .name = "watch hits",
    .summary = "print the hits of watched lists, oldest event first",
    .words = {0, 0, NULL, "--name NAME shows the hits of one list"},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE,
    .run = run,
};
