/* stele hunt: were any of these indicators ever seen? */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "schema/archive/archive.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/hunt/hunt_input.h"
#include "tools/stele/hunt/list_say.h"

static struct {
    const char *from;
    const char *to;
    const char *query;
    const char *min_confidence;
    const char *expired;
    const char *to_ids;
    struct hunt_warninglist_options quiet;
    bool events;
    bool unseen;
} given = {.query = "*", .expired = "until", .to_ids = "true"};

struct hunt {
    struct day_iterator_options search;
    struct progress progress;
    int64_t confidence;
    struct list_options reading;
    enum status failed; /* of a list or warninglist that was left out */
    struct warninglist_set *warninglists;
    struct indicator_set *set;
    struct hunt_list lists[HUNT_LISTS_MAX];
    size_t n_lists;
};

/* A list that cannot be read is said, and the others are hunted all the same. */
static enum status read_one(struct hunt *hunt, const struct options *options, size_t number,
                            struct err *err)
{
    struct hunt_list *list = &hunt->lists[number];
    enum status status = hunt_input_list(hunt->set, options->words[number], (uint32_t)number,
                                         &hunt->reading, list, err);
    hunt->n_lists++;
    bool some = status == ERR_FORMAT && indicator_set_count(hunt->set) > 0;
    if (status == OK || status == ERR_NOMEM || (options->n_words == 1 && !some)) {
        return status;
    }
    fprintf(stderr, "stele hunt: %s\n", err->text);
    hunt->failed = status;
    return OK;
}

static enum status read_lists(struct hunt *hunt, const struct options *options, struct err *err)
{
    enum status status = OK;
    enum status failed = OK;
    hunt->set = indicator_set_new();
    if (!hunt->set) {
        return err_nomem(err, "hunt");
    }
    indicator_set_demand(hunt->set, (int)hunt->confidence);
    for (size_t i = 0; status == OK && i < options->n_words; i++) {
        status = read_one(hunt, options, i, err);
    }
    if (status == OK && indicator_set_count(hunt->set) == 0) {
        for (size_t i = 0; i < hunt->n_lists && hunt->lists[i].report.refused > 0; i++) {
            list_say(stderr, "", &hunt->lists[i].report);
        }
        status = err_set(err, ERR_FORMAT, "no indicator%s in %s",
                         hunt->confidence > 0 ? " that is sure enough" : "",
                         hunt->n_lists == 1 ? hunt->lists[0].name : "these lists");
    }
    status = THEN(status, hunt_input_warninglists(&given.quiet, &options->config, hunt->set,
                                                  &hunt->warninglists, &failed, err));
    hunt->failed = hunt->failed != OK ? hunt->failed : failed;
    return status;
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

static enum status run_hunt(struct hunt *hunt, const struct options *options, bool *out_found,
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
    status = THEN(status, hunt_print(&report, options, !given.events, err));
    bool narrowed = strcmp(given.query, "*") != 0 || given.from || given.to;
    if (status == OK && narrowed && result.coverage.events == 0) {
        const struct zero_question question = {.path = hunt->search.path,
                                               .query = hunt->search.query,
                                               .from_us = hunt->search.from_us,
                                               .to_us = hunt->search.to_us};
        nothing_found_say(&question, false); /* the summary has the coverage */
    }
    hunt_fini(&result);
    return status;
}

/* How lists are read. */
static enum status read_reading(struct list_options *out, struct err *err)
{
    static const char *const expired[] = {
        [LIST_EXPIRED_UNTIL] = "until", [LIST_EXPIRED_ALL] = "all", [LIST_EXPIRED_NONE] = "none"};
    out->now_us = clock_now_us();
    out->any_to_ids = strcmp(given.to_ids, "any") == 0;
    if (!out->any_to_ids && strcmp(given.to_ids, "true") != 0) {
        return err_set(err, ERR_USAGE, "--to-ids is true or any, not \"%s\"", given.to_ids);
    }
    for (int i = LIST_EXPIRED_UNTIL; i <= LIST_EXPIRED_NONE; i++) {
        if (strcmp(given.expired, expired[i]) == 0) {
            out->expired = (enum list_expired)i;
            return OK;
        }
    }
    return err_set(err, ERR_USAGE, "--expired is until, all or none, not \"%s\"", given.expired);
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
    if (options->columns &&
        (given.events || (options->form != OUTPUT_TABLE && options->form != OUTPUT_CSV &&
                          options->form != OUTPUT_CSV_SAFE))) {
        return err_set(err, ERR_USAGE, "--columns chooses columns of a table or csv");
    }
    if (given.min_confidence) {
        status = options_number("min-confidence", given.min_confidence, 0, INDICATOR_CONFIDENCE_MAX,
                                &hunt.confidence, err);
    }
    status = THEN(status, read_reading(&hunt.reading, err));
    status = THEN(status, query_args_times(given.from, given.to, &hunt.search.from_us,
                                           &hunt.search.to_us, err));
    status = THEN(status, query_args_parse_text(span_str(given.query), &query, err));
    hunt.search.query = query;
    hunt.search.path = options->archive;
    status = THEN(status, read_lists(&hunt, options, err));
    status = THEN(status, run_hunt(&hunt, options, &found, err));
    *out_code = hunt.failed != OK ? status_exit_code(hunt.failed) : found ? 0 : 1;
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
    {"expired", "WHICH", "indicators past their validity: until (events of before that), all, none",
     .text = &given.expired},
    {"to-ids", "WHICH", "MISP attributes: true (those meant for detection), or any",
     .text = &given.to_ids},
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
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
