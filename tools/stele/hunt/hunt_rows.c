/* The rows of a hunt as a table or CSV. */
#include "query/render/terminal_text.h"
#include "tools/stele/cli/table_cell.h"
#include "tools/stele/hunt/hunt_print.h"

enum { INDICATOR_COLUMNS = 44, NAMES_COLUMNS = 40, NAMES_SHOWN = 3 };

struct hunt_rows {
    const struct hunt_report *report;
    enum output_form form;
    struct buf line;
};

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
    table_cell_add_padded(out, indicator->text, INDICATOR_COLUMNS);
    buf_printf(out, "%-8s %9lld  ", indicator_kind_name(indicator),
               (long long)(hit ? hit->events : 0));
    if (hit) {
        buf_printf(out, "%-20.19s  %-20.19s  ", output_time(hit->first_us).text,
                   output_time(hit->last_us).text);
        add_names(out, &hit->actors);
        buf_add_str(out, " | ");
        add_names(out, &hit->targets);
        buf_add_str(out, " | ");
        add_names(out, &hit->fields);
        if (hit->decoded > 0) {
            buf_printf(out, " (%lld encoded)", (long long)hit->decoded);
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
    table_cell_add_csv(out, buf_span(&cell));
    buf_fini(&cell);
}

static void add_csv_row(struct buf *out, const struct hunt_report *report, size_t number,
                        const struct hunt_hit *hit)
{
    const struct indicator *indicator = indicator_set_get(report->set, number);
    uint32_t warninglist = hunt_row_warninglist(report, number, hit);
    static const struct hunt_names none = {0};
    table_cell_add_csv(out, span_str(report->lists[indicator->list].name));
    table_cell_add_csv(out, indicator->text);
    buf_printf(out, ",%s,%lld,%s,%s", indicator_kind_name(indicator),
               (long long)(hit ? hit->events : 0), hit ? output_time(hit->first_us).text : "",
               hit ? output_time(hit->last_us).text : "");
    add_csv_names(out, hit ? &hit->actors : &none);
    add_csv_names(out, hit ? &hit->targets : &none);
    add_csv_names(out, hit ? &hit->fields : &none);
    table_cell_add_csv(out, warninglist
                                ? warninglist_get(report->warninglists, warninglist - 1)->name
                                : span_of("", 0));
    buf_add_str(out, "\r\n");
}

static enum status add_row(void *context, size_t number, const struct hunt_hit *hit,
                           struct err *err)
{
    struct hunt_rows *rows = context;
    if (rows->form == OUTPUT_TABLE) {
        add_table_row(&rows->line, indicator_set_get(rows->report->set, number), hit);
    } else {
        add_csv_row(&rows->line, rows->report, number, hit);
    }
    return output_write(&rows->line, err);
}

enum status hunt_print_rows(const struct hunt_report *report, enum output_form form,
                            struct err *err)
{
    struct hunt_rows rows = {.report = report, .form = form};
    bool any = report->unseen;
    for (size_t i = 0; !any && i < report->result->n_hits; i++) {
        any = report->result->hits[i].warninglist == 0;
    }
    if (form == OUTPUT_CSV) {
        printf("list,indicator,kind,events,first_seen,last_seen,actors,targets,fields,suppressed"
               "\r\n");
    } else if (any) {
        printf("\n%-*s  %-8s %9s  %-20s  %-20s  %s\n", INDICATOR_COLUMNS, "INDICATOR", "KIND",
               "EVENTS", "FIRST SEEN", "LAST SEEN", "ACTORS | TARGETS | FIELDS");
    }
    enum status status = hunt_each_row(report, form != OUTPUT_TABLE, add_row, &rows, err);
    buf_fini(&rows.line);
    return status;
}
