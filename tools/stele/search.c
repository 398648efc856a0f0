/* stele search: finds events, counts them, or says which values they have. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/aggregate.h"
#include "query/explain.h"
#include "query/parse.h"
#include "query/render.h"
#include "query/visible.h"
#include "tools/stele/lookup.h"
#include "tools/stele/progress.h"

enum { TABLE_LIMIT = 100, TOP_LIMIT = 20, BAR_COLUMNS = 40, PROGRESS_AFTER_US = 500000 };

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
    bool count;
    bool plan;
    enum render_form form;
    int64_t limit;
    int64_t bucket_us;
    struct search search;
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
    if (options->count + (options->histogram != NULL) + (options->top != NULL) > 1) {
        return err_set(err, ERR_USAGE, "only one of --count, --histogram and --top at a time");
    }
    if (options->histogram && options->histogram[0] &&
        (!clock_parse_duration(span_str(options->histogram), &options->bucket_us) ||
         options->bucket_us < CLOCK_SECOND_US)) {
        return err_set(err, ERR_USAGE,
                       "--histogram takes a length of time from 1s up (15m, 1h, 1d), not \"%s\"",
                       options->histogram);
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
    if (status == OK) {
        status = lookup_times(options->from, options->to, &options->search.from_us,
                              &options->search.to_us, err);
    }
    return status;
}

static enum status run_count(struct walk *walk, int64_t *out_found, struct err *err)
{
    enum status status = aggregate_count(walk, out_found, err);
    if (status == OK) {
        printf("%lld\n", (long long)*out_found);
    }
    return status;
}

static enum status run_histogram(const struct search_options *options, struct walk *walk,
                                 int64_t *out_found, struct err *err)
{
    struct histogram histogram;
    enum status status = aggregate_histogram(walk, options->bucket_us, &histogram, err);
    if (status != OK) {
        return status;
    }
    int64_t most = 1;
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        most = histogram.counts[i] > most ? histogram.counts[i] : most;
    }
    bool table = options->form == RENDER_TABLE;
    printf("%s", options->form == RENDER_JSON && histogram.n_buckets ? "[\n" : "");
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        char time[CLOCK_TEXT_BYTES];
        int64_t count = histogram.counts[i];
        (void)clock_format(histogram.start_us + (int64_t)i * histogram.bucket_us, time);
        if (table) {
            int bar = (int)((count * BAR_COLUMNS + most - 1) / most);
            printf("%s %10lld %.*s\n", time, (long long)count, bar,
                   "########################################");
        } else if (options->form == RENDER_CSV) {
            printf("%s%s,%lld\r\n", i ? "" : "time,count\r\n", time, (long long)count);
        } else {
            bool more = options->form == RENDER_JSON && i + 1 < histogram.n_buckets;
            printf("{\"time\":\"%s\",\"count\":%lld}%s\n", time, (long long)count, more ? "," : "");
        }
    }
    printf("%s", options->form != RENDER_JSON ? "" : histogram.n_buckets > 0 ? "]\n" : "[]\n");
    *out_found = histogram.total;
    histogram_fini(&histogram);
    return OK;
}

static size_t split_fields(const char *text, struct span *fields)
{
    size_t count = 0;
    for (struct span rest = span_str(text);;) {
        const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
        size_t size = comma ? (size_t)(comma - rest.data) : rest.size;
        if (size == 0 || count == TALLY_PARTS_MAX) {
            return 0;
        }
        fields[count++] = span_of(rest.data, size);
        if (!comma) {
            return count;
        }
        rest = span_from(rest, size + 1);
    }
}

static void print_top_row(const struct search_options *options, const struct top *top,
                          const struct span *fields, size_t row, size_t n_rows)
{
    struct buf line = BUF_INIT;
    const struct top_row *at = &top->rows[row];
    if (options->form == RENDER_TABLE) {
        buf_printf(&line, "%10lld", (long long)at->count);
        for (size_t i = 0; i < top->n_fields; i++) {
            buf_add_str(&line, "  ");
            (void)visible_add(&line, at->values[i], SIZE_MAX);
        }
    } else if (options->form == RENDER_CSV) {
        buf_printf(&line, "%lld", (long long)at->count);
        for (size_t i = 0; i < top->n_fields; i++) {
            buf_add_str(&line, ",\"");
            for (size_t c = 0; c < at->values[i].size; c++) {
                buf_add_str(&line, at->values[i].data[c] == '"' ? "\"" : "");
                buf_add_char(&line, at->values[i].data[c]);
            }
            buf_add_char(&line, '"');
        }
        buf_add_char(&line, '\r');
    } else {
        buf_printf(&line, "{\"count\":%lld", (long long)at->count);
        for (size_t i = 0; i < top->n_fields; i++) {
            buf_add_char(&line, ',');
            buf_add_json(&line, fields[i]);
            buf_add_char(&line, ':');
            buf_add_json(&line, at->values[i]);
        }
        buf_add_str(&line, options->form == RENDER_JSON && row + 1 < n_rows ? "}," : "}");
    }
    buf_add_char(&line, '\n');
    (void)fwrite(line.data, 1, line.size, stdout);
    buf_fini(&line);
}

static enum status run_top(const struct search_options *options, struct walk *walk,
                           int64_t *out_found, struct err *err)
{
    struct span fields[TALLY_PARTS_MAX] = {0};
    size_t n_fields = split_fields(options->top, fields);
    if (n_fields == 0) {
        return err_set(err, ERR_USAGE, "--top takes one to %d field names with commas between them",
                       TALLY_PARTS_MAX);
    }
    struct top top;
    enum status status = aggregate_top(walk, fields, n_fields, &top, err);
    if (status != OK) {
        return status;
    }
    size_t n_rows = top.n_rows;
    if (options->limit > 0 && (size_t)options->limit < n_rows) {
        n_rows = (size_t)options->limit;
    }
    printf("%s", options->form == RENDER_JSON ? "[\n" : "");
    for (size_t i = 0; i < n_rows; i++) {
        print_top_row(options, &top, fields, i, n_rows);
    }
    printf("%s", options->form == RENDER_JSON ? "]\n" : "");
    if (n_rows < top.n_rows) {
        fprintf(stderr, "%zu of %zu values; --limit 0 shows all\n", n_rows, top.n_rows);
    }
    *out_found = (int64_t)top.n_rows;
    top_fini(&top);
    return OK;
}

/* Where the hits of a search go. */
struct output {
    struct render render;
    struct progress progress;
    int64_t start_us;
    enum status status;
    struct err *err;
};

