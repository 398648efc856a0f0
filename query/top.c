/* The most frequent values. */
#include <stdlib.h>

#include "query/facet.h"

static enum status nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "top: out of memory");
}

/* Every combination of the event's values. */
static enum status count_cells(struct top_run *run, size_t slot, struct err *err)
{
    uint32_t at[TALLY_PARTS_MAX] = {0};
    for (size_t part = 0; part < run->n_facets; part++) {
        at[part] = run->cells[part].head[slot];
        if (at[part] == 0) {
            return OK;
        }
    }
    for (;;) {
        uint32_t numbers[TALLY_PARTS_MAX] = {0};
        for (size_t part = 0; part < run->n_facets; part++) {
            numbers[part] = cell_at(&run->cells[part], at[part])->number;
        }
        enum status status = tally_add(&run->tally, numbers, 1, err);
        if (status != OK) {
            return status;
        }
        size_t part = 0;
        while (part < run->n_facets &&
               (at[part] = cell_at(&run->cells[part], at[part])->next) == 0) {
            at[part] = run->cells[part].head[slot];
            part++;
        }
        if (part == run->n_facets) {
            return OK;
        }
    }
}

static enum status count_block(struct top_run *run, const struct bitmap *map, struct err *err)
{
    enum status status = OK;
    for (size_t part = 0; status == OK && part < run->n_facets; part++) {
        cells_clear(&run->cells[part]);
        status = facet_take(run, part, map, err);
    }
    if (status != OK || run->cells[0].buf.size == 0) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        status = count_cells(run, slot, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* An event of the inbox, as a block of one. */
static enum status count_waiting(struct top_run *run, const struct event *event, struct err *err)
{
    enum status status = OK;
    for (size_t part = 0; status == OK && part < run->n_facets; part++) {
        cells_clear(&run->cells[part]);
        status = facet_take_event(run, part, event, err);
    }
    return status == OK ? count_cells(run, 0, err) : status;
}

static enum status count_day(struct top_run *run, const struct walk_day *day, int64_t *events,
                             struct err *err)
{
    enum status status = OK;
    *events += (int64_t)day->n_waiting;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        status = count_waiting(run, &day->waiting[i]->event, err);
    }
    run->plan = day->plan;
    for (size_t part = 0; part < run->n_facets; part++) {
        if (run->n_values[part] > 0) {
            memset(run->value_numbers[part], 0, run->n_values[part] * sizeof(uint32_t));
        }
    }
    size_t n_blocks = 0;
    const struct block_info *blocks =
        day->plan ? segment_blocks(plan_segment(day->plan), &n_blocks) : NULL;
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        struct bitmap map;
        status = plan_eval(day->plan, &blocks[i], walk_from_us(run->walk), walk_to_us(run->walk),
                           &map, err);
        if (status == OK && !bitmap_is_empty(&map)) {
            *events += (int64_t)bitmap_count(&map);
            status = count_block(run, &map, err);
        }
    }
    return status;
}

static int compare_spans(struct span a, struct span b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_rows(const void *a, const void *b)
{
    const struct top_row *x = a;
    const struct top_row *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    int order = 0;
    for (size_t i = 0; order == 0 && i < TALLY_PARTS_MAX; i++) {
        order = compare_spans(x->values[i], y->values[i]);
    }
    return order;
}

static enum status make_rows(const struct top_run *run, struct top *top, struct err *err)
{
    size_t count = run->tally.tuples.count;
    top->rows = calloc(count + 1, sizeof *top->rows);
    if (!top->rows) {
        return nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t numbers[TALLY_PARTS_MAX] = {0};
        struct span tuple = run->tally.tuples.items[i];
        memcpy(numbers, tuple.data, tuple.size);
        top->rows[i].count = run->tally.counts[i];
        for (size_t part = 0; part < run->n_facets; part++) {
            top->rows[i].values[part] = top->texts.items[numbers[part]];
        }
    }
    qsort(top->rows, count, sizeof top->rows[0], compare_rows);
    top->n_rows = count;
    return OK;
}

enum status aggregate_top(struct walk *walk, const struct span *fields, size_t n_fields,
                          struct top *out_top, struct err *err)
{
    CHECK(n_fields >= 1 && n_fields <= TALLY_PARTS_MAX);
    struct top top = {.n_fields = n_fields};
    struct top_run *run = calloc(1, sizeof *run);
    if (!run) {
        return nomem(err);
    }
    texts_init(&top.texts);
    *run = (struct top_run){.walk = walk, .n_facets = n_fields, .texts = &top.texts};
    tally_init(&run->tally, n_fields);
    for (size_t i = 0; i < n_fields; i++) {
        run->facets[i] = facet_of(fields[i]);
    }
    enum status status = OK;
    for (bool end = false; status == OK && !end;) {
        struct walk_day day;
        status = walk_next(walk, &day, &end, err);
        if (status == OK && !end) {
            status = count_day(run, &day, &top.events, err);
        }
    }
    status = status == OK ? make_rows(run, &top, err) : status;
    for (size_t i = 0; i < TALLY_PARTS_MAX; i++) {
        buf_fini(&run->cells[i].buf);
        free(run->value_numbers[i]);
    }
    tally_fini(&run->tally);
    free(run);
    if (status != OK) {
        top_fini(&top);
        return status;
    }
    *out_top = top;
    return OK;
}

void top_fini(struct top *top)
{
    free(top->rows);
    texts_fini(&top->texts);
    *top = (struct top){0};
}
