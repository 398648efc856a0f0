/* A hunt as JSON: rows, events, and the whole with what was read and searched. */
#include "schema/base/clock.h"
#include "tools/stele/hunt/hunt_print.h"
#include "tools/stele/hunt/list_say.h"

struct hunt_json {
    const struct hunt_report *report;
    struct json_writer json;
    struct buf out;
};

static void add_names(struct json_writer *json, const char *name, const char *more,
                      const struct hunt_names *names)
{
    json_array(json, name);
    for (size_t i = 0; i < names->count; i++) {
        json_span(json, NULL, names->items[i]);
    }
    json_end(json);
    if (names->more) {
        json_bool(json, more, true);
    }
}

/* What its list says of it. */
static void add_note(struct json_writer *json, const struct indicator_note *note)
{
    if (!note) {
        return;
    }
    if (note->confidence != INDICATOR_CONFIDENCE_UNKNOWN) {
        json_int(json, "confidence", note->confidence);
    }
    if (note->valid_from_us != INT64_MIN) {
        json_time(json, "valid_from", note->valid_from_us);
    }
    if (note->is_expired && note->valid_until_us != INT64_MAX) {
        json_time(json, "valid_until", note->valid_until_us);
    }
    if (note->about.size > 0) {
        json_span(json, "about", note->about);
    }
    if (note->id.size > 0) {
        json_span(json, "id", note->id);
    }
}

static void add_suppressed(struct json_writer *json, const struct warninglist_set *warninglists,
                           uint32_t warninglist)
{
    if (warninglist) {
        json_span(json, "suppressed", warninglist_get(warninglists, warninglist - 1)->name);
    }
}

/* The row's object but for its end. */
static void begin_row(struct json_writer *json, const struct hunt_report *report, size_t number,
                      const struct hunt_hit *hit)
{
    const struct indicator *indicator = indicator_set_get(report->set, number);
    json_object(json, NULL);
    json_text(json, "list", report->lists[indicator->list].name);
    json_uint(json, "line", indicator->line);
    json_span(json, "indicator", indicator->text);
    json_text(json, "kind", indicator_kind_name(indicator));
    add_note(json, indicator->note);
    add_suppressed(json, report->warninglists, hunt_row_warninglist(report, number, hit));
    json_int(json, "events", hit ? hit->events : 0);
    if (hit) {
        json_int(json, "decoded", hit->decoded);
        json_time(json, "first_seen", hit->first_us);
        json_time(json, "last_seen", hit->last_us);
        add_names(json, "actors", "actors_more", &hit->actors);
        add_names(json, "targets", "targets_more", &hit->targets);
        add_names(json, "fields", "fields_more", &hit->fields);
    }
}

static enum status print_line(void *context, size_t number, const struct hunt_hit *hit,
                              struct err *err)
{
    struct hunt_json *hunt = context;
    hunt->json = (struct json_writer){.out = &hunt->out};
    begin_row(&hunt->json, hunt->report, number, hit);
    return output_json_end(&hunt->json, err);
}

enum status hunt_print_ndjson(const struct hunt_report *report, struct err *err)
{
    struct hunt_json hunt = {.report = report};
    enum status status = hunt_each_row(report, true, print_line, &hunt, err);
    buf_fini(&hunt.out);
    return status;
}

static void add_coverage(struct json_writer *json, const struct hunt_coverage *coverage)
{
    json_object(json, "coverage");
    json_int(json, "events", coverage->events);
    json_int(json, "inbox", coverage->waiting);
    json_int(json, "days", coverage->days);
    json_int(json, "quarantined", coverage->quarantined);
    if (coverage->events > 0) {
        json_time(json, "from", coverage->first_us);
        json_time(json, "until", coverage->last_us);
    }
    json_array(json, "gaps");
    for (size_t i = 0; i < coverage->n_gaps; i++) {
        json_object(json, NULL);
        json_day(json, "from", coverage->gaps[i].from_us);
        json_int(json, "days", coverage->gaps[i].days);
        json_end(json);
    }
    json_end(json);
    digest_json(json, "sha256", &coverage->sha256);
    json_end(json);
}

/* Each object but the first begins on a line of its own. */
static void begin_sum(struct json_writer *json, bool *first)
{
    if (!*first) {
        json_newline(json);
    }
    *first = false;
    json_object(json, NULL);
}

static void end_sum(struct json_writer *json, const struct hunt_sum *sum)
{
    json_int(json, "seen", sum->seen);
    json_int(json, "hits", sum->hits);
    json_end(json);
}

