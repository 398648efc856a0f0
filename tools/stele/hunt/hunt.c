/* stele hunt: were any of these indicators ever seen? */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "schema/archive/archive.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/hunt/hunt_input.h"

static struct {
    const char *from;
    const char *to;
    const char *query;
    const char *min_confidence;
    struct hunt_warninglist_options quiet;
    bool events;
    bool unseen;
} given = {.query = "*"};

struct hunt {
    struct day_iterator_options search;
    struct progress progress;
    int64_t confidence;
    struct warninglist_set *warninglists;
    struct indicator_set *set;
    struct hunt_list lists[HUNT_LISTS_MAX];
    size_t n_lists;
};

static enum status read_lists(struct hunt *hunt, const struct options *options, struct err *err)
{
    enum status status = OK;
    hunt->set = indicator_set_new();
    if (!hunt->set) {
        return err_nomem(err, "hunt");
    }
    indicator_set_demand(hunt->set, (int)hunt->confidence);
    for (size_t i = 0; status == OK && i < options->n_words; i++) {
        status = hunt_input_list(hunt->set, options->words[i], (uint32_t)i, &hunt->lists[i], err);
        hunt->n_lists++;
    }
    if (status == OK && indicator_set_count(hunt->set) == 0) {
        status = err_set(err, ERR_FORMAT, "no indicator%s in %s",
                         hunt->confidence > 0 ? " that is sure enough" : "",
                         hunt->n_lists == 1 ? hunt->lists[0].name : "these lists");
    }
    return THEN(status, hunt_input_warninglists(&given.quiet, &options->config, hunt->set,
                                                &hunt->warninglists, err));
}

static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    progress_step(context, thousandths, events);
}

static void print_event(void *context, const struct hunt_event *hit)
{
    struct hunt *hunt = context;
    progress_wipe(&hunt->progress);
    hunt_print_event(hit, hunt->warninglists, hunt->lists[hit->indicator->list].name);
}

static enum status run_hunt(struct hunt *hunt, enum output_form form, bool *out_found,
                            struct err *err)
{
    struct day_iterator *iterator = NULL;
    struct hunt_result result = {0};
    char archive[37] = ""; /* of a single file */
    const struct hunt_options run = {.warninglists = hunt->warninglists,
                                     .each = given.events ? print_event : NULL,
                                     .context = hunt};
    progress_begin(&hunt->progress, "hunt", "events", 1000);
    hunt->search.progress = show_progress;
    hunt->search.progress_context = &hunt->progress;
    hunt->search.threads = given.events ? 1 : 0; /* so that their order is always the same */
    enum status status = day_iterator_open(&hunt->search, &iterator, err);
    status = THEN(status, hunt_run(iterator, hunt->set, &run, &result, err));
    progress_wipe(&hunt->progress);
    if (status == OK && day_iterator_archive(iterator)) {
        (void)snprintf(archive, sizeof archive, "%s", archive_id(day_iterator_archive(iterator)));
    }
    day_iterator_close(iterator);
    for (size_t i = 0; i < result.n_hits; i++) {
        *out_found |= result.hits[i].warninglist == 0;
    }
    const struct hunt_report report = {.set = hunt->set,
                                       .lists = hunt->lists,
                                       .n_lists = hunt->n_lists,
                                       .warninglists = hunt->warninglists,
                                       .result = &result,
                                       .archive_id = archive,
                                       .unseen = given.unseen};
    status =
        THEN(status, hunt_print(&report, given.events ? OUTPUT_NDJSON : form, !given.events, err));
    hunt_fini(&result);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    static struct hunt hunt;
    struct query *query = NULL;
    bool found = false;
    enum status status = OK;
    if (given.events && options->has_form && options->form != OUTPUT_NDJSON) {
        return err_set(err, ERR_USAGE, "--events prints NDJSON: leave --output out");
    }
    if (given.min_confidence) {
        status = options_number("min-confidence", given.min_confidence, 0, INDICATOR_CONFIDENCE_MAX,
                                &hunt.confidence, err);
    }
    status = THEN(status, query_args_times(given.from, given.to, &hunt.search.from_us,
                                           &hunt.search.to_us, err));
    status = THEN(status, parse_query(span_str(given.query), clock_now_us(), &query, NULL, err));
    hunt.search.query = query;
    hunt.search.path = options->archive;
    status = THEN(status, read_lists(&hunt, options, err));
    status = THEN(status, run_hunt(&hunt, options->form, &found, err));
    *out_code = found ? 0 : 1;
    indicator_set_free(hunt.set);
    warninglist_free(hunt.warninglists);
    parse_query_free(query);
    return status;
}

static const struct option_entry entries[] = {
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"query", "QUERY", "only events that this query finds (see stele search)",
     .text = &given.query},
    {"min-confidence", "N",
     "leave out indicators whose list gives them a lower confidence (0 to 100)",
     .text = &given.min_confidence},
    {"suppress", "FILE|DIR", "keep hits on these apart: MISP warninglists, or lists; repeatable",
     .values = &given.quiet.files},
    {"suppress-private", NULL, "keep hits on private and loopback addresses apart",
     .flag = &given.quiet.private_addresses},
    {"own", "WHAT", "keep hits on your own address, range or domain apart; repeatable",
     .values = &given.quiet.own},
    {"events", NULL, "print each event as NDJSON, with the indicator, field and value",
     .flag = &given.events},
    {"unseen", NULL, "also print a line for each indicator that was not seen",
     .flag = &given.unseen},
};

const struct verb verb_hunt = {
    .name = "hunt",
    .summary = "match lists of indicators against every event",
    .words = {1, HUNT_LISTS_MAX, "LIST...",
              "lists of indicators, at most 256: files, or - for standard input"},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS | OUTPUT_BIT(OUTPUT_STIX),
    .rules = (const struct verb_rule[]){{VERB_NOT_WITH, "events", "unseen"}, {0}},
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