static bool print_hit(void *context, const struct hit *hit)
{
    struct output *output = context;
    progress_wipe(&output->progress);
    output->status = render_hit(&output->render, hit, output->err);
    return output->status == OK;
}

/* Only work that takes long shows how far it is. */
static void show_progress(void *context, int64_t blocks, int64_t events)
{
    struct output *output = context;
    if (clock_monotonic_us() - output->start_us > PROGRESS_AFTER_US) {
        progress_step(&output->progress, blocks, events);
    }
}

static enum status run_events(const struct search_options *options, struct walk *walk,
                              int64_t *out_found, struct err *err)
{
    struct output output = {.start_us = clock_monotonic_us(), .err = err};
    render_init(&output.render, options->form, stdout);
    progress_begin(&output.progress, "search", "events", 0);
    struct run_options run = {
        .search = options->search,
        .limit = options->limit,
        .each = print_hit,
        .progress = show_progress,
        .context = &output,
    };
    int64_t hits = 0;
    enum status status = run_query(walk, &run, &hits, err);
    progress_wipe(&output.progress);
    if (status == OK) {
        status = output.status;
    }
    if (status == OK) {
        status = render_end(&output.render, err);
    }
    if (status == OK && options->form == RENDER_TABLE && !options->limit_text &&
        hits == options->limit) {
        fprintf(stderr, "the %s %lld events; --limit 0 shows all\n",
                options->search.oldest_first ? "first" : "newest", (long long)hits);
    }
    render_fini(&output.render);
    *out_found = hits;
    return status;
}

static int search_archive(struct search_options *options)
{
    struct err err;
    struct walk *walk = NULL;
    int64_t found = 0;
    options->search.query = options->query;
    enum status status = walk_open(&options->search, &walk, &err);
    if (status == OK) {
        status = options->count       ? run_count(walk, &found, &err)
                 : options->histogram ? run_histogram(options, walk, &found, &err)
                 : options->top       ? run_top(options, walk, &found, &err)
                                      : run_events(options, walk, &found, &err);
    }
    if (status == OK && found == 0) {
        lookup_unknown_fields(walk);
    }
    walk_close(walk);
    return status != OK ? options_fail(&verb_search, &err) : found == 0;
}

static int print_plan(const struct query *query)
{
    struct buf text = BUF_INIT;
    struct buf safe = BUF_INIT;
    query_explain(query, &text);
    for (struct span rest = buf_span(&text); rest.size > 0;) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t n = end ? (size_t)(end - rest.data) : rest.size;
        (void)visible_add(&safe, span_of(rest.data, n), SIZE_MAX);
        buf_add_char(&safe, '\n');
        rest = span_from(rest, n + 1);
    }
    fwrite(safe.data, 1, safe.size, stdout);
    buf_fini(&safe);
    buf_fini(&text);
    return 0;
}

static int search_run(int argc, char **argv)
{
    struct search_options options = {0};
    const struct option_entry entries[] = {
        {.name = "from",
         .argument = "TIME",
         .help = "events from this time on (-7d, 2026-11-01, RFC 3339)",
         .text = &options.from},
        {.name = "to", .argument = "TIME", .help = "events before this time", .text = &options.to},
        {.name = "limit",
         .argument = "N",
         .help = "at most N (100 in a table, 20 of --top, else all); 0: all",
         .text = &options.limit_text},
        {.name = "sort",
         .argument = "-time",
         .help = "-time: newest first (default); time: oldest first",
         .text = &options.sort},
        {.name = "output",
         .argument = "FORM",
         .help = "table, json, ndjson, raw (the bytes as they came) or csv",
         .text = &options.output},
        {.name = "count", .help = "print how many, and nothing else", .flag = &options.count},
        {.name = "histogram",
         .argument = "[1h]",
         .help = "how many in each stretch of time",
         .text = &options.histogram,
         .fits = looks_like_duration},
        {.name = "plan",
         .help = "say how each part of the query is answered, and do not search",
         .flag = &options.plan},
        {.name = "top",
         .argument = "FIELD[,FIELD]",
         .help = "the most frequent values; also actor, severity, day, hour",
         .text = &options.top},
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
    options.search.path = options_archive(&options.common);
    if (!options.search.path) {
        return status_exit_code(ERR_USAGE);
    }
    code = lookup_query(&options.common, &options.query);
    if (code == OPTIONS_GO_ON) {
        code = options.plan ? print_plan(options.query) : search_archive(&options);
    }
    query_free(options.query);
    return code;
}

const struct verb verb_search = {
    .name = "search",
    .usage = "QUERY [OPTION]...",
    .summary = "find events, newest first",
    .run = search_run,
};
