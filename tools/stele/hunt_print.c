#include "tools/stele/hunt_print.h"

#include <stdlib.h>

#include "query/visible.h"
#include "tools/stele/cell.h"
#include "tools/stele/progress.h"

enum { INDICATOR_COLUMNS = 44, NAMES_COLUMNS = 40, NAMES_SHOWN = 3, GAPS_SHOWN = 5 };

bool hunt_form_find(const char *name, enum hunt_form *out_form)
{
    static const char *const names[] = {"table", "json", "ndjson", "csv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out_form = (enum hunt_form)i;
            return true;
        }
    }
    return false;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_lists(const struct hunt_report *report, FILE *out)
{
    char number[32];
    int64_t events = 0;
    for (size_t i = 0; i < report->result->n_hits; i++) {
        events += report->result->hits[i].events;
    }
    for (size_t i = 0; i < report->n_lists; i++) {
        const struct list_report *list = &report->lists[i].report;
        fprintf(out, "%-11s%s: %s indicator%s", i == 0 ? "lists" : "", report->lists[i].name,
                progress_number(list->read, number), plural(list->read));
        if (list->duplicates > 0) {
            fprintf(out, ", %s there already", progress_number(list->duplicates, number));
        }
        if (list->refused > 0) {
            fprintf(out, ", %s not read", progress_number(list->refused, number));
        }
        fprintf(out, "\n");
    }
    fprintf(out, "%-11s%zu of %s indicators, %s hit%s\n", "seen", report->result->n_hits,
            progress_number((int64_t)indicator_set_count(report->set), number),
            progress_number(events, (char[32]){0}), plural(events));
}

static void print_coverage(const struct hunt_coverage *coverage, FILE *out)
{
    char number[32];
    char time[CLOCK_TEXT_BYTES];
    char sha256[DIGEST_HEX_BYTES];
    fprintf(out, "%-11s%s event%s on %lld day%s", "searched",
            progress_number(coverage->events, number), plural(coverage->events),
            (long long)coverage->days, plural(coverage->days));
    if (coverage->waiting > 0) {
        fprintf(out, ", %s of them in the inbox", progress_number(coverage->waiting, number));
    }
    if (coverage->events > 0) {
        fprintf(out, "\n%-11s%s", "from", clock_format(coverage->first_us, time));
        fprintf(out, "\n%-11s%s", "until", clock_format(coverage->last_us, time));
    }
    for (size_t i = 0; i < coverage->n_gaps && i < GAPS_SHOWN; i++) {
        int64_t days = coverage->gaps[i].days;
        fprintf(out, "\n%-11s%lld day%s without an event from %s on", i == 0 ? "gaps" : "",
                (long long)days, plural(days), clock_format_day(coverage->gaps[i].from_us, time));
    }
    if (coverage->n_gaps > GAPS_SHOWN) {
        fprintf(out, "\n%-11sand %zu more (--output json has all)", "",
                coverage->n_gaps - GAPS_SHOWN);
    }
    if (coverage->quarantined > 0) {
        fprintf(out, "\n%-11s%s pieces that are no event were not looked at (stele quarantine)",
                "quarantine", progress_number(coverage->quarantined, number));
    }
    fprintf(out, "\n%-11s%s\n", "sha256", digest_hex(&coverage->sha256, sha256));
}

void hunt_print_words(const struct hunt_report *report, FILE *out)
{
    print_lists(report, out);
    print_coverage(&report->result->coverage, out);
}

static void add_names(struct buf *out, const struct hunt_names *names)
{
    size_t shown = names->count < NAMES_SHOWN ? names->count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        (void)visible_add(out, names->items[i], NAMES_COLUMNS);
    }
    if (names->count > shown) {
        buf_printf(out, " +%zu%s", names->count - shown, names->more ? " or more" : "");
    }
}

static void add_table_row(struct buf *out, const struct indicator *indicator,
                          const struct hunt_hit *hit)
{
    char time[CLOCK_TEXT_BYTES];
    cell_add_padded(out, indicator->text, INDICATOR_COLUMNS);
    buf_printf(out, "%-8s %9lld  ", observable_kind_name(indicator->kind),
               (long long)(hit ? hit->events : 0));
    if (hit) {
        buf_printf(out, "%-20.19s  ", clock_format(hit->first_us, time));
        buf_printf(out, "%-20.19s  ", clock_format(hit->last_us, time));
        add_names(out, &hit->actors);
        buf_add_str(out, " | ");
        add_names(out, &hit->targets);
        buf_add_str(out, " | ");
        add_names(out, &hit->fields);
        if (hit->decoded > 0) {
            buf_printf(out, " (%lld in base64)", (long long)hit->decoded);
        }
    }
    buf_add_char(out, '\n');
}

