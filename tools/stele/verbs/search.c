/* stele search: finds events, counts them, or says which values they have. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/language/explain.h"
#include "query/language/parse.h"
#include "query/render/terminal_text.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/verbs/search_lake.h"
#include "tools/stele/verbs/search_numbers.h"

enum { TABLE_LIMIT = 100, TOP_LIMIT = 20, PROGRESS_AFTER_US = 500000 };

const struct verb verb_search;

struct search_options {
    struct options common;
    const char *from;
    const char *to;
    const char *limit_text;
    const char *sort;
    const char *output;
    const char *histogram;
    const char *top;
    const char *distinct;
    const char *explain_sql;
    const char *table;
    bool count;
    bool plan;
    enum render_form form;
    int64_t limit;
    int64_t bucket_us;
    struct day_iterator_options search;
    struct query *query;
};

/* A number with letters behind it is meant as one, so that 7x or 15min is refused and not searched.
 */
static bool looks_like_duration(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    size_t letters = strspn(word + digits, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return digits > 0 && letters > 0 && letters <= 7 && word[digits + letters] == '\0';
}

static enum status read_forms(struct search_options *options, struct err *err)
{
    if (options->output && !render_form_find(options->output, &options->form)) {
        return err_set(err, ERR_USAGE, "--output is table, json, ndjson, raw or csv, not \"%s\"",
                       options->output);
    }
    if (options->sort && strcmp(options->sort, "time") != 0 &&
        strcmp(options->sort, "-time") != 0) {
        return err_set(err, ERR_USAGE,
                       "--sort is time (oldest first) or -time (newest first), not \"%s\"",
                       options->sort);
    }
    options->search.oldest_first = options->sort && options->sort[0] == 't';
    if (options->count + (options->histogram != NULL) + (options->top != NULL) +
            (options->distinct != NULL) >
        1) {
        return err_set(err, ERR_USAGE,
                       "only one of --count, --histogram, --top and --distinct at a time");
    }
    if (options->histogram && options->histogram[0] &&
        (!clock_parse_duration(span_str(options->histogram), &options->bucket_us) ||
         options->bucket_us < CLOCK_SECOND_US)) {
        return err_set(err, ERR_USAGE,
                       "--histogram takes a length of time from 1s up (15m, 1h, 1d), not \"%s\"",
                       options->histogram);
    }
    if (options->table && !options->explain_sql) {
        return err_set(err, ERR_USAGE, "--table goes with --explain-sql");
    }
    if (options->explain_sql && (options->histogram || options->top || options->distinct ||
                                 options->output || options->plan)) {
        return err_set(err, ERR_USAGE,
                       "--explain-sql goes with --from, --to, --count, --limit, --sort and "
                       "--table alone");
    }
    return OK;
}

static enum status read_options(struct search_options *options, struct err *err)
{
    enum status status = read_forms(options, err);
    if (status != OK) {
        return status;
    }
    options->limit = options->top ? TOP_LIMIT : options->form == RENDER_TABLE ? TABLE_LIMIT : 0;
    if (options->limit_text) {
        status = options_number("limit", options->limit_text, 0, INT32_MAX, &options->limit, err);
    }
    return THEN(status, query_args_times(options->from, options->to, &options->search.from_us,
                                         &options->search.to_us, err));
}

/* Where the hits of a search go. */
struct output {
    struct render render;
    struct progress *progress;
    enum status status;
    struct err *err;
};

static bool print_hit(void *context, const struct search_hit *hit)
{
    struct output *output = context;
    progress_wipe(output->progress);
    output->status = render_hit(&output->render, hit, output->err);
    return output->status == OK;
}

/* Only work that takes long shows how far it is. */
static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    struct progress *progress = context;
    if (progress->on && clock_monotonic_us() - progress->start_us > PROGRESS_AFTER_US) {
        progress_step(progress, thousandths, events);
    }
}

static enum status run_events(const struct search_options *options, struct day_iterator *iterator,
                              struct progress *progress, int64_t *out_found, struct err *err)
{
    struct output output = {.progress = progress, .err = err};
    render_init(&output.render, options->form, stdout);
    struct search_run_options run = {
        .search = options->search,
        .limit = options->limit,
        .each = print_hit,
        .context = &output,
    };
    int64_t hits = 0;
    enum status status = search_run_query(iterator, &run, &hits, err);
    progress_wipe(progress);
    status = THEN(status, output.status);
    status = THEN(status, render_end(&output.render, err));
    if (status == OK && options->form == RENDER_TABLE && !options->limit_text &&
        hits == options->limit) {
        fprintf(stderr, "the %s %lld events; --limit 0 shows all\n",
                options->search.oldest_first ? "first" : "newest", (long long)hits);
    }
    render_fini(&output.render);
    *out_found = hits;
    return status;
}

