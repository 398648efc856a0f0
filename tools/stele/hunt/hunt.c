/* stele hunt: were any of these indicators ever seen? */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "schema/archive/archive.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/hunt/hunt_input.h"

const struct verb verb_hunt;

struct hunt_verb {
    struct options common;
    const char *from;
    const char *to;
    const char *query_text;
    const char *output;
    const char *min_confidence;
    int64_t confidence;
    bool events;
    bool unseen;
    enum hunt_form form;
    struct day_iterator_options search;
    struct hunt_warninglist_options quiet;
    struct warninglist_set *warninglists;
    struct indicator_set *set;
    struct hunt_list lists[HUNT_LISTS_MAX];
    size_t n_lists;
};

static enum status read_lists(struct hunt_verb *options, struct err *err)
{
    options->set = indicator_set_new();
    enum status status = options->set ? OK : err_nomem(err, "hunt");
    if (status == OK) {
        indicator_set_demand(options->set, (int)options->confidence);
    }
    if (status == OK && options->common.n_words > HUNT_LISTS_MAX) {
        status = err_set(err, ERR_LIMIT, "more than %d lists at a time", HUNT_LISTS_MAX);
    }
    for (size_t i = 0; status == OK && i < options->common.n_words; i++) {
        status = hunt_input_list(options->set, options->common.words[i], (uint32_t)i,
                                 &options->lists[i], err);
        options->n_lists++;
    }
    if (status == OK && indicator_set_count(options->set) == 0) {
        status = err_set(err, ERR_FORMAT, "no indicator%s in %s",
                         options->confidence > 0 ? " that is sure enough" : "",
                         options->n_lists == 1 ? options->lists[0].name : "these lists");
    }
    return THEN(status, hunt_input_warninglists(&options->quiet, &options->common.config,
                                                options->set, &options->warninglists, err));
}

static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    progress_step(context, thousandths, events);
}

static void print_event(void *context, const struct hunt_event *hit)
{
    struct hunt_verb *options = context;
    progress_wipe(options->search.progress_context);
    hunt_print_event(hit, options->warninglists, options->lists[hit->indicator->list].name);
}

static int hunt_archive(struct hunt_verb *options)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    struct progress progress;
    struct hunt_result result = {0};
    progress_begin(&progress, "hunt", "events", 1000);
    options->search.progress = show_progress;
    options->search.progress_context = &progress;
    options->search.threads = options->events ? 1 : 0; /* so that their order is always the same */
    enum status status = day_iterator_open(&options->search, &iterator, &err);
    if (status == OK) {
        const struct hunt_options how = {.warninglists = options->warninglists,
                                         .each = options->events ? print_event : NULL,
                                         .context = options};
        status = hunt_run(iterator, options->set, &how, &result, &err);
    }
    progress_wipe(&progress);
    char archive[37] = ""; /* of a single file */
    if (status == OK && day_iterator_archive(iterator)) {
        (void)snprintf(archive, sizeof archive, "%s", archive_id(day_iterator_archive(iterator)));
    }
    day_iterator_close(iterator);
    bool found = false;
    for (size_t i = 0; i < result.n_hits; i++) {
        found |= result.hits[i].warninglist == 0;
    }
    struct hunt_report report = {.set = options->set,
                                 .lists = options->lists,
                                 .n_lists = options->n_lists,
                                 .warninglists = options->warninglists,
                                 .result = &result,
                                 .archive_id = archive,
                                 .unseen = options->unseen};
    if (status == OK) {
        enum hunt_form form = options->events ? HUNT_NDJSON : options->form;
        status = hunt_print(&report, form, !options->events, &err);
    }
    hunt_fini(&result);
    return status != OK ? options_fail(&verb_hunt, &err) : !found;
}

static enum status read_options(struct hunt_verb *options, struct query **out_query,
                                struct err *err)
{
    if (options->output && !hunt_form_find(options->output, &options->form)) {
        return err_set(err, ERR_USAGE, "--output is table, json, ndjson, csv or stix, not \"%s\"",
                       options->output);
    }
    if (options->events && (options->unseen || (options->output && options->form != HUNT_NDJSON))) {
        return err_set(err, ERR_USAGE, "--events prints NDJSON, without --unseen or other forms");
    }
    enum status status = options->min_confidence
                             ? options_number("min-confidence", options->min_confidence, 0,
                                              INDICATOR_CONFIDENCE_MAX, &options->confidence, err)
                             : OK;
    status = THEN(status, query_args_times(options->from, options->to, &options->search.from_us,
                                           &options->search.to_us, err));
    status = THEN(status, parse_query(span_str(options->query_text ? options->query_text : "*"),
                                      clock_now_us(), out_query, NULL, err));
    options->search.query = *out_query;
    return status;
}

static int hunt_lists(struct hunt_verb *options)
{
    struct err err;
    struct query *query = NULL;
    if (read_options(options, &query, &err) != OK) {
        return options_fail(&verb_hunt, &err);
    }
    options->search.path = options_archive(&options->common);
    int code = options->search.path ? 0 : status_exit_code(ERR_USAGE);
    if (code == 0) {
        code = read_lists(options, &err) == OK ? hunt_archive(options)
                                               : options_fail(&verb_hunt, &err);
    }
    indicator_set_free(options->set);
    warninglist_free(options->warninglists);
    parse_query_free(query);
    return code;
}

static int hunt_main(int argc, char **argv)
{
    static struct hunt_verb options;
    const struct option_entry entries[] = {
        option_from(&options.from),
        option_to(&options.to),
        {.name = "query",
         .argument = "QUERY",
         .help = "only events that this query finds (see stele search)",
         .text = &options.query_text},
        {.name = "output",
         .argument = "FORM",
         .help = "table, json, ndjson, csv or stix (sightings)",
         .text = &options.output},
        {.name = "min-confidence",
         .argument = "N",
         .help = "leave out indicators whose list gives them a lower confidence (0 to 100)",
         .text = &options.min_confidence},
        {.name = "suppress",
         .argument = "FILE|DIR",
         .help = "keep hits on these apart: MISP warninglists, or lists; repeatable",
         .values = &options.quiet.files},
        {.name = "suppress-private",
         .help = "keep hits on private and loopback addresses apart",
         .flag = &options.quiet.private_addresses},
        {.name = "own",
         .argument = "WHAT",
         .help = "keep hits on your own address, range or domain apart; repeatable",
         .values = &options.quiet.own},
        {.name = "events",
         .help = "print each event as NDJSON, with the indicator, field and value",
         .flag = &options.events},
        {.name = "unseen",
         .help = "also print a line for each indicator that was not seen",
         .flag = &options.unseen},
    };
    int code = options_read(&options.common, &verb_hunt, entries,
                            sizeof entries / sizeof entries[0], argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.common.n_words == 0) {
        return options_misuse(&verb_hunt, "wants a list of indicators: a file, or - for standard "
                                          "input");
    }
    return hunt_lists(&options);
}

const struct verb verb_hunt = {
    .name = "hunt",
    .usage = "LIST... [OPTION]...",
    .summary = "match lists of indicators against every event",
    .run = hunt_main,
};