static void add_json_names(struct buf *out, const char *key, const struct hunt_names *names)
{
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < names->count; i++) {
        buf_add_str(out, i > 0 ? "," : "");
        buf_add_json(out, names->items[i]);
    }
    buf_add_str(out, "]");
    if (names->more) {
        buf_printf(out, ",\"%s_more\":true", key);
    }
}

static void add_json_row(struct buf *out, const struct hunt_report *report,
                         const struct indicator *indicator, const struct hunt_hit *hit)
{
    char time[CLOCK_TEXT_BYTES];
    buf_add_str(out, "{\"list\":");
    buf_add_json(out, span_str(report->lists[indicator->list].name));
    buf_printf(out, ",\"line\":%u,\"indicator\":", indicator->line);
    buf_add_json(out, indicator->text);
    buf_printf(out, ",\"kind\":\"%s\",\"events\":%lld", observable_kind_name(indicator->kind),
               (long long)(hit ? hit->events : 0));
    if (hit) {
        buf_printf(out, ",\"decoded\":%lld,\"first_seen\":\"%s\"", (long long)hit->decoded,
                   clock_format(hit->first_us, time));
        buf_printf(out, ",\"last_seen\":\"%s\"", clock_format(hit->last_us, time));
        add_json_names(out, "actors", &hit->actors);
        add_json_names(out, "targets", &hit->targets);
        add_json_names(out, "fields", &hit->fields);
    }
    buf_add_char(out, '}');
}

static void add_csv_names(struct buf *out, const struct hunt_names *names)
{
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < names->count; i++) {
        buf_add_str(&cell, i > 0 ? " " : "");
        buf_add_span(&cell, names->items[i]);
    }
    buf_add_char(out, ',');
    cell_add_csv(out, buf_span(&cell));
    buf_fini(&cell);
}

static void add_csv_row(struct buf *out, const struct hunt_report *report,
                        const struct indicator *indicator, const struct hunt_hit *hit)
{
    static const struct hunt_names none = {0};
    char time[CLOCK_TEXT_BYTES];
    cell_add_csv(out, span_str(report->lists[indicator->list].name));
    buf_add_char(out, ',');
    cell_add_csv(out, indicator->text);
    buf_printf(out, ",%s,%lld,", observable_kind_name(indicator->kind),
               (long long)(hit ? hit->events : 0));
    buf_printf(out, "%s,", hit ? clock_format(hit->first_us, time) : "");
    buf_printf(out, "%s", hit ? clock_format(hit->last_us, time) : "");
    add_csv_names(out, hit ? &hit->actors : &none);
    add_csv_names(out, hit ? &hit->targets : &none);
    add_csv_names(out, hit ? &hit->fields : &none);
    buf_add_str(out, "\r\n");
}

static void add_row(struct buf *out, const struct hunt_report *report, enum hunt_form form,
                    size_t number, const struct hunt_hit *hit, bool first)
{
    const struct indicator *indicator = indicator_set_get(report->set, number);
    switch (form) {
    case HUNT_TABLE:
        add_table_row(out, indicator, hit);
        break;
    case HUNT_CSV:
        add_csv_row(out, report, indicator, hit);
        break;
    case HUNT_JSON:
        buf_add_str(out, first ? "" : ",\n");
        add_json_row(out, report, indicator, hit);
        break;
    case HUNT_NDJSON:
        add_json_row(out, report, indicator, hit);
        buf_add_char(out, '\n');
        break;
    }
}

static bool flush(struct buf *line)
{
    bool ok = buf_ok(line) && fwrite(line->data, 1, line->size, stdout) == line->size;
    buf_clear(line);
    return ok;
}

/* A row for each hit, and then, when wanted, for each of the others in order. */
static bool print_rows(const struct hunt_report *report, enum hunt_form form)
{
    size_t count = indicator_set_count(report->set);
    const struct hunt_result *result = report->result;
    struct buf line = BUF_INIT;
    bool *seen = calloc(count + 1, sizeof *seen);
    bool ok = seen != NULL;
    for (size_t i = 0; ok && i < result->n_hits; i++) {
        seen[result->hits[i].indicator] = true;
        add_row(&line, report, form, result->hits[i].indicator, &result->hits[i], i == 0);
        ok = flush(&line);
    }
    for (size_t i = 0; ok && report->unseen && i < count; i++) {
        if (!seen[i]) {
            add_row(&line, report, form, i, NULL, result->n_hits == 0 && i == 0);
            ok = flush(&line);
        }
    }
    free(seen);
    buf_fini(&line);
    return ok;
}