static void add_lists(struct json_writer *json, const struct hunt_report *report,
                      const struct hunt_sums *sums)
{
    bool first = true;
    json_array(json, "lists");
    for (size_t i = 0; i < report->n_lists; i++) {
        const struct list_report *list = &report->lists[i].report;
        begin_sum(json, &first);
        json_text(json, "list", report->lists[i].name);
        json_int(json, "read", list->read);
        json_int(json, "duplicates", list->duplicates);
        json_int(json, "unsure", list->unsure);
        json_int(json, "refused", list->refused);
        list_say_json(json, list);
        end_sum(json, &sums->lists[i]);
    }
    json_end(json);
}

static void add_kinds(struct json_writer *json, const struct hunt_sums *sums)
{
    bool first = true;
    json_newline(json);
    json_array(json, "kinds");
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        struct indicator indicator = {.kind = (enum observable_kind)i};
        if (sums->kinds[i].indicators > 0) {
            begin_sum(json, &first);
            json_text(json, "kind", indicator_kind_name(&indicator));
            json_int(json, "indicators", sums->kinds[i].indicators);
            end_sum(json, &sums->kinds[i]);
        }
    }
    json_end(json);
}

static void add_warninglists(struct json_writer *json, const struct hunt_report *report,
                             const struct hunt_sums *sums)
{
    bool first = true;
    json_newline(json);
    json_array(json, "suppressors");
    for (size_t i = 0; i < warninglist_count(report->warninglists); i++) {
        const struct warninglist *warninglist = warninglist_get(report->warninglists, i);
        begin_sum(json, &first);
        json_span(json, "name", warninglist->name);
        json_int(json, "entries", warninglist->entries);
        json_int(json, "refused", warninglist->refused);
        json_int(json, "indicators", sums->warninglist_rows[i].indicators);
        json_int(json, "hits", sums->warninglist_rows[i].hits);
        json_end(json);
    }
    json_end(json);
    json_newline(json);
}

static enum status print_row(void *context, size_t number, const struct hunt_hit *hit,
                             struct err *err)
{
    struct hunt_json *hunt = context;
    json_newline(&hunt->json);
    begin_row(&hunt->json, hunt->report, number, hit);
    json_end(&hunt->json);
    return output_write(&hunt->out, err);
}

enum status hunt_print_json(const struct hunt_report *report, const struct hunt_sums *sums,
                            struct err *err)
{
    struct hunt_json hunt = {.report = report};
    struct json_writer *json = &hunt.json;
    json->out = &hunt.out;
    json_object(json, NULL);
    add_lists(json, report, sums);
    add_kinds(json, sums);
    add_warninglists(json, report, sums);
    add_coverage(json, &report->result->coverage);
    json_newline(json);
    json_array(json, "indicators");
    enum status status = hunt_each_row(report, true, print_row, &hunt, err);
    json_end(json);
    status = THEN(status, output_json_end(json, err));
    buf_fini(&hunt.out);
    return status;
}

void hunt_print_event(const struct hunt_event *hit, const struct warninglist_set *warninglists,
                      const char *list)
{
    struct buf line = BUF_INIT;
    struct json_writer json = {.out = &line};
    json_object(&json, NULL);
    json_text(&json, "list", list);
    json_span(&json, "indicator", hit->indicator->text);
    json_text(&json, "kind", indicator_kind_name(hit->indicator));
    add_note(&json, hit->indicator->note);
    if (hit->n_parts > 0) {
        json_array(&json, "parts");
    }
    for (size_t i = 0; i < hit->n_parts; i++) {
        json_object(&json, NULL);
        json_span(&json, "indicator", hit->parts[i].indicator->text);
        json_text(&json, "kind", indicator_kind_name(hit->parts[i].indicator));
        json_span(&json, "field", hit->parts[i].field);
        json_span(&json, "value", hit->parts[i].value);
        json_end(&json);
    }
    if (hit->n_parts > 0) {
        json_end(&json);
    }
    add_suppressed(&json, warninglists, hit->warninglist);
    json_span(&json, "field", hit->field);
    json_span(&json, "value", hit->value);
    json_bool(&json, "decoded", hit->decoded);
    json_span(&json, "uid", hit->event->uid);
    json_time(&json, "time", hit->event->time_us);
    json_name(&json, "event");
    for (size_t i = 0; i < hit->event->raw.size; i++) { /* a line break in JSON is white space */
        char c = hit->event->raw.data[i];
        buf_add_char(&line, c == '\n' || c == '\r' ? ' ' : c);
    }
    struct err err;
    (void)!output_json_end(&json, &err); /* main tells of a stdout that failed */
    buf_fini(&line);
}
