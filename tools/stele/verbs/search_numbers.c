/* Counts in place of events: one number, a histogram, the most frequent values. All of it is
 * counted before the first line is printed. */
#include "tools/stele/verbs/search_numbers.h"

#include <stdio.h>
#include <string.h>

enum { BAR_COLUMNS = 40 };

/* The one number that count and distinct come to: bare in a table. */
static enum status print_found(const struct search_numbers *numbers, const char *name,
                               enum status status, struct err *err)
{
    const struct listing_column column = {span_str(name), 0};
    enum output_form form = numbers->options->form;
    struct listing rows;
    progress_wipe(numbers->progress);
    if (status != OK) {
        return status;
    }
    if (form == OUTPUT_TABLE || form == OUTPUT_RAW) {
        printf("%lld\n", (long long)numbers->found);
        return OK;
    }
    enum listing_form one =
        form == OUTPUT_JSON ? LISTING_NDJSON : row_output_form(numbers->options);
    status = listing_begin(&rows, one, &column, 1, NULL, stdout, err);
    listing_int(&rows, numbers->found);
    status = THEN(status, listing_next(&rows, err));
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    return status;
}

enum status search_numbers_count(struct search_numbers *numbers, struct err *err)
{
    enum status status = aggregate_count(numbers->iterator, &numbers->found, err);
    return print_found(numbers, "count", status, err);
}

/* raw is of events: what is counted comes as lines of JSON then. */
static enum status begin_rows(const struct search_numbers *numbers,
                              const struct listing_column *columns, size_t count,
                              struct listing *rows, struct err *err)
{
    enum listing_form form = row_output_form(numbers->options);
    progress_wipe(numbers->progress);
    return listing_begin(rows, form == LISTING_RAW ? LISTING_NDJSON : form, columns, count,
                         numbers->options->columns, stdout, err);
}

static enum status print_histogram(struct listing *rows,
                                   const struct aggregate_histogram *histogram, struct err *err)
{
    int64_t most = 1;
    enum status status = OK;
    for (size_t i = 0; i < histogram->n_buckets; i++) {
        most = histogram->counts[i] > most ? histogram->counts[i] : most;
    }
    for (size_t i = 0; status == OK && i < histogram->n_buckets; i++) {
        int64_t count = histogram->counts[i];
        size_t bar = (size_t)((count * BAR_COLUMNS + most - 1) / most);
        listing_time(rows, histogram->start_us + (int64_t)i * histogram->bucket_us);
        listing_int(rows, count);
        if (rows->n_columns > 2) {
            listing_text(rows, span_of("########################################", bar));
        }
        status = listing_next(rows, err);
    }
    return status;
}

enum status search_numbers_histogram(struct search_numbers *numbers, struct err *err)
{
    static const struct listing_column columns[] = {{LISTING_NAME("time"), LISTING_WHOLE},
                                                    {LISTING_NAME("count"), LISTING_RIGHT},
                                                    {LISTING_NAME("bar"), 0}};
    struct aggregate_histogram histogram;
    struct listing rows;
    enum status status =
        aggregate_histogram(numbers->iterator, numbers->bucket_us, &histogram, err);
    if (status != OK) {
        return status;
    }
    status =
        begin_rows(numbers, columns, numbers->options->form == OUTPUT_TABLE ? 3 : 2, &rows, err);
    status = THEN(status, print_histogram(&rows, &histogram, err));
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    numbers->found = histogram.total;
    aggregate_histogram_fini(&histogram);
    return status;
}

size_t search_numbers_fields(const char *text, struct span fields[TUPLE_COUNT_PARTS_MAX])
{
    size_t count = 0;
    for (struct span rest = span_str(text);;) {
        const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
        size_t size = comma ? (size_t)(comma - rest.data) : rest.size;
        if (size == 0 || count == TUPLE_COUNT_PARTS_MAX) {
            return 0;
        }
        fields[count++] = span_of(rest.data, size);
        if (!comma) {
            return count;
        }
        rest = span_from(rest, size + 1);
    }
}

static enum status read_fields(const char *option, const char *text, struct span *fields,
                               size_t *out_count, struct err *err)
{
    *out_count = search_numbers_fields(text, fields);
    return *out_count > 0 ? OK
                          : err_set(err, ERR_USAGE,
                                    "--%s takes one to %d field names with commas between them",
                                    option, TUPLE_COUNT_PARTS_MAX);
}

static enum status print_top(const struct search_numbers *numbers, const struct span *fields,
                             const struct aggregate_top *top, struct err *err)
{
    struct listing_column columns[TUPLE_COUNT_PARTS_MAX + 1] = {
        {LISTING_NAME("count"), LISTING_RIGHT}};
    struct listing rows;
    for (size_t i = 0; i < top->n_fields; i++) {
        columns[i + 1] = (struct listing_column){fields[i], 0};
    }
    enum status status = begin_rows(numbers, columns, top->n_fields + 1, &rows, err);
    for (size_t row = 0; status == OK && row < top->n_rows; row++) {
        listing_int(&rows, top->rows[row].count);
        for (size_t i = 0; i < top->n_fields; i++) {
            listing_text(&rows, top->rows[row].values[i]);
        }
        status = listing_next(&rows, err);
    }
    status = THEN(status, listing_end(&rows, err));
    listing_fini(&rows);
    return status;
}

enum status search_numbers_top(struct search_numbers *numbers, struct err *err)
{
    struct span fields[TUPLE_COUNT_PARTS_MAX] = {0};
    size_t n_fields;
    enum status status = read_fields("top", numbers->fields, fields, &n_fields, err);
    struct aggregate_top top;
    status = THEN(status, aggregate_top(numbers->iterator, fields, n_fields, (size_t)numbers->limit,
                                        &top, err));
    if (status != OK) {
        return status;
    }
    status = print_top(numbers, fields, &top, err);
    if (status == OK && top.n_rows < top.n_values) {
        fprintf(stderr, "%zu of %zu values; --limit 0 shows all\n", top.n_rows, top.n_values);
    }
    numbers->found = (int64_t)top.n_values;
    aggregate_top_fini(&top);
    return status;
}

enum status search_numbers_distinct(struct search_numbers *numbers, struct err *err)
{
    struct span fields[TUPLE_COUNT_PARTS_MAX] = {0};
    size_t n_fields;
    enum status status = read_fields("distinct", numbers->fields, fields, &n_fields, err);
    status =
        THEN(status, aggregate_distinct(numbers->iterator, fields, n_fields, &numbers->found, err));
    return print_found(numbers, "distinct", status, err);
}
