/* What a hunt found, as rows and as sums; and what it says to people: what was read, what came of
 * it, what was searched. */
#include <stdlib.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/coverage.h"
#include "tools/stele/hunt/hunt_print.h"
#include "tools/stele/hunt/list_say.h"

enum { NAME_COLUMNS = 60 };

void hunt_sum_up(const struct hunt_report *report, struct hunt_sums *out)
{
    *out = (struct hunt_sums){0};
    for (size_t i = 0; i < indicator_set_count(report->set); i++) {
        const struct indicator *indicator = indicator_set_get(report->set, i);
        uint32_t warninglist = warninglist_of_indicator(report->warninglists, i);
        if (!indicator->is_part) {
            out->all.indicators++;
            out->kinds[indicator->kind].indicators++;
        }
        if (!indicator->is_part && warninglist) {
            out->warninglist_rows[warninglist - 1].indicators++;
        }
    }
    for (size_t i = 0; i < report->result->n_hits; i++) {
        const struct hunt_hit *hit = &report->result->hits[i];
        const struct indicator *indicator = indicator_set_get(report->set, hit->indicator);
        struct hunt_sum *sums[] = {&out->all, &out->kinds[indicator->kind],
                                   &out->lists[indicator->list]};
        if (hit->warninglist) {
            out->warninglist_rows[hit->warninglist - 1].hits += hit->events;
            continue;
        }
        for (size_t k = 0; k < sizeof sums / sizeof sums[0]; k++) {
            sums[k]->seen++;
            sums[k]->hits += hit->events;
        }
    }
}

uint32_t hunt_row_warninglist(const struct hunt_report *report, size_t number,
                              const struct hunt_hit *hit)
{
    return hit ? hit->warninglist : warninglist_of_indicator(report->warninglists, number);
}

enum status hunt_each_row(const struct hunt_report *report, bool suppressed, hunt_row *row,
                          void *context, struct err *err)
{
    size_t count = indicator_set_count(report->set);
    const struct hunt_result *result = report->result;
    bool *seen = calloc(count + 1, sizeof *seen);
    enum status status = seen ? OK : err_nomem(err, "hunt");
    for (size_t i = 0; status == OK && i < result->n_hits; i++) {
        if (suppressed || !result->hits[i].warninglist) {
            seen[result->hits[i].indicator] = true;
            status = row(context, result->hits[i].indicator, &result->hits[i], err);
        }
    }
    for (size_t i = 0; status == OK && report->unseen && i < count; i++) {
        if (!seen[i] && !indicator_set_get(report->set, i)->is_part) {
            status = row(context, i, NULL, err);
        }
    }
    free(seen);
    return status;
}

/* ", 2 seen, 7 hits" */
static void print_sum(const struct hunt_sum *sum, FILE *out)
{
    fprintf(out, ", %s seen, %s\n", output_number(sum->seen).text,
            output_count(sum->hits, "hit").text);
}

static void print_lists(const struct hunt_report *report, const struct hunt_sums *sums, FILE *out)
{
    for (size_t i = 0; i < report->n_lists; i++) {
        const struct list_report *list = &report->lists[i].report;
        fprintf(out, "%-11s%s: %s", i == 0 ? "lists" : "", report->lists[i].name,
                output_count(list->read, "indicator").text);
        if (list->duplicates > 0) {
            fprintf(out, ", %s there already", output_number(list->duplicates).text);
        }
        if (list->unsure > 0) {
            fprintf(out, ", %s below --min-confidence", output_number(list->unsure).text);
        }
        if (list->refused > 0) {
            fprintf(out, ", %s not read", output_number(list->refused).text);
        }
        print_sum(&sums->lists[i], out);
        list_say(out, "           ", list);
    }
}

static void print_kinds(const struct hunt_sums *sums, FILE *out)
{
    bool first = true;
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        const struct hunt_sum *sum = &sums->kinds[i];
        struct indicator indicator = {.kind = (enum observable_kind)i};
        if (sum->indicators > 0) {
            fprintf(out, "%-11s%s: %s", first ? "kinds" : "", indicator_kind_name(&indicator),
                    output_count(sum->indicators, "indicator").text);
            print_sum(sum, out);
            first = false;
        }
    }
}

static void print_suppressed(const struct hunt_report *report, const struct hunt_sums *sums,
                             FILE *out)
{
    struct buf name = BUF_INIT;
    bool first = true;
    for (size_t i = 0; i < warninglist_count(report->warninglists); i++) {
        const struct hunt_sum *sum = &sums->warninglist_rows[i];
        if (sum->hits > 0 || sum->indicators > 0) {
            buf_clear(&name);
            (void)terminal_text_add(&name, warninglist_get(report->warninglists, i)->name,
                                    NAME_COLUMNS);
            fprintf(out, "%-11s%s, %s: %.*s\n", first ? "suppressed" : "",
                    output_count(sum->hits, "hit").text,
                    output_count(sum->indicators, "indicator").text, SPAN_FMT(buf_span(&name)));
            first = false;
        }
    }
    if (first && warninglist_count(report->warninglists) > 0) {
        fprintf(out, "%-11snothing\n", "suppressed");
    }
    buf_fini(&name);
}

void hunt_print_summary(const struct hunt_report *report, const struct hunt_sums *sums, FILE *out)
{
    print_lists(report, sums, out);
    print_kinds(sums, out);
    print_suppressed(report, sums, out);
    fprintf(out, "%-11s%s of %s, %s\n", "seen", output_number(sums->all.seen).text,
            output_count(sums->all.indicators, "indicator").text,
            output_count(sums->all.hits, "hit").text);
    coverage_print(&report->result->coverage, out);
}
