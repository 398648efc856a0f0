/* The rows of a hunt in each form. */
#include "tools/stele/hunt/hunt_print.h"

#include <stdlib.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/hunt/hunt_forms.h"

enum { INDICATOR_COLUMNS = 44, NAMES_COLUMNS = 40, NAMES_SHOWN = 3 };

bool hunt_form_find(const char *name, enum hunt_form *out_form)
{
    static const char *const names[] = {"table", "json", "ndjson", "csv", "stix"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out_form = (enum hunt_form)i;
            return true;
        }
    }
    return false;
}

static void add_names(struct buf *out, const struct hunt_names *names)
{
    size_t shown = names->count < NAMES_SHOWN ? names->count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        (void)terminal_text_add(out, names->items[i], NAMES_COLUMNS);
    }
    if (names->count > shown) {
        buf_printf(out, " +%zu%s", names->count - shown, names->more ? " or more" : "");
    }
}

static void add_table_row(struct buf *out, const struct indicator *indicator,
                          const struct hunt_hit *hit)
{
    char time[CLOCK_TEXT_BYTES];
    table_cell_add_padded(out, indicator->text, INDICATOR_COLUMNS);
    buf_printf(out, "%-8s %9lld  ", indicator_kind_name(indicator),
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

static void add_csv_names(struct buf *out, const struct hunt_names *names)
{
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < names->count; i++) {
        buf_add_str(&cell, i > 0 ? " " : "");
        buf_add_span(&cell, names->items[i]);
    }
    buf_add_char(out, ',');
    table_cell_add_csv(out, buf_span(&cell));
    buf_fini(&cell);
}

static void add_csv_row(struct buf *out, const struct hunt_report *report, size_t number,
                        const struct hunt_hit *hit)
{
    const struct indicator *indicator = indicator_set_get(report->set, number);
    uint32_t warninglist =
        hit ? hit->warninglist : warninglist_of_indicator(report->warninglists, number);
    static const struct hunt_names none = {0};
    char time[CLOCK_TEXT_BYTES];
    table_cell_add_csv(out, span_str(report->lists[indicator->list].name));
    buf_add_char(out, ',');
    table_cell_add_csv(out, indicator->text);
    buf_printf(out, ",%s,%lld,", indicator_kind_name(indicator),
               (long long)(hit ? hit->events : 0));
    buf_printf(out, "%s,", hit ? clock_format(hit->first_us, time) : "");
    buf_printf(out, "%s", hit ? clock_format(hit->last_us, time) : "");
    add_csv_names(out, hit ? &hit->actors : &none);
    add_csv_names(out, hit ? &hit->targets : &none);
    add_csv_names(out, hit ? &hit->fields : &none);
    buf_add_char(out, ',');
    table_cell_add_csv(out, warninglist
                                ? warninglist_get(report->warninglists, warninglist - 1)->name
                                : span_of("", 0));
    buf_add_str(out, "\r\n");
}

static void add_row(struct buf *out, const struct hunt_report *report, enum hunt_form form,
                    size_t number, const struct hunt_hit *hit, bool first)
{
    switch (form) {
    case HUNT_TABLE:
        add_table_row(out, indicator_set_get(report->set, number), hit);
        break;
    case HUNT_CSV:
        add_csv_row(out, report, number, hit);
        break;
    case HUNT_JSON:
        buf_add_str(out, first ? "" : ",\n");
        hunt_json_row(out, report, number, hit);
        break;
    case HUNT_NDJSON:
        hunt_json_row(out, report, number, hit);
        buf_add_char(out, '\n');
        break;
    case HUNT_STIX:
        break;
    }
}

bool hunt_flush(struct buf *line)
{
    bool ok = buf_ok(line) && fwrite(line->data, 1, line->size, stdout) == line->size;
    buf_clear(line);
    return ok;
}

/* A row for each hit, and then, when wanted, for each of the others in order. A table has what is
 * suppressed as numbers only. */
bool hunt_print_rows(const struct hunt_report *report, enum hunt_form form)
{
    size_t count = indicator_set_count(report->set);
    const struct hunt_result *result = report->result;
    struct buf line = BUF_INIT;
    bool *seen = calloc(count + 1, sizeof *seen);
    bool ok = seen != NULL;
    bool first = true;
    for (size_t i = 0; ok && i < result->n_hits; i++) {
        if (result->hits[i].warninglist && form == HUNT_TABLE) {
            continue;
        }
        seen[result->hits[i].indicator] = true;
        add_row(&line, report, form, result->hits[i].indicator, &result->hits[i], first);
        ok = hunt_flush(&line);
        first = false;
    }
    for (size_t i = 0; ok && report->unseen && i < count; i++) {
        if (!seen[i] && !indicator_set_get(report->set, i)->is_part) {
            add_row(&line, report, form, i, NULL, first);
            ok = hunt_flush(&line);
            first = false;
        }
    }
    free(seen);
    buf_fini(&line);
    return ok;
}

static bool print_form(const struct hunt_report *report, enum hunt_form form,
                       const struct hunt_sums *sums)
{
    if (form == HUNT_JSON) {
        return hunt_print_json(report, sums);
    }
    if (form == HUNT_STIX) {
        return hunt_print_stix(report);
    }
    if (form == HUNT_TABLE && (sums->all.seen > 0 || report->unseen)) {
        printf("\n%-*s  %-8s %9s  %-20s  %-20s  %s\n", INDICATOR_COLUMNS, "INDICATOR", "KIND",
               "EVENTS", "FIRST SEEN", "LAST SEEN", "ACTORS | TARGETS | FIELDS");
    } else if (form == HUNT_CSV) {
        printf("list,indicator,kind,events,first_seen,last_seen,actors,targets,fields,suppressed"
               "\r\n");
    }
    return hunt_print_rows(report, form);
}

enum status hunt_print(const struct hunt_report *report, enum hunt_form form, bool rows,
                       struct err *err)
{
    struct hunt_sums *sums = malloc(sizeof *sums);
    if (!sums) {
        return err_nomem(err, "hunt");
    }
    hunt_sum_up(report, sums);
    hunt_print_summary(report, sums, form == HUNT_TABLE ? stdout : stderr);
    bool ok = !rows || print_form(report, form, sums);
    free(sums);
    return ok && fflush(stdout) == 0 ? OK : err_set(err, ERR_IO, "the output failed");
}
