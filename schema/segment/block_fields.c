/* Columns, numbers, text: how each field of a block is kept, decided by counting.
 *
 *   - A field whose values in this block are all integers, one an event, goes into a vector of
 *     numbers once it has shown more than NUMBER_VALUES distinct ones.
 *   - A field becomes text for good (in this segment) when it has shown more than TEXT_VALUES
 *     distinct values and more than one in four of its values was a new one, or more than
 *     TEXT_VALUES_FEW and fewer than one in four was not new: what does not repeat would only swell
 *     the dictionary.
 *   - A value that is too long for the dictionary, or holds the separator of values, makes the
 * field text in this block; so does a list of endpoints.
 *   - Everything else is a column. */
#include "schema/segment/block_fields.h"

#include <stdlib.h>

enum { NUMBER_VALUES = 256, TEXT_VALUES = 512, TEXT_VALUES_FEW = 128, TEXT_NEW_ONE_IN = 4 };

static bool read_integer(struct span text, int64_t *out_number)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t at = negative;
    if (text.size - at < 1 || text.size - at > 16) { /* 2^53 has 16 digits */
        return false;
    }
    int64_t number = 0;
    for (; at < text.size; at++) {
        char c = text.data[at];
        if (c < '0' || c > '9') {
            return false;
        }
        number = number * 10 + (c - '0');
    }
    *out_number = negative ? -number : number;
    return true;
}

static struct span distinct_text(const struct block_fields_work *work,
                                 const struct block_fields_cells *field, uint32_t d)
{
    const struct batch_value *value = batch_value(work->batch, field->distinct[d]);
    return span_of(value->text, value->size);
}

/* The numbers of the distinct values, when all are integers and no event has two; else NULL. */
static int64_t *all_integers(struct block_fields_work *work, const struct block_fields_cells *field)
{
    if (field->several || batch_value(work->batch, field->distinct[0])->kind != EVENT_NUMBER) {
        return NULL;
    }
    int64_t *numbers = arena_alloc(&work->arena, field->n_distinct * sizeof *numbers);
    for (uint32_t d = 0; numbers && d < field->n_distinct; d++) {
        if (batch_value(work->batch, field->distinct[d])->kind != EVENT_NUMBER ||
            !read_integer(distinct_text(work, field, d), &numbers[d])) {
            return NULL;
        }
    }
    return numbers;
}

static enum status keep_text(struct block_fields_work *work, const struct block_fields_cells *field)
{
    buf_add_varint(work->text_fields, field->field - work->text_field_before);
    work->text_field_before = field->field;
    buf_add(&work->texts, field->cells, field->count * sizeof *field->cells);
    return OK;
}

static enum status keep_numbers(struct block_fields_work *work,
                                const struct block_fields_cells *field, const int64_t *numbers,
                                struct err *err)
{
    work->segment->fields.items[field->field].has_numbers = true;
    return block_fields_draft_numbers(work, field, numbers, err);
}

static enum status add_value(struct block_fields_work *work, uint32_t id, struct err *err)
{
    const struct dictionary_value *value = &work->dictionary->values[id];
    struct db_value text = DB_TEXT(span_of(value->text, value->size));
    enum status status = segment_run(work->segment, SEGMENT_ADD_VALUE,
                                     DB_WITH(DB_INT(id), DB_INT(value->field), text), err);
    return THEN(status, segment_run(work->segment, SEGMENT_ADD_VALUE_TERM,
                                    DB_WITH(DB_INT((int64_t)id + 1), text), err));
}

/* The run of UUIDs in work->encoded, whose last id is before `end`. */
static enum status add_uuids(struct block_fields_work *work, uint32_t field, uint32_t end,
                             struct err *err)
{
    uint32_t count = (uint32_t)(work->encoded.size / SEGMENT_UUID_BYTES);
    enum status status = buf_status(&work->encoded, "dictionary", err);
    if (status != OK || count == 0) {
        return status;
    }
    status = segment_run(
        work->segment, SEGMENT_ADD_UUIDS,
        DB_WITH(DB_INT(end - count), DB_INT(field), DB_BLOB(buf_span(&work->encoded))), err);
    buf_clear(&work->encoded);
    return status;
}

/* The dictionary's values from `first` on, all of one field. */
static enum status add_values(struct block_fields_work *work, uint32_t first, struct err *err)
{
    enum status status = OK;
    uint32_t field = 0;
    buf_clear(&work->encoded);
    for (uint32_t id = first; status == OK && id < work->dictionary->count; id++) {
        const struct dictionary_value *value = &work->dictionary->values[id];
        unsigned char uuid[SEGMENT_UUID_BYTES];
        field = value->field;
        if (segment_uuid_parse(span_of(value->text, value->size), uuid)) {
            buf_add(&work->encoded, uuid, sizeof uuid);
            continue;
        }
        status = add_uuids(work, field, id, err);
        status = THEN(status, add_value(work, id, err));
    }
    return THEN(status, add_uuids(work, field, work->dictionary->count, err));
}

