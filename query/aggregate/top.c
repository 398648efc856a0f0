/* The most frequent values. */
#include <stdlib.h>

#include "query/aggregate/facet.h"
#include "query/search/parallel_scan.h"
#include "schema/block/bitmap.h"

/* Every combination of the event's values. */
static enum status count_cells(struct facet_pass *pass, size_t slot, struct err *err)
{
    uint32_t at[TUPLE_COUNT_PARTS_MAX] = {0};
    for (size_t part = 0; part < pass->n_facets; part++) {
        at[part] = pass->facets[part].cells.head[slot];
        if (at[part] == 0) {
            return OK;
        }
    }
    for (;;) {
        uint32_t numbers[TUPLE_COUNT_PARTS_MAX] = {0};
        for (size_t part = 0; part < pass->n_facets; part++) {
            numbers[part] = facet_cell_at(&pass->facets[part].cells, at[part])->number;
        }
        enum status status = tuple_count_add(&pass->tuples, numbers, 1, err);
        if (status != OK) {
            return status;
        }
        size_t part = 0;
        while (part < pass->n_facets &&
               (at[part] = facet_cell_at(&pass->facets[part].cells, at[part])->next) == 0) {
            at[part] = pass->facets[part].cells.head[slot];
            part++;
        }
        if (part == pass->n_facets) {
            return OK;
        }
    }
}

static enum status top_block(void *worker, struct plan *plan, const struct block_info *info,
                             const struct bitmap *map, struct err *err)
{
    (void)info;
    struct facet_pass *pass = worker;
    enum status status = OK;
    pass->events += (int64_t)bitmap_count(map);
    for (size_t part = 0; status == OK && part < pass->n_facets; part++) {
        status = facet_block(pass, part, plan_view(plan), map, err);
    }
    if (status != OK || pass->facets[0].cells.items.count == 0) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        status = count_cells(pass, slot, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* Each event of the inbox as a block of one. */
static enum status top_inbox(void *worker, const struct day_iterator_day *day, struct err *err)
{
    struct facet_pass *pass = worker;
    enum status status = OK;
    pass->events += (int64_t)day->n_waiting;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        for (size_t part = 0; status == OK && part < pass->n_facets; part++) {
            status = facet_event(pass, part, &day->waiting[i]->event, err);
        }
        status = THEN(status, count_cells(pass, 0, err));
    }
    return status;
}

/* Values have other numbers in the next segment. */
static enum status top_leave(void *worker, size_t number, struct plan *plan, struct err *err)
{
    (void)number;
    (void)plan;
    (void)err;
    facet_leave(worker);
    return OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct aggregate_top_row *x = a;
    const struct aggregate_top_row *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    int order = 0;
    for (size_t i = 0; order == 0 && i < TUPLE_COUNT_PARTS_MAX; i++) {
        order = span_compare(x->values[i], y->values[i]);
    }
    return order;
}

static void pass_free(struct facet_pass *pass)
{
    facet_pass_fini(pass);
    free(pass);
}

static struct facet_pass *pass_new(const struct span *fields, size_t n_fields)
{
    struct facet_pass *pass = malloc(sizeof *pass);
    if (pass) {
        facet_pass_init(pass, fields, n_fields);
    }
    return pass;
}

/* Adds what another thread has counted. */
static enum status pass_merge(struct facet_pass *pass, const struct facet_pass *other,
                              struct err *err)
{
    uint32_t *numbers = malloc((intern_count(&other->texts) + 1) * sizeof *numbers);
    enum status status = numbers ? OK : err_nomem(err, "top");
    for (uint32_t i = 0; status == OK && i < intern_count(&other->texts); i++) {
        status = tuple_count_text(&pass->texts, intern_text(&other->texts, i), &numbers[i], err);
    }
    for (size_t i = 0; status == OK && i < other->tuples.rows.count; i++) {
        struct tuple_count_row row = other->tuples.rows.items[i];
        for (size_t part = 0; part < pass->n_facets; part++) {
            row.numbers[part] = numbers[row.numbers[part]];
        }
        status = tuple_count_add(&pass->tuples, row.numbers, row.count, err);
    }
    pass->events += other->events;
    free(numbers);
    return status;
}

/* Counts all, into a pass that pass_free ends. */
static enum status count_all(struct day_iterator *iterator, const struct span *fields,
                             size_t n_fields, struct facet_pass **out_pass, struct err *err)
{
    static const struct parallel_scan_ops ops = {
        .waiting = top_inbox, .block = top_block, .leave = top_leave};
    CHECK(n_fields >= 1 && n_fields <= TUPLE_COUNT_PARTS_MAX);
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator)};
    struct facet_pass *passes[PARALLEL_SCAN_WORKERS_MAX] = {NULL};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < options.n_workers; i++) {
        options.workers[i] = passes[i] = pass_new(fields, n_fields);
        status = passes[i] ? OK : err_nomem(err, "top");
    }
    status = THEN(status, parallel_scan_run(iterator, &options, err));
    for (size_t i = 1; i < options.n_workers; i++) {
        status = THEN(status, pass_merge(passes[0], passes[i], err));
        pass_free(passes[i]);
    }
    if (status != OK) {
        pass_free(passes[0]);
        return status;
    }
    *out_pass = passes[0];
    return OK;
}

