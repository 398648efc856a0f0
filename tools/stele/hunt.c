/* stele hunt: were any of these indicators ever seen? */
#include <stdio.h>
#include <stdlib.h>

#include "query/hunt/list.h"
#include "query/parse.h"
#include "tools/stele/hunt_print.h"
#include "tools/stele/list_file.h"
#include "tools/stele/lookup.h"
#include "tools/stele/progress.h"

enum { LISTS_MAX = 256 };

const struct verb verb_hunt;

struct hunt_call {
    struct options common;
    const char *from;
    const char *to;
    const char *query_text;
    const char *output;
    bool events;
    bool unseen;
    enum hunt_form form;
    struct search search;
    struct indicator_set *set;
    struct hunt_list lists[LISTS_MAX];
    size_t n_lists;
};

static enum status read_list(struct hunt_call *options, const char *path, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct hunt_list *list = &options->lists[options->n_lists];
    list->name = list_file_name(path);
    enum status status = list_file_read(path, &bytes, err);
    if (status == OK) {
        status =
            list_read(options->set, (uint32_t)options->n_lists, buf_span(&bytes), clock_now_us(),
                      list_file_refused, (void *)(uintptr_t)list->name, &list->report, err);
        status = status == OK ? OK : err_wrap(err, "%s", list->name);
    }
    buf_fini(&bytes);
    options->n_lists += status == OK;
    return status;
}

static enum status read_lists(struct hunt_call *options, struct err *err)
{
    options->set = indicator_set_new();
    enum status status = options->set ? OK : err_set(err, ERR_NOMEM, "hunt: out of memory");
    if (status == OK && options->common.n_words > LISTS_MAX) {
        status = err_set(err, ERR_LIMIT, "more than %d lists at a time", LISTS_MAX);
    }
    for (size_t i = 0; status == OK && i < options->common.n_words; i++) {
        status = read_list(options, options->common.words[i], err);
    }
    if (status == OK && indicator_set_count(options->set) == 0) {
        status = err_set(err, ERR_FORMAT, "no indicator in %s",
                         options->n_lists == 1 ? options->lists[0].name : "these lists");
    }
    return status;
}

static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    progress_step(context, thousandths, events);
}

static void print_event(void *context, const struct hunt_event *hit)
{
    struct hunt_call *options = context;
    progress_wipe(options->search.progress_context);
    hunt_print_event(hit, options->lists[hit->indicator->list].name);
}

static int hunt_archive(struct hunt_call *options)
{
    struct err err;
    struct walk *walk = NULL;
    struct progress progress;
    struct hunt_result result = {0};
    progress_begin(&progress, "hunt", "events", 1000);
    options->search.progress = show_progress;
    options->search.progress_context = &progress;
    options->search.threads = options->events ? 1 : 0; /* so that their order is always the same */
    enum status status = walk_open(&options->search, &walk, &err);
    if (status == OK) {
        const struct hunt_options how = {.each = options->events ? print_event : NULL,
                                         .context = options};
        status = hunt_run(walk, options->set, &how, &result, &err);
    }
    progress_wipe(&progress);
    walk_close(walk);
    bool found = result.n_hits > 0;
    struct hunt_report report = {.set = options->set,
                                 .lists = options->lists,
                                 .n_lists = options->n_lists,
                                 .result = &result,
                                 .unseen = options->unseen};
    if (status == OK && options->events) {
        hunt_print_words(&report, stderr);
        status = fflush(stdout) == 0 ? OK : err_set(&err, ERR_IO, "the output failed");
    } else if (status == OK) {
        status = hunt_print(&report, options->form, &err);
    }
    hunt_fini(&result);
    return status != OK ? options_fail(&verb_hunt, &err) : !found;
}

static enum status read_options(struct hunt_call *options, struct query **out_query,
                                struct err *err)
{
    if (options->output && !hunt_form_find(options->output, &options->form)) {
        return err_set(err, ERR_USAGE, "--output is table, json, ndjson or csv, not \"%s\"",
                       options->output);
    }
    if (options->events && (options->unseen || (options->output && options->form != HUNT_NDJSON))) {
        return err_set(err, ERR_USAGE, "--events prints NDJSON, without --unseen or other forms");
    }
    enum status status = lookup_times(options->from, options->to, &options->search.from_us,
                                      &options->search.to_us, err);
    if (status == OK) {
        status = query_parse(span_str(options->query_text ? options->query_text : "*"),
                             clock_now_us(), out_query, NULL, err);
    }
    options->search.query = *out_query;
    return status;
}

static int hunt_main(int argc, char **argv)
{
    static struct hunt_call options;
    const struct option_entry entries[] = {
        {.name = "from",
         .argument = "TIME",
         .help = "events from this time on (-7d, 2026-11-01, RFC 3339)",
         .text = &options.from},
        {.name = "to", .argument = "TIME", .help = "events before this time", .text = &options.to},
        {.name = "query",
         .argument = "QUERY",
         .help = "only events that this query finds (see stele search)",
         .text = &options.query_text},
        {.name = "output",
         .argument = "FORM",
         .help = "table, json, ndjson or csv",
         .text = &options.output},
        {.name = "events",
         .help = "print each event as NDJSON, with the indicator, field and value",
         .flag = &options.events},
        {.name = "unseen",
         .help = "a line for each indicator that was not seen, too",
         .flag = &options.unseen},
    };
    struct err err;
    int code = options_read(&options.common, &verb_hunt, entries,
                            sizeof entries / sizeof entries[0], argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (options.common.n_words == 0) {
        return options_misuse(&verb_hunt, "wants a list of indicators: a file, or - for standard "
                                          "input");
    }
    struct query *query = NULL;
    if (read_options(&options, &query, &err) != OK) {
        return options_fail(&verb_hunt, &err);
    }
    options.search.path = options_archive(&options.common);
    code = options.search.path ? 0 : status_exit_code(ERR_USAGE);
    if (code == 0) {
        code = read_lists(&options, &err) == OK ? hunt_archive(&options)
                                                : options_fail(&verb_hunt, &err);
    }
    indicator_set_free(options.set);
    query_free(query);
    return code;
}

const struct verb verb_hunt = {
    .name = "hunt",
    .usage = "LIST... [OPTION]...",
    .summary = "match lists of indicators against every event",
    .run = hunt_main,
};
