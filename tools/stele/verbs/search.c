/* stele search: finds events, counts them, or says which values they have. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/lake/lake_select.h"
#include "query/lake/lake_table.h"
#include "query/language/explain.h"
#include "query/language/parse.h"
#include "query/render/event_rows.h"
#include "query/render/terminal_text.h"
#include "tools/stele/cli/nothing_found.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/verbs/search_numbers.h"

enum { TABLE_LIMIT = 100, TOP_LIMIT = 20, PROGRESS_AFTER_US = 500000 };

static struct {
    const char *from;
    const char *to;
    const char *limit;
    const char *sort;
    const char *histogram;
    const char *top;
    const char *distinct;
    const char *explain_sql;
    const char *table;
    bool count;
    bool plan;
} given;

struct search_output;

/* What they come to. */
struct search {
    const struct options *options;
    enum listing_form form;
    int64_t limit;
    int64_t bucket_us;
    struct day_iterator_options iterator;
    struct progress progress;
    struct search_output *output; /* while events are printed; else NULL */
};

/* A number with letters behind it is meant as one, so that 7x or 15min is refused and not searched.
 */
static bool looks_like_duration(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    size_t letters = strspn(word + digits, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return digits > 0 && letters > 0 && letters <= 7 && word[digits + letters] == '\0';
}

static enum status read_sort(bool *out_oldest_first, struct err *err)
{
    *out_oldest_first = given.sort && strcmp(given.sort, "time") == 0;
    return !given.sort || *out_oldest_first || strcmp(given.sort, "-time") == 0
               ? OK
               : err_set(err, ERR_USAGE,
                         "--sort is time (oldest first) or -time (newest first), not \"%s\"",
                         given.sort);
}

static enum status read_bucket(int64_t *out_us, struct err *err)
{
    if (given.histogram && given.histogram[0] &&
        (!clock_parse_duration(span_str(given.histogram), out_us) || *out_us < CLOCK_SECOND_US)) {
        return err_set(err, ERR_USAGE,
                       "--histogram takes a length of time from 1s up (15m, 1h, 1d), not \"%s\"",
                       given.histogram);
    }
    return OK;
}

static enum status read_options(const struct options *options, struct search *search,
                                struct err *err)
{
    struct day_iterator_options *iterator = &search->iterator;
    search->options = options;
    search->form = row_output_form(options);
    search->limit = given.top ? TOP_LIMIT : search->form == LISTING_TABLE ? TABLE_LIMIT : 0;
    enum status status = read_sort(&iterator->oldest_first, err);
    status = THEN(status, read_bucket(&search->bucket_us, err));
    if (status == OK && given.limit) {
        status = options_number("limit", given.limit, 0, INT32_MAX, &search->limit, err);
    }
    status = THEN(
        status, query_args_times(given.from, given.to, &iterator->from_us, &iterator->to_us, err));
    iterator->path = options->archive;
    return status;
}

/* Where the hits of a search go. */
struct search_output {
    struct event_rows events;
    struct progress *progress;
    enum status status;
    struct err *err;
};

static bool print_hit(void *context, const struct search_hit *hit)
{
    struct search_output *output = context;
    const struct event_rows_item item = {
        .time_us = hit->time_us, .received_us = hit->received_us, .raw = hit->raw};
    progress_wipe(output->progress);
    output->status = event_rows_add(&output->events, &item, output->err);
    return output->status == OK;
}

/* Only work that takes long shows how far it is; then the rows of a table that are held back to
 * find its widths are printed, too. */
static void show_progress(void *context, int64_t thousandths, int64_t events)
{
    struct search *search = context;
    struct progress *progress = &search->progress;
    if (clock_monotonic_us() - progress->start_us < PROGRESS_AFTER_US) {
        return;
    }
    if (search->output && search->output->events.rows.n_held > 0) {
        progress_wipe(progress);
        search->output->status = listing_flush(&search->output->events.rows, search->output->err);
    }
    progress_step(progress, thousandths, events);
}

static enum status run_events(struct search *search, struct day_iterator *iterator,
                              int64_t *out_found, struct err *err)
{
    struct search_output output = {.progress = &search->progress, .err = err};
    enum status status =
        event_rows_begin(&output.events, search->form, search->options->columns, stdout, err);
    struct search_run_options run = {
        .search = search->iterator,
        .limit = search->limit,
        .each = print_hit,
        .context = &output,
    };
    int64_t hits = 0;
    search->output = &output;
    status = THEN(status, search_run_query(iterator, &run, &hits, err));
    search->output = NULL;
    progress_wipe(&search->progress);
    status = THEN(status, output.status);
    status = THEN(status, event_rows_end(&output.events, err));
    if (status == OK) {
        (void)fflush(stdout);
        event_rows_notes(&output.events, stderr);
    }
    if (status == OK && search->form == LISTING_TABLE && !given.limit && hits == search->limit) {
        fprintf(stderr, "the %s %s; --limit 0 shows all\n",
                search->iterator.oldest_first ? "first" : "newest",
                output_count(hits, "event").text);
    }
    event_rows_fini(&output.events);
    *out_found = hits;
    return status;
}

static enum status run_search(struct search *search, struct day_iterator *iterator,
                              int64_t *out_found, struct err *err)
{
    struct search_numbers numbers = {.iterator = iterator,
                                     .options = search->options,
                                     .progress = &search->progress,
                                     .limit = search->limit,
                                     .bucket_us = search->bucket_us,
                                     .fields = given.top ? given.top : given.distinct};
    enum status status = given.count       ? search_numbers_count(&numbers, err)
                         : given.histogram ? search_numbers_histogram(&numbers, err)
                         : given.top       ? search_numbers_top(&numbers, err)
                         : given.distinct  ? search_numbers_distinct(&numbers, err)
                                           : run_events(search, iterator, &numbers.found, err);
    *out_found = numbers.found;
    return status;
}

static void say_nothing_found(const struct search *search)
{
    struct zero_question question = {.path = search->iterator.path,
                                     .query = search->iterator.query,
                                     .from_us = search->iterator.from_us,
                                     .to_us = search->iterator.to_us};
    const char *fields = given.top ? given.top : given.distinct;
    if (fields) {
        question.n_fields = search_numbers_fields(fields, question.fields);
    }
    nothing_found_say(&question, true);
}

static enum status search_archive(struct search *search, int *out_code, struct err *err)
{
    struct day_iterator *iterator = NULL;
    int64_t found = 0;
    progress_begin(&search->progress, "search", "events", 1000);
    search->iterator.progress = show_progress;
    search->iterator.progress_context = search;
    enum status status = day_iterator_open(&search->iterator, &iterator, err);
    status = THEN(status, run_search(search, iterator, &found, err));
    progress_wipe(&search->progress);
    day_iterator_close(iterator);
    if (status == OK && found == 0) {
        say_nothing_found(search);
        *out_code = 1;
    }
    return status;
}

static enum status print_plan(const struct query *query, struct err *err)
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
    buf_fini(&text);
    return output_finish(&safe, err);
}