/* A heap of the best rows so far, the last of them on top. */
static void sink_row(struct aggregate_top_row *rows, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare_rows(&rows[child + 1], &rows[child]) > 0) {
            child++;
        }
        if (compare_rows(&rows[child], &rows[at]) <= 0) {
            return;
        }
        struct aggregate_top_row row = rows[at];
        rows[at] = rows[child];
        rows[child] = row;
    }
}

static void keep_row(struct aggregate_top *top, size_t limit, const struct aggregate_top_row *row)
{
    if (top->n_rows < limit) {
        top->rows[top->n_rows++] = *row;
        for (size_t i = top->n_rows / 2; top->n_rows == limit && i > 0; i--) {
            sink_row(top->rows, limit, i - 1);
        }
    } else if (compare_rows(row, &top->rows[0]) < 0) {
        top->rows[0] = *row;
        sink_row(top->rows, limit, 0);
    }
}

static enum status make_rows(const struct facet_pass *pass, size_t limit, struct aggregate_top *top,
                             struct err *err)
{
    top->n_values = tuple_count_distinct(&pass->tuples);
    limit = limit == 0 || limit > top->n_values ? top->n_values : limit;
    top->rows = calloc(limit + 1, sizeof *top->rows);
    if (!top->rows) {
        return err_nomem(err, "top");
    }
    for (size_t i = 0; i < pass->tuples.rows.count; i++) {
        const struct tuple_count_row *row = &pass->tuples.rows.items[i];
        if (row->count == 0) {
            continue;
        }
        struct aggregate_top_row next = {.count = row->count};
        for (size_t part = 0; part < pass->n_facets; part++) {
            next.values[part] = intern_text(&pass->texts, row->numbers[part]);
        }
        keep_row(top, limit, &next);
    }
    qsort(top->rows, top->n_rows, sizeof top->rows[0], compare_rows);
    return OK;
}

enum status aggregate_top(struct day_iterator *iterator, const struct span *fields, size_t n_fields,
                          size_t limit, struct aggregate_top *out_top, struct err *err)
{
    struct facet_pass *pass = NULL;
    enum status status = count_all(iterator, fields, n_fields, &pass, err);
    if (status != OK) {
        return status;
    }
    struct aggregate_top top = {.n_fields = n_fields, .events = pass->events};
    status = make_rows(pass, limit, &top, err);
    if (status == OK) { /* what the rows point to goes with them */
        top.texts = pass->texts;
        pass->texts = (struct intern){0};
        *out_top = top;
    }
    pass_free(pass);
    return status;
}

enum status aggregate_distinct(struct day_iterator *iterator, const struct span *fields,
                               size_t n_fields, int64_t *out_count, struct err *err)
{
    struct facet_pass *pass = NULL;
    enum status status = count_all(iterator, fields, n_fields, &pass, err);
    if (status == OK) {
        *out_count = (int64_t)tuple_count_distinct(&pass->tuples);
        pass_free(pass);
    }
    return status;
}

void aggregate_top_fini(struct aggregate_top *top)
{
    free(top->rows);
    intern_fini(&top->texts);
    *top = (struct aggregate_top){0};
}