/* Values that the dictionary's terms would find wrongly: the separator cuts a value in two. */
static bool unfit(const struct block_fields_work *work, const struct block_fields_cells *field)
{
    for (uint32_t d = 0; d < field->n_distinct; d++) {
        struct span text = distinct_text(work, field, d);
        if (text.size > SEGMENT_VALUE_BYTES_MAX ||
            memchr(text.data, DB_RECORD_SEPARATOR, text.size) != NULL) {
            return true;
        }
    }
    return false;
}

/* Numbers every distinct value; false (and the dictionary as it was) when a bound was reached. */
static bool number_values(struct block_fields_work *work, const struct block_fields_cells *field,
                          uint32_t *ids)
{
    uint32_t before = work->dictionary->count;
    for (uint32_t d = 0; d < field->n_distinct; d++) {
        ids[d] = dictionary_add(work->dictionary, field->field, distinct_text(work, field, d));
        if (ids[d] == DICTIONARY_NONE) {
            dictionary_shrink(work->dictionary, before);
            return false;
        }
    }
    return true;
}

static bool does_not_repeat(int64_t distinct, int64_t cells)
{
    return (distinct > TEXT_VALUES && distinct * TEXT_NEW_ONE_IN > cells) ||
           (distinct > TEXT_VALUES_FEW && (cells - distinct) * TEXT_NEW_ONE_IN < cells);
}

static enum status keep_field(struct block_fields_work *work,
                              const struct block_fields_cells *field, struct err *err)
{
    struct segment_field *seen = &work->segment->fields.items[field->field];
    uint32_t before = work->dictionary->count;
    seen->cells += (int64_t)field->count;
    const int64_t *numbers = all_integers(work, field);
    if (numbers && (seen->is_text || seen->distinct_values > NUMBER_VALUES)) {
        return keep_numbers(work, field, numbers, err);
    }
    if (seen->is_text || unfit(work, field) || (field->several && field->ports)) {
        return keep_text(work, field);
    }
    uint32_t *ids = arena_alloc(&work->arena, field->n_distinct * sizeof *ids);
    if (!ids || !dictionary_reserve(work->dictionary, field->n_distinct)) {
        return err_nomem(err, work->segment->path);
    }
    if (!number_values(work, field, ids)) {
        return keep_text(work, field);
    }
    int64_t distinct = seen->distinct_values + (work->dictionary->count - before);
    if (numbers && distinct > NUMBER_VALUES) {
        seen->distinct_values = distinct;
        dictionary_shrink(work->dictionary, before);
        return keep_numbers(work, field, numbers, err);
    }
    if (does_not_repeat(distinct, seen->cells)) {
        seen->is_text = true;
        dictionary_shrink(work->dictionary, before);
        return keep_text(work, field);
    }
    seen->distinct_values = distinct;
    seen->has_numbers |= field->ports;
    enum status status = add_values(work, before, err);
    return THEN(status, block_fields_draft_values(work, field, ids, err));
}

/* The field of a path in this segment; UINT32_MAX when there are too many. */
static enum status field_of(struct block_fields_work *work, const struct batch_path *path,
                            uint32_t *out_field, struct err *err)
{
    uint32_t *known = &work->memory->field_of_path[path->path];
    if (*known == 0) {
        long found = segment_field_find(work->segment, path->name);
        if (found < 0 && work->segment->fields.count >= BLOCK_FIELDS_MAX) {
            *out_field = UINT32_MAX;
            return OK;
        }
        if (found < 0) {
            found = (long)work->segment->fields.count;
            enum status status = segment_field_append(work->segment, path->name, err);
            if (status != OK) {
                return status;
            }
        }
        *known = (uint32_t)found + 1;
    }
    *out_field = *known - 1;
    return OK;
}

/* The batch's cells by path of the batch, then by slot. */
struct sorted_cells {
    struct batch_cell *cells;
    uint32_t *start; /* for each path, and one more */
};

static enum status sort_cells(struct block_fields_work *work, struct sorted_cells *out,
                              struct err *err)
{
    size_t count;
    const struct batch_cell *cells = batch_cells(work->batch, &count);
    size_t n_paths = batch_path_count(work->batch);
    out->cells = arena_alloc(&work->arena, count * sizeof *out->cells);
    out->start = arena_alloc(&work->arena, (n_paths + 2) * sizeof *out->start);
    if (!out->cells || !out->start) {
        return err_nomem(err, work->segment->path);
    }
    memset(out->start, 0, (n_paths + 2) * sizeof *out->start);
    for (size_t i = 0; i < count; i++) {
        out->start[batch_value(work->batch, cells[i].value)->path + 2]++;
    }
    for (size_t path = 2; path < n_paths + 2; path++) {
        out->start[path] += out->start[path - 1];
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t path = batch_value(work->batch, cells[i].value)->path;
        out->cells[out->start[path + 1]++] = cells[i];
    }
    return OK;
}

