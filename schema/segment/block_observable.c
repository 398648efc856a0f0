/* The observables of a block, kept: of its new values, and of what is in no column. */
#include "schema/block/observable_index.h"
#include "schema/segment/block_fields.h"

/* A value with more than this marks its events partial, so that none can make the list grow. */
enum { VALUE_OBSERVABLES_MAX = 1024 };

struct block_observer {
    struct block_fields_work *work;
    const struct observable_field *fields; /* by path of the batch */
    uint32_t reference;
    size_t seen;
    struct observable_index_builder *draft;
};

static void take(void *context, const struct observable *observable)
{
    struct block_observer *observing = context;
    if (observing->seen++ < VALUE_OBSERVABLES_MAX) {
        observable_index_add(observing->draft, observable, observing->reference);
    }
}

static enum status write_list(struct block_fields_work *work,
                              struct observable_index_builder *draft, uint32_t first,
                              uint32_t count, enum segment_vector kind, struct err *err)
{
    buf_clear(&work->encoded);
    enum status status = observable_index_encode(draft, first, count, &work->encoded, err);
    struct span left = buf_span(&work->encoded);
    int64_t piece_kind = kind;
    for (bool full = true; status == OK && full; piece_kind += SEGMENT_VECTOR_CHUNK_STEP) {
        full = left.size >= SEGMENT_VECTOR_CHUNK_BYTES;
        struct span piece = full ? span_of(left.data, SEGMENT_VECTOR_CHUNK_BYTES) : left;
        status = segment_run(work->segment, SEGMENT_ADD_VECTOR,
                             DB_WITH(DB_INT(piece_kind), DB_INT(work->block), DB_BLOB(piece)), err);
        left = span_from(left, piece.size);
    }
    return status;
}

static enum status observe_values(struct block_fields_work *work, uint32_t first, struct err *err)
{
    struct block_observer observing = {.work = work, .draft = &work->memory->observed};
    bool ok = true;
    observable_index_builder_clear(observing.draft);
    for (uint32_t id = first; ok && id < work->dictionary->count; id++) {
        const struct dictionary_value *value = &work->dictionary->values[id];
        struct event_field field = {.path =
                                        span_str(work->segment->fields.items[value->field].name),
                                    .value = span_of(value->text, value->size),
                                    .kind = EVENT_STRING};
        struct observable_field observed = observable_field(field.path);
        observing.reference = id - first;
        observing.seen = 0;
        ok = observable_scan_value(&work->memory->observer, &observed, &field, take, &observing);
    }
    if (!ok) {
        return err_nomem(err, "observables");
    }
    return write_list(work, observing.draft, first, work->dictionary->count - first,
                      SEGMENT_VECTOR_OBSERVABLE_VALUES, err);
}

/* The cells to look at, by value; *out_start has each value's first, and the end. */
static enum status cells_by_value(struct block_fields_work *work,
                                  const struct batch_cell **out_cells, const uint32_t **out_start,
                                  struct err *err)
{
    const struct buf *kept[] = {&work->texts, &work->named};
    size_t n_values = batch_value_count(work->batch);
    size_t n_cells = (work->texts.size + work->named.size) / sizeof(struct batch_cell);
    struct batch_cell *sorted = arena_alloc(&work->arena, (n_cells + 1) * sizeof *sorted);
    uint32_t *start = arena_alloc(&work->arena, (n_values + 2) * sizeof *start);
    if (!sorted || !start) {
        return err_nomem(err, "observables");
    }
    memset(start, 0, (n_values + 2) * sizeof *start);
    for (size_t k = 0; k < 2; k++) {
        const struct batch_cell *cells = (const struct batch_cell *)(const void *)kept[k]->data;
        for (size_t i = 0; i < kept[k]->size / sizeof *cells; i++) {
            start[cells[i].value + 2]++;
        }
    }
    for (size_t value = 2; value < n_values + 2; value++) {
        start[value] += start[value - 1];
    }
    for (size_t k = 0; k < 2; k++) {
        const struct batch_cell *cells = (const struct batch_cell *)(const void *)kept[k]->data;
        for (size_t i = 0; i < kept[k]->size / sizeof *cells; i++) {
            sorted[start[cells[i].value + 1]++] = cells[i];
        }
    }
    *out_cells = sorted;
    *out_start = start;
    return OK;
}

/* What the value holds is found once, and kept for each slot. */
static bool observe_cells(struct block_observer *observing, const struct batch_cell *cells,
                          size_t count)
{
    struct block_fields_work *work = observing->work;
    const struct batch_value *value = batch_value(work->batch, cells[0].value);
    struct event_field field = {.path = batch_path(work->batch, value->path)->name,
                                .value = span_of(value->text, value->size),
                                .kind = (enum event_kind)value->kind};
    struct observable_index_builder *found = &work->memory->found;
    observable_index_builder_clear(found);
    struct block_observer once = {.work = work, .draft = found};
    if (!observable_scan_value(&work->memory->observer, &observing->fields[value->path], &field,
                               take, &once)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (once.seen > VALUE_OBSERVABLES_MAX) {
            bitmap_set(work->partial, cells[i].slot);
        } else {
            observable_index_copy(observing->draft, found, cells[i].slot);
        }
    }
    return true;
}

/* A value that is named as a whole, as a user is, with the port that is kept beside it. */
static bool observe_whole(struct block_observer *observing, const struct batch_cell *cell)
{
    struct block_fields_work *work = observing->work;
    const struct batch_value *value = batch_value(work->batch, cell->value);
    struct buf *text = &work->encoded;
    buf_clear(text);
    buf_add(text, value->text, value->size);
    buf_printf(text, ":%u", cell->port);
    struct event_field field = {.path = batch_path(work->batch, value->path)->name,
                                .value = buf_span(text),
                                .kind = EVENT_STRING};
    observing->reference = cell->slot;
    observing->seen = 0;
    return buf_ok(text) &&
           observable_scan_value(&work->memory->observer, &observing->fields[value->path], &field,
                                 take, observing);
}

static enum status observe_events(struct block_fields_work *work, struct err *err)
{
    size_t n_paths = batch_path_count(work->batch);
    struct observable_field *fields = arena_alloc(&work->arena, (n_paths + 1) * sizeof *fields);
    const struct batch_cell *cells = NULL;
    const uint32_t *start = NULL;
    enum status status = cells_by_value(work, &cells, &start, err);
    bool ok = status == OK && fields;
    for (uint32_t path = 0; ok && path < n_paths; path++) {
        fields[path] = observable_field(batch_path(work->batch, path)->name);
    }
    struct block_observer observing = {
        .work = work, .fields = fields, .draft = &work->memory->observed};
    observable_index_builder_clear(observing.draft);
    for (uint32_t value = 0; ok && value < batch_value_count(work->batch); value++) {
        size_t count = start[value + 1] - start[value];
        ok = count == 0 || observe_cells(&observing, cells + start[value], count);
    }
    const struct batch_cell *named = (const struct batch_cell *)(const void *)work->named.data;
    for (size_t i = 0; ok && i < work->named.size / sizeof *named; i++) {
        ok = named[i].port == 0 || observe_whole(&observing, &named[i]);
    }
    if (status == OK && !ok) {
        status = err_nomem(err, "observables");
    }
    return THEN(status, write_list(work, observing.draft, 0, (uint32_t)work->n_events,
                                   SEGMENT_VECTOR_OBSERVABLE_EVENTS, err));
}

enum status block_fields_write_observables(struct block_fields_work *work, uint32_t first_value,
                                           struct err *err)
{
    enum status status = observe_values(work, first_value, err);
    return THEN(status, observe_events(work, err));
}