static void print_json_coverage(const struct hunt_coverage *coverage)
{
    char time[CLOCK_TEXT_BYTES];
    char sha256[DIGEST_HEX_BYTES];
    printf("\"coverage\":{\"events\":%lld,\"inbox\":%lld,\"days\":%lld,\"quarantined\":%lld",
           (long long)coverage->events, (long long)coverage->waiting, (long long)coverage->days,
           (long long)coverage->quarantined);
    if (coverage->events > 0) {
        printf(",\"from\":\"%s\"", clock_format(coverage->first_us, time));
        printf(",\"until\":\"%s\"", clock_format(coverage->last_us, time));
    }
    printf(",\"gaps\":[");
    for (size_t i = 0; i < coverage->n_gaps; i++) {
        printf("%s{\"from\":\"%s\",\"days\":%lld}", i > 0 ? "," : "",
               clock_format_day(coverage->gaps[i].from_us, time),
               (long long)coverage->gaps[i].days);
    }
    printf("],\"sha256\":\"%s\"}", digest_hex(&coverage->sha256, sha256));
}

static bool print_json(const struct hunt_report *report)
{
    struct buf name = BUF_INIT;
    printf("{\"lists\":[");
    for (size_t i = 0; i < report->n_lists; i++) {
        const struct list_report *list = &report->lists[i].report;
        buf_clear(&name);
        buf_add_json(&name, span_str(report->lists[i].name));
        printf("%s{\"list\":%.*s,\"read\":%lld,\"duplicates\":%lld,\"refused\":%lld}",
               i > 0 ? "," : "", SPAN_FMT(buf_span(&name)), (long long)list->read,
               (long long)list->duplicates, (long long)list->refused);
    }
    buf_fini(&name);
    printf("],\n");
    print_json_coverage(&report->result->coverage);
    printf(",\n\"indicators\":[\n");
    bool ok = print_rows(report, HUNT_JSON);
    printf("]}\n");
    return ok;
}

enum status hunt_print(const struct hunt_report *report, enum hunt_form form, struct err *err)
{
    bool ok = true;
    bool rows = report->result->n_hits > 0 || report->unseen;
    hunt_print_words(report, form == HUNT_TABLE ? stdout : stderr);
    if (form == HUNT_JSON) {
        ok = print_json(report);
    } else {
        if (form == HUNT_TABLE && rows) {
            printf("\n%-*s  %-8s %9s  %-20s  %-20s  %s\n", INDICATOR_COLUMNS, "INDICATOR", "KIND",
                   "EVENTS", "FIRST SEEN", "LAST SEEN", "ACTORS | TARGETS | FIELDS");
        } else if (form == HUNT_CSV) {
            printf("list,indicator,kind,events,first_seen,last_seen,actors,targets,fields\r\n");
        }
        ok = print_rows(report, form);
    }
    return ok && fflush(stdout) == 0 ? OK : err_set(err, ERR_IO, "the output failed");
}

void hunt_print_event(const struct hunt_event *hit, const char *list)
{
    char time[CLOCK_TEXT_BYTES];
    struct buf line = BUF_INIT;
    buf_add_str(&line, "{\"list\":");
    buf_add_json(&line, span_str(list));
    buf_add_str(&line, ",\"indicator\":");
    buf_add_json(&line, hit->indicator->text);
    buf_printf(&line, ",\"kind\":\"%s\",\"field\":", observable_kind_name(hit->indicator->kind));
    buf_add_json(&line, hit->field);
    buf_add_str(&line, ",\"value\":");
    buf_add_json(&line, hit->value);
    buf_printf(&line, ",\"decoded\":%s,\"uid\":", hit->decoded ? "true" : "false");
    buf_add_json(&line, hit->event->uid);
    buf_printf(&line, ",\"time\":\"%s\",\"event\":", clock_format(hit->event->time_us, time));
    for (size_t i = 0; i < hit->event->raw.size; i++) { /* a line break in JSON is white space */
        char c = hit->event->raw.data[i];
        buf_add_char(&line, c == '\n' || c == '\r' ? ' ' : c);
    }
    buf_add_str(&line, "}\n");
    if (buf_ok(&line)) {
        (void)fwrite(line.data, 1, line.size, stdout);
    }
    buf_fini(&line);
}
