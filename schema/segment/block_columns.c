/* Drafts of columns, and their writing: those with the most entries first, as what they say of the
 * others need not be written again (schema/block/column_predict.h). */
#include <stdlib.h>

#include "schema/segment/block_fields.h"

static enum status draft_add(struct block_fields_work *work, const struct block_fields_cells *field,
                             const struct column_source *source, struct err *err)
{
    struct block_fields_draft draft = {.field = field->field, .source = *source};
    draft.source.n_events = work->n_events;
    buf_add(&work->drafts, &draft, sizeof draft);
    return buf_status(&work->drafts, "column", err);
}

static uint16_t *new_index(struct block_fields_work *work)
{
    uint16_t *index = arena_alloc(&work->arena, work->n_events * sizeof *index);
    if (index) {
        memset(index, 0, work->n_events * sizeof *index);
    }
    return index;
}

/* The number of a cell's value among the field's distinct ones. */
static uint32_t distinct_of(const struct block_fields_work *work, const struct batch_cell *cell)
{
    return work->seen[cell->value] - 1;
}

struct ranked {
    int64_t key;
    uint32_t distinct;
};

static int compare_ranked(const void *a, const void *b)
{
    int64_t x = ((const struct ranked *)a)->key;
    int64_t y = ((const struct ranked *)b)->key;
    return (x > y) - (x < y);
}

/* Brings n distinct values in order of their keys: keys are then sorted, rank[d] is the place. */
static struct ranked *rank_values(struct block_fields_work *work, const int64_t *keys, uint32_t n,
                                  uint16_t *rank)
{
    struct ranked *ranked = arena_alloc(&work->arena, n * sizeof *ranked);
    for (uint32_t d = 0; ranked && d < n; d++) {
        ranked[d] = (struct ranked){keys[d], d};
    }
    if (ranked) {
        qsort(ranked, n, sizeof *ranked, compare_ranked);
    }
    for (uint32_t i = 0; ranked && i < n; i++) {
        rank[ranked[i].distinct] = (uint16_t)i;
    }
    return ranked;
}

/* Entries of several values each: the distinct lists, found by hash. */
struct lists {
    uint32_t count;
    size_t first[BLOCK_EVENTS_MAX]; /* cell where the list stands */
    size_t size[BLOCK_EVENTS_MAX];
    uint16_t table[BLOCK_EVENTS_MAX * 2]; /* entry + 1, 0 free */
};

static uint16_t list_entry(struct lists *lists, const struct batch_cell *cells, size_t first,
                           size_t n)
{
    uint64_t hash = n;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ cells[first + i].value) * 0x9e3779b97f4a7c15u;
    }
    size_t mask = sizeof lists->table / sizeof lists->table[0] - 1;
    size_t at = (hash >> 40) & mask;
    for (; lists->table[at] != 0; at = (at + 1) & mask) {
        size_t entry = lists->table[at] - 1u;
        bool same = lists->size[entry] == n;
        for (size_t i = 0; same && i < n; i++) {
            same = cells[lists->first[entry] + i].value == cells[first + i].value;
        }
        if (same) {
            return (uint16_t)entry;
        }
    }
    CHECK(lists->count < BLOCK_EVENTS_MAX);
    lists->first[lists->count] = first;
    lists->size[lists->count] = n;
    lists->table[at] = (uint16_t)++lists->count;
    return (uint16_t)(lists->count - 1);
}

static enum status draft_lists(struct block_fields_work *work,
                               const struct block_fields_cells *field, const uint32_t *ids,
                               struct err *err)
{
    struct lists *lists = arena_alloc(&work->arena, sizeof *lists);
    uint16_t *index = new_index(work);
    uint32_t *start = arena_alloc(&work->arena, (BLOCK_EVENTS_MAX + 1) * sizeof *start);
    uint32_t *values = arena_alloc(&work->arena, field->count * sizeof *values);
    if (!lists || !index || !start || !values) {
        return err_nomem(err, work->segment->path);
    }
    memset(lists, 0, sizeof *lists);
    uint32_t used = 0;
    for (size_t i = 0, n; i < field->count; i += n) {
        for (n = 1; i + n < field->count && field->cells[i + n].slot == field->cells[i].slot; n++) {
        }
        uint32_t before = lists->count;
        uint16_t entry = list_entry(lists, field->cells, i, n);
        index[field->cells[i].slot] = (uint16_t)(entry + 1);
        for (size_t v = 0; lists->count > before && v < n; v++) {
            start[entry] = v == 0 ? used : start[entry];
            values[used++] = ids[distinct_of(work, &field->cells[i + v])];
        }
    }
    start[lists->count] = used;
    const struct column_source source = {
        .index = index, .n_entries = lists->count, .entry_start = start, .entry_values = values};
    return draft_add(work, field, &source, err);
}

/* Ports of single values. Lists with ports among them do not come here (block_fields_draft_values).
 */
static const uint16_t *find_ports(struct block_fields_work *work,
                                  const struct block_fields_cells *field)
{
    uint16_t *ports = new_index(work);
    for (size_t i = 0; ports && i < field->count; i++) {
        ports[field->cells[i].slot] = field->cells[i].port;
    }
    return ports;
}

