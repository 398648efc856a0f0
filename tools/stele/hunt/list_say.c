#include "tools/stele/hunt/list_say.h"

#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"

enum { COLUMNS_SHOWN = 8, EXAMPLE_COLUMNS = 60 };

static const char *kind_name(int kind)
{
    return kind == OBSERVABLE_KINDS ? "pattern" : observable_kind_name((enum observable_kind)kind);
}

static void add_safe(struct buf *line, const struct list_text *text)
{
    (void)terminal_text_add(line, list_text_span(text), EXAMPLE_COLUMNS);
}

static void say_line(FILE *out, const char *margin, const char *head, struct buf *line)
{
    if (line->size > 0) {
        fprintf(out, "%s%-11s%.*s\n", margin, head, SPAN_FMT(buf_span(line)));
    }
    buf_clear(line);
}

/* "table with commas and a header (line 3): 2 ip, 1 domain" */
static void add_shape(struct buf *line, const struct list_report *report)
{
    char number[32];
    bool first = true;
    buf_add_str(line, report->shape);
    if (report->header > 0) {
        buf_printf(line, " (line %lld)", (long long)report->header);
    }
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        if (report->kinds[i] > 0) {
            buf_printf(line, "%s%s %s", first ? ": " : ", ",
                       progress_number(report->kinds[i], number), kind_name(i));
            first = false;
        }
    }
}

/* "C2 (2 ip or domain), Hash (1 hash)"; of those that were not taken: what they look like. */
static void add_columns(struct buf *line, const struct list_report *report, bool taken)
{
    size_t count = 0;
    for (size_t i = 0; i < report->n_columns; i++) {
        const struct list_column *column = &report->columns[i];
        char number[32];
        bool first = true;
        if (column->is_taken != taken || ++count > COLUMNS_SHOWN) {
            continue;
        }
        buf_add_str(line, count > 1 ? ", " : "");
        add_safe(line, &column->name);
        buf_add_str(line, taken ? " (" : " (looks like ");
        buf_printf(line, "%s", taken ? progress_number(column->taken, number) : "");
        for (int k = 0; k < OBSERVABLE_KINDS; k++) {
            if (column->kinds >> k & 1) {
                buf_printf(line, "%s%s", !first ? " or " : taken ? " " : "", kind_name(k));
                first = false;
            }
        }
        buf_add_str(line, ")");
    }
    if (count > COLUMNS_SHOWN) {
        buf_printf(line, " and %zu more", count - COLUMNS_SHOWN);
    }
}

static void say_reason(FILE *out, const char *margin, const char *head,
                       const struct list_reason *reason)
{
    struct buf line = BUF_INIT;
    char number[32];
    buf_printf(&line, "%s: %s (", progress_number(reason->count, number), reason->why);
    for (size_t i = 0; i < LIST_EXAMPLES_MAX && (int64_t)i < reason->count; i++) {
        buf_printf(&line, "%sline %lld: ", i > 0 ? "; " : "", (long long)reason->examples[i].line);
        add_safe(&line, &reason->examples[i].text);
    }
    buf_add_str(&line, reason->count > LIST_EXAMPLES_MAX ? "; ...)" : ")");
    say_line(out, margin, head, &line);
    buf_fini(&line);
}

void list_say(FILE *out, const char *margin, const struct list_report *report)
{
    struct buf line = BUF_INIT;
    char number[32];
    add_shape(&line, report);
    say_line(out, margin, "read as", &line);
    add_columns(&line, report, true);
    say_line(out, margin, "taken", &line);
    add_columns(&line, report, false);
    say_line(out, margin, "not taken", &line);
    if (report->expired > 0) {
        buf_printf(&line, "%s: matched with %s", progress_number(report->expired, number),
                   report->expired_as == LIST_EXPIRED_ALL
                       ? "all events"
                       : "events of before that only (--expired all: with any)");
        say_line(out, margin, "expired", &line);
    }
    for (size_t i = 0; i < report->n_reasons; i++) {
        say_reason(out, margin, i == 0 ? "not read" : "", &report->reasons[i]);
    }
    buf_fini(&line);
}

static void add_json_columns(struct json_writer *json, const struct list_report *report)
{
    json_array(json, "columns");
    for (size_t i = 0; i < report->n_columns; i++) {
        const struct list_column *column = &report->columns[i];
        json_object(json, NULL);
        json_span(json, "name", list_text_span(&column->name));
        json_int(json, "taken", column->taken);
        json_array(json, "kinds");
        for (int k = 0; k <= OBSERVABLE_KINDS; k++) {
            if (column->kinds >> k & 1) {
                json_text(json, NULL, kind_name(k));
            }
        }
        json_end(json);
        json_end(json);
    }
    json_end(json);
}

static void add_json_reasons(struct json_writer *json, const struct list_report *report)
{
    json_array(json, "reasons");
    for (size_t i = 0; i < report->n_reasons; i++) {
        const struct list_reason *reason = &report->reasons[i];
        json_object(json, NULL);
        json_text(json, "why", reason->why);
        json_int(json, "count", reason->count);
        json_array(json, "examples");
        for (size_t k = 0; k < LIST_EXAMPLES_MAX && (int64_t)k < reason->count; k++) {
            json_object(json, NULL);
            json_int(json, "line", reason->examples[k].line);
            json_span(json, "text", list_text_span(&reason->examples[k].text));
            json_end(json);
        }
        json_end(json);
        json_end(json);
    }
    json_end(json);
}

void list_say_json(struct json_writer *json, const struct list_report *report)
{
    json_text(json, "shape", report->shape);
    if (report->header > 0) {
        json_int(json, "header", report->header);
    }
    json_object(json, "by_kind");
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        if (report->kinds[i] > 0) {
            json_int(json, kind_name(i), report->kinds[i]);
        }
    }
    json_end(json);
    json_int(json, "expired", report->expired);
    add_json_columns(json, report);
    add_json_reasons(json, report);
}