/* --explain-sql: over the table of stele lake ddl. */
static enum status print_sql(const struct search *search, struct err *err)
{
    struct buf out = BUF_INIT;
    struct lake_select select = {
        .table = given.table ? given.table : LAKE_TABLE_NAME,
        .query = search->iterator.query,
        .from_us = search->iterator.from_us,
        .to_us = search->iterator.to_us,
        .count = given.count,
        .limit = search->limit,
        .oldest_first = search->iterator.oldest_first,
    };
    enum status status = lake_engine_find(given.explain_sql, &select.engine, err);
    status = THEN(status, lake_table_name_check(select.table, err));
    status = THEN(status, lake_select_write(&select, &out, err));
    status = THEN(status, output_write(&out, err));
    buf_fini(&out);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    struct search search = {.limit = 0};
    struct query *query = NULL;
    enum status status = read_options(options, &search, err);
    status = THEN(status, query_args_parse(options, &query, err));
    search.iterator.query = query;
    status = THEN(status, given.explain_sql ? print_sql(&search, err)
                          : given.plan      ? print_plan(query, err)
                                            : search_archive(&search, out_code, err));
    parse_query_free(query);
    return status;
}

static const struct option_entry entries[] = {
    OPTION_FROM(&given.from),
    OPTION_TO(&given.to),
    {"limit", "N", "at most N (default: 100 in a table, 20 with --top); 0: all",
     .text = &given.limit},
    {"sort", "-time", "-time: newest first (default); time: oldest first", .text = &given.sort},
    {"count", NULL, "print only how many", .flag = &given.count},
    {"histogram", "[1h]", "how many in each interval", .text = &given.histogram,
     .fits = looks_like_duration},
    {"plan", NULL, "say how each part of the query is answered, and do not search",
     .flag = &given.plan},
    {"explain-sql", "ENGINE",
     "print the query as SQL over the table of stele lake ddl, and do not search",
     .text = &given.explain_sql},
    {"table", "NAME", "with --explain-sql: the table's name (" LAKE_TABLE_NAME ")",
     .text = &given.table},
    {"top", "FIELD[,FIELD]", "the most frequent values; also actor, severity, day, hour",
     .text = &given.top},
    {"distinct", "FIELD[,FIELD]", "print how many different values there are",
     .text = &given.distinct},
};

static const struct verb_rule rules[] = {
    {VERB_AT_MOST_ONE, "count histogram top distinct", NULL},
    {VERB_ONLY_WITH, "table", "explain-sql"},
    {VERB_NOT_WITH, "explain-sql", "histogram top distinct output columns plan"},
    {VERB_NOT_WITH, "columns", "count distinct plan"},
    {0},
};

const struct verb verb_search = {
    .name = "search",
    .summary = "find events, newest first",
    .words = {0, VERB_WORDS_ANY, "QUERY", NULL},
    VERB_OPTIONS(entries),
    .forms = OUTPUT_ROWS | OUTPUT_BIT(OUTPUT_RAW),
    .rules = rules,
    .help = QUERY_ARGS_HELP,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .needs_unless = "explain-sql",
    .run = run,
};