enum status block_fields_draft_values(struct block_fields_work *work,
                                      const struct block_fields_cells *field, const uint32_t *ids,
                                      struct err *err)
{
    CHECK(!(field->several && field->ports));
    if (field->several) {
        return draft_lists(work, field, ids, err);
    }
    uint32_t n = field->n_distinct;
    uint16_t *index = new_index(work);
    uint16_t *rank = arena_alloc(&work->arena, n * sizeof *rank);
    int64_t *keys = arena_alloc(&work->arena, n * sizeof *keys);
    uint32_t *values = arena_alloc(&work->arena, n * sizeof *values);
    const uint16_t *ports = field->ports ? find_ports(work, field) : NULL;
    if (!index || !rank || !keys || !values || (field->ports && !ports)) {
        return err_nomem(err, work->segment->path);
    }
    for (uint32_t d = 0; d < n; d++) {
        keys[d] = ids[d];
    }
    const struct ranked *ranked = rank_values(work, keys, n, rank);
    if (!ranked) {
        return err_nomem(err, work->segment->path);
    }
    for (uint32_t i = 0; i < n; i++) {
        values[i] = (uint32_t)ranked[i].key;
    }
    for (size_t i = 0; i < field->count; i++) {
        index[field->cells[i].slot] = (uint16_t)(rank[distinct_of(work, &field->cells[i])] + 1);
    }
    const struct column_source source = {
        .index = index, .n_entries = n, .entry_values = values, .ports = ports};
    return draft_add(work, field, &source, err);
}

/* Numbers that hardly repeat are written one by one. */
static enum status draft_raw(struct block_fields_work *work, const struct block_fields_cells *field,
                             const int64_t *numbers, struct err *err)
{
    uint16_t *index = new_index(work);
    int64_t *by_slot = arena_alloc(&work->arena, work->n_events * sizeof *by_slot);
    if (!index || !by_slot) {
        return err_nomem(err, work->segment->path);
    }
    memset(by_slot, 0, work->n_events * sizeof *by_slot);
    for (size_t i = 0; i < field->count; i++) {
        index[field->cells[i].slot] = 1;
        by_slot[field->cells[i].slot] = numbers[distinct_of(work, &field->cells[i])];
    }
    const struct column_source source = {.index = index, .numbers = by_slot};
    return draft_add(work, field, &source, err);
}

enum status block_fields_draft_numbers(struct block_fields_work *work,
                                       const struct block_fields_cells *field,
                                       const int64_t *numbers, struct err *err)
{
    uint32_t n = field->n_distinct;
    if (n > field->count / 4) {
        return draft_raw(work, field, numbers, err);
    }
    uint16_t *index = new_index(work);
    uint16_t *rank = arena_alloc(&work->arena, n * sizeof *rank);
    int64_t *sorted = arena_alloc(&work->arena, n * sizeof *sorted);
    const struct ranked *ranked = rank ? rank_values(work, numbers, n, rank) : NULL;
    if (!index || !sorted || !ranked) {
        return err_nomem(err, work->segment->path);
    }
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = ranked[i].key;
    }
    for (size_t i = 0; i < field->count; i++) {
        index[field->cells[i].slot] = (uint16_t)(rank[distinct_of(work, &field->cells[i])] + 1);
    }
    const struct column_source source = {.index = index, .n_entries = n, .numbers = sorted};
    return draft_add(work, field, &source, err);
}

static int most_entries_first(const void *a, const void *b)
{
    const struct block_fields_draft *x = a;
    const struct block_fields_draft *y = b;
    if (x->source.n_entries != y->source.n_entries) {
        return x->source.n_entries > y->source.n_entries ? -1 : 1;
    }
    return (x->field > y->field) - (x->field < y->field);
}

static enum status draft_write(struct block_fields_work *work,
                               const struct block_fields_draft *draft,
                               struct column_predict_candidates *candidates, struct err *err)
{
    const struct column_predict_candidate *presence;
    const struct column_predict_candidate *values;
    column_predict(candidates, &draft->source, &work->memory->relations[draft->field], &presence,
                   &values);
    buf_clear(&work->encoded);
    enum status status =
        column_encode(work->segment->codec, &draft->source, presence ? &presence->predictor : NULL,
                      values ? &values->predictor : NULL, &work->encoded, err);
    if (draft->source.n_entries > 0 && candidates->count < COLUMN_PREDICT_CANDIDATES_MAX) {
        unsigned depth = presence ? presence->depth + 1 : 0;
        depth = values && values->depth + 1 > depth ? values->depth + 1 : depth;
        candidates->items[candidates->count++] = (struct column_predict_candidate){
            {draft->field, draft->source.n_entries, draft->source.index, NULL}, depth};
    }
    return THEN(status, segment_run(work->segment, SEGMENT_ADD_COLUMN,
                                    DB_WITH(DB_INT(draft->field), DB_INT(work->block),
                                            DB_BLOB(buf_span(&work->encoded))),
                                    err));
}

enum status block_fields_write_drafts(struct block_fields_work *work, struct err *err)
{
    struct block_fields_draft *drafts = (struct block_fields_draft *)(void *)work->drafts.data;
    size_t count = work->drafts.size / sizeof *drafts;
    if (count > 1) {
        qsort(drafts, count, sizeof *drafts, most_entries_first);
    }
    struct column_predict_candidates candidates = {.count = 0};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = draft_write(work, &drafts[i], &candidates, err);
    }
    return status;
}
