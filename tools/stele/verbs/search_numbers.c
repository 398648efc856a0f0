/* Counts in place of events: one number, a histogram, the most frequent values. All of it is
 * counted before the first line is printed. */
#include "tools/stele/verbs/search_numbers.h"

#include <stdio.h>
#include <string.h>

#include "query/render/terminal_text.h"
#include "tools/stele/cli/table_cell.h"

enum { BAR_COLUMNS = 40 };

/* The one number that count and distinct come to. */
static enum status print_found(const struct search_numbers *numbers, enum status status)
{
    if (status == OK) {
        printf("%lld\n", (long long)numbers->found);
    }
    return status;
}

enum status search_numbers_count(struct search_numbers *numbers, struct err *err)
{
    return print_found(numbers, aggregate_count(numbers->iterator, &numbers->found, err));
}

enum status search_numbers_histogram(struct search_numbers *numbers, struct err *err)
{
    struct aggregate_histogram histogram;
    enum render_form form = numbers->form;
    enum status status =
        aggregate_histogram(numbers->iterator, numbers->bucket_us, &histogram, err);
    if (status != OK) {
        return status;
    }
    int64_t most = 1;
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        most = histogram.counts[i] > most ? histogram.counts[i] : most;
    }
    printf("%s", form == RENDER_JSON && histogram.n_buckets ? "[\n" : "");
    for (size_t i = 0; i < histogram.n_buckets; i++) {
        char time[CLOCK_TEXT_BYTES];
        int64_t count = histogram.counts[i];
        (void)clock_format(histogram.start_us + (int64_t)i * histogram.bucket_us, time);
        if (form == RENDER_TABLE) {
            int bar = (int)((count * BAR_COLUMNS + most - 1) / most);
            printf("%s %10lld %.*s\n", time, (long long)count, bar,
                   "########################################");
        } else if (form == RENDER_CSV) {
            printf("%s%s,%lld\r\n", i ? "" : "time,count\r\n", time, (long long)count);
        } else {
            bool more = form == RENDER_JSON && i + 1 < histogram.n_buckets;
            printf("{\"time\":\"%s\",\"count\":%lld}%s\n", time, (long long)count, more ? "," : "");
        }
    }
    printf("%s", form != RENDER_JSON ? "" : histogram.n_buckets > 0 ? "]\n" : "[]\n");
    numbers->found = histogram.total;
    aggregate_histogram_fini(&histogram);
    return OK;
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

static void print_top_row(enum render_form form, const struct aggregate_top *top,
                          const struct span *fields, size_t row, size_t n_rows)
{
    struct buf line = BUF_INIT;
    const struct aggregate_top_row *at = &top->rows[row];
    if (form == RENDER_TABLE) {
        buf_printf(&line, "%10lld", (long long)at->count);
        for (size_t i = 0; i < top->n_fields; i++) {
            buf_add_str(&line, "  ");
            (void)terminal_text_add(&line, at->values[i], SIZE_MAX);
        }
    } else if (form == RENDER_CSV) {
        buf_printf(&line, "%lld", (long long)at->count);
        for (size_t i = 0; i < top->n_fields; i++) {
            buf_add_char(&line, ',');
            table_cell_add_quoted(&line, at->values[i]);
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
        buf_add_str(&line, form == RENDER_JSON && row + 1 < n_rows ? "}," : "}");
    }
    buf_add_char(&line, '\n');
    (void)fwrite(line.data, 1, line.size, stdout);
    buf_fini(&line);
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
    printf("%s", numbers->form == RENDER_JSON ? "[\n" : "");
    for (size_t i = 0; i < top.n_rows; i++) {
        print_top_row(numbers->form, &top, fields, i, top.n_rows);
    }
    printf("%s", numbers->form == RENDER_JSON ? "]\n" : "");
    if (top.n_rows < top.n_values) {
        fprintf(stderr, "%zu of %zu values; --limit 0 shows all\n", top.n_rows, top.n_values);
    }
    numbers->found = (int64_t)top.n_values;
    aggregate_top_fini(&top);
    return OK;
}

enum status search_numbers_distinct(struct search_numbers *numbers, struct err *err)
{
    struct span fields[TUPLE_COUNT_PARTS_MAX] = {0};
    size_t n_fields;
    enum status status = read_fields("distinct", numbers->fields, fields, &n_fields, err);
    return print_found(numbers, THEN(status, aggregate_distinct(numbers->iterator, fields, n_fields,
                                                                &numbers->found, err)));
}
