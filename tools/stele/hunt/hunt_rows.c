/* The rows of a hunt as a table or CSV. */
#include "tools/stele/cli/row_output.h"
#include "tools/stele/hunt/hunt_print.h"

static const struct listing_column columns[] = {
    {LISTING_NAME("list"), LISTING_MORE},
    {LISTING_NAME("indicator"), LISTING_WIDE},
    {LISTING_NAME("kind"), LISTING_WHOLE},
    {LISTING_NAME("events"), LISTING_RIGHT | LISTING_WHOLE},
    {LISTING_NAME("first_seen"), LISTING_WHOLE},
    {LISTING_NAME("last_seen"), LISTING_WHOLE},
    {LISTING_NAME("actors"), 0},
    {LISTING_NAME("targets"), LISTING_SPARE},
    {LISTING_NAME("fields"), 0},
    {LISTING_NAME("suppressed"), LISTING_MORE},
    {LISTING_NAME("decoded"), LISTING_RIGHT | LISTING_MORE},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

struct hunt_rows {
    const struct hunt_report *report;
    struct listing rows;
};

/* The names that were kept, and a sign that there were more. */
static void add_names(struct listing *rows, const struct hunt_names *names)
{
    struct span items[HUNT_NAMES_MAX + 1];
    size_t count = names->count;
    memcpy(items, names->items, count * sizeof items[0]);
    if (names->more) {
        items[count++] = span_str("...");
    }
    listing_list(rows, items, count);
}

static enum status add_row(void *context, size_t number, const struct hunt_hit *hit,
                           struct err *err)
{
    static const struct hunt_names none = {0};
    struct hunt_rows *print = context;
    struct listing *rows = &print->rows;
    const struct hunt_report *report = print->report;
    const struct indicator *indicator = indicator_set_get(report->set, number);
    uint32_t warninglist = hunt_row_warninglist(report, number, hit);
    listing_str(rows, report->lists[indicator->list].name);
    listing_text(rows, indicator->text);
    listing_str(rows, indicator_kind_name(indicator));
    listing_int(rows, hit ? hit->events : 0);
    listing_time(rows, hit ? hit->first_us : INT64_MIN);
    listing_time(rows, hit ? hit->last_us : INT64_MIN);
    add_names(rows, hit ? &hit->actors : &none);
    add_names(rows, hit ? &hit->targets : &none);
    add_names(rows, hit ? &hit->fields : &none);
    listing_text(rows, warninglist ? warninglist_get(report->warninglists, warninglist - 1)->name
                                   : span_of(NULL, 0));
    listing_int(rows, hit ? hit->decoded : 0);
    return listing_next(rows, err);
}

enum status hunt_print_rows(const struct hunt_report *report, const struct options *options,
                            struct err *err)
{
    struct hunt_rows print = {.report = report};
    struct listing_column shown[COLUMNS];
    bool any = report->unseen;
    memcpy(shown, columns, sizeof shown);
    for (size_t i = 0; i < report->result->n_hits; i++) {
        any = any || report->result->hits[i].warninglist == 0;
        if (report->result->hits[i].decoded > 0) {
            shown[COLUMNS - 1].flags &= ~(unsigned)LISTING_MORE;
        }
    }
    enum status status = row_output_begin(options, shown, COLUMNS, &print.rows, err);
    if (status == OK && options->form == OUTPUT_TABLE && any) {
        printf("\n");
    }
    status =
        THEN(status, hunt_each_row(report, options->form != OUTPUT_TABLE, add_row, &print, err));
    status = THEN(status, listing_end(&print.rows, err));
    listing_fini(&print.rows);
    return status;
}