static enum status find_distinct(struct block_fields_work *work, struct block_fields_cells *field,
                                 struct err *err)
{
    uint32_t *distinct = arena_alloc(&work->arena, field->count * sizeof *distinct);
    if (!distinct) {
        return err_nomem(err, work->segment->path);
    }
    for (size_t i = 0; i < field->count; i++) {
        const struct batch_cell *cell = &field->cells[i];
        field->several |= i > 0 && cell[-1].slot == cell->slot;
        field->ports |= cell->port != 0;
        if (work->seen[cell->value] == 0) {
            distinct[field->n_distinct++] = cell->value;
            work->seen[cell->value] = field->n_distinct;
        }
    }
    field->distinct = distinct;
    return OK;
}

struct field_order {
    uint32_t field;
    uint32_t path;
};

static int compare_order(const void *a, const void *b)
{
    uint32_t x = ((const struct field_order *)a)->field;
    uint32_t y = ((const struct field_order *)b)->field;
    return (x > y) - (x < y);
}

/* The paths by field. */
static enum status order_fields(struct block_fields_work *work, const struct field_order **out,
                                struct err *err)
{
    size_t n_paths = batch_path_count(work->batch);
    struct field_order *order = arena_alloc(&work->arena, n_paths * sizeof *order);
    if (!order) {
        return err_nomem(err, work->segment->path);
    }
    for (uint32_t path = 0; path < n_paths; path++) {
        order[path].path = path;
        enum status status = field_of(work, batch_path(work->batch, path), &order[path].field, err);
        if (status != OK) {
            return status;
        }
    }
    qsort(order, n_paths, sizeof *order, compare_order);
    *out = order;
    return OK;
}

/* What a field holds by its name, a user or a serial number, is observed as a whole: with its port,
 * and when it is a number too. */
static void keep_named(struct block_fields_work *work, uint32_t path,
                       const struct block_fields_cells *field)
{
    bool number = batch_value(work->batch, field->cells[0].value)->kind == EVENT_NUMBER;
    if ((field->ports || number) &&
        observable_field(batch_path(work->batch, path)->name).kind >= 0) {
        buf_add(&work->named, field->cells, field->count * sizeof *field->cells);
    }
}

void block_fields_memory_fini(struct block_fields_memory *memory)
{
    observable_scanner_fini(&memory->observer);
    observable_index_builder_fini(&memory->observed);
    observable_index_builder_fini(&memory->found);
}

static enum status keep_fields(struct block_fields_work *work, struct err *err)
{
    struct sorted_cells sorted;
    const struct field_order *order = NULL;
    size_t n_values = batch_value_count(work->batch) + 1;
    work->seen = arena_alloc(&work->arena, n_values * sizeof *work->seen);
    if (!work->seen) {
        return err_nomem(err, work->segment->path);
    }
    memset(work->seen, 0, n_values * sizeof *work->seen);
    enum status status = sort_cells(work, &sorted, err);
    status = THEN(status, order_fields(work, &order, err));
    for (size_t i = 0; status == OK && i < batch_path_count(work->batch); i++) {
        uint32_t path = order[i].path;
        struct block_fields_cells field = {.field = order[i].field,
                                           .cells = sorted.cells + sorted.start[path],
                                           .count = sorted.start[path + 1] - sorted.start[path]};
        for (size_t c = 0; field.field == UINT32_MAX && c < field.count; c++) {
            bitmap_set(work->partial, field.cells[c].slot);
        }
        if (field.field == UINT32_MAX || field.count == 0) {
            continue;
        }
        status = find_distinct(work, &field, err);
        status = THEN(status, keep_field(work, &field, err));
        keep_named(work, path, &field);
    }
    return status;
}

enum status block_fields_write(struct segment *segment, struct dictionary *dictionary,
                               struct block_fields_memory *memory, const struct batch *batch,
                               int64_t block, struct buf *out_text_fields, struct bitmap *partial,
                               struct err *err)
{
    struct block_fields_work work = {
        .segment = segment,
        .dictionary = dictionary,
        .memory = memory,
        .batch = batch,
        .block = block,
        .n_events = batch_count(batch),
        .partial = partial,
        .text_fields = out_text_fields,
    };
    for (size_t i = 0; i < work.n_events; i++) {
        if (batch_at(batch, i)->partial) {
            bitmap_set(partial, i);
        }
    }
    uint32_t first_value = dictionary->count;
    enum status status = keep_fields(&work, err);
    status = THEN(status, block_fields_write_drafts(&work, err));
    status = THEN(status, buf_status(work.text_fields, segment->path, err));
    status = THEN(status, buf_status(&work.named, segment->path, err));
    status = THEN(status, block_fields_write_observables(&work, first_value, err));
    arena_fini(&work.arena);
    buf_fini(&work.drafts);
    buf_fini(&work.texts);
    buf_fini(&work.named);
    buf_fini(&work.encoded);
    return status;
}