static enum status run_search(const struct search_options *options, struct day_iterator *iterator,
                              struct progress *progress, int64_t *out_found, struct err *err)
{
    struct search_numbers_options numbers = {.form = options->form,
                                             .limit = options->limit,
                                             .bucket_us = options->bucket_us,
                                             .fields =
                                                 options->top ? options->top : options->distinct};
    return options->count       ? search_numbers_count(iterator, out_found, err)
           : options->histogram ? search_numbers_histogram(&numbers, iterator, out_found, err)
           : options->top       ? search_numbers_top(&numbers, iterator, out_found, err)
           : options->distinct  ? search_numbers_distinct(&numbers, iterator, out_found, err)
                                : run_events(options, iterator, progress, out_found, err);
}

static int search_archive(struct search_options *options)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    struct progress progress;
    int64_t found = 0;
    progress_begin(&progress, "search", "events", 1000);
    options->search.query = options->query;
    options->search.progress = show_progress;
    options->search.progress_context = &progress;
    enum status status = day_iterator_open(&options->search, &iterator, &err);
    status = THEN(status, run_search(options, iterator, &progress, &found, &err));
    progress_wipe(&progress);
    if (status == OK && found == 0) {
        query_args_unknown_fields(iterator);
    }
    day_iterator_close(iterator);
    return status != OK ? options_fail(&verb_search, &err) : found == 0;
}

static int print_plan(const struct query *query)
{
    struct buf text = BUF_INIT;
    struct buf safe = BUF_INIT;
    explain_query(query, &text);
    for (struct span rest = buf_span(&text); rest.size > 0;) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t n = end ? (size_t)(end - rest.data) : rest.size;
        (void)terminal_text_add(&safe, span_of(rest.data, n), SIZE_MAX);
        buf_add_char(&safe, '\n');
        rest = span_from(rest, n + 1);
    }
    fwrite(safe.data, 1, safe.size, stdout);
    buf_fini(&safe);
    buf_fini(&text);
    return 0;
}

static int print_sql(const struct search_options *options)
{
    struct err err;
    const struct lake_select select = {
        .table = options->table,
        .query = options->query,
        .from_us = options->search.from_us,
        .to_us = options->search.to_us,
        .count = options->count,
        .limit = options->limit,
        .oldest_first = options->search.oldest_first,
    };
    enum status status = search_lake_print(options->explain_sql, select, &err);
    return status == OK ? 0 : options_fail(&verb_search, &err);
}

/* The query needs no archive to be put into other words. */
static int search_parsed(struct search_options *options)
{
    options->search.path = options->explain_sql ? NULL : options_archive(&options->common);
    if (!options->explain_sql && !options->search.path) {
        return status_exit_code(ERR_USAGE);
    }
    int code = query_args_parse(&options->common, &options->query);
    if (code == OPTIONS_GO_ON) {
        code = options->explain_sql ? print_sql(options)
               : options->plan      ? print_plan(options->query)
                                    : search_archive(options);
    }
    parse_query_free(options->query);
    return code;
}

static int search_run(int argc, char **argv)
{
    struct search_options options = {0};
    const struct option_entry entries[] = {
        option_from(&options.from),
        option_to(&options.to),
        {.name = "limit",
         .argument = "N",
         .help = "at most N (default: 100 in a table, 20 with --top); 0: all",
         .text = &options.limit_text},
        {.name = "sort",
         .argument = "-time",
         .help = "-time: newest first (default); time: oldest first",
         .text = &options.sort},
        {.name = "output",
         .argument = "FORM",
         .help = "table, json, ndjson, raw (the bytes as they came) or csv",
         .text = &options.output},
        {.name = "count", .help = "print only how many", .flag = &options.count},
        {.name = "histogram",
         .argument = "[1h]",
         .help = "how many in each interval",
         .text = &options.histogram,
         .fits = looks_like_duration},
        {.name = "plan",
         .help = "say how each part of the query is answered, and do not search",
         .flag = &options.plan},
        {.name = "explain-sql",
         .argument = "ENGINE",
         .help = "print the query as SQL over the table of stele lake ddl, and do not search",
         .text = &options.explain_sql},
        {.name = "table",
         .argument = "NAME",
         .help = "with --explain-sql: the table's name (" LAKE_TABLE_NAME ")",
         .text = &options.table},
        {.name = "top",
         .argument = "FIELD[,FIELD]",
         .help = "the most frequent values; also actor, severity, day, hour",
         .text = &options.top},
        {.name = "distinct",
         .argument = "FIELD[,FIELD]",
         .help = "print how many different values there are",
         .text = &options.distinct},
    };
    int code = options_read(&options.common, &verb_search, entries,
                            sizeof entries / sizeof entries[0], argc, argv);
    struct err err;
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (read_options(&options, &err) != OK) {
        return options_fail(&verb_search, &err);
    }
    return search_parsed(&options);
}

const struct verb verb_search = {
    .name = "search",
    .usage = "QUERY [OPTION]...",
    .summary = "find events, newest first",
    .run = search_run,
};
