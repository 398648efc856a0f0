/* Columns, numbers, text: how each field of a block is kept, decided by counting.
 *
 *   - A field whose values in this block are all integers, one an event, goes into a vector of
 *     numbers once it has shown more than NUMBER_VALUES distinct ones.
 *   - A field becomes text for good (in this segment) when it has shown more than TEXT_VALUES
 *     distinct values and more than one in four of its values was a new one: what does not repeat
 *     would only swell the dictionary.
 *   - A value that is too long for the dictionary makes the field text in this block.
 *   - Everything else is a column. */
#include <stdlib.h>

#include "schema/dictionary.h"
#include "schema/segment_writer.h"

enum { NUMBER_VALUES = 256, TEXT_VALUES = 512, TEXT_NEW_ONE_IN = 4 };

/* What one block's fields are worked on with. */
struct fields_work {
    struct segment *segment;
    struct dictionary *dictionary;
    int64_t block;
    size_t n_events;
    struct bitmap *partial;
    struct buf *text_fields;
    uint32_t text_field_before; /* last id in text_fields */
    struct buf texts;           /* struct batch_cell of text fields, by field */
    struct column_cell *column_cells;
    struct number_cell *number_cells;
    struct buf encoded;
};

/* One field's cells of the block, by slot. */
struct field_cells {
    const struct batch_cell *cells;
    size_t count;
    uint32_t field;
};

static struct span cell_value(const struct batch_cell *cell)
{
    return span_of(cell->value, cell->size);
}

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

static bool all_integers(struct fields_work *work, const struct field_cells *field)
{
    for (size_t i = 0; i < field->count; i++) {
        const struct batch_cell *cell = &field->cells[i];
        struct number_cell *number = &work->number_cells[i];
        if (cell->kind != EVENT_NUMBER || (i > 0 && cell[-1].slot == cell->slot) ||
            !read_integer(cell_value(cell), &number->number)) {
            return false;
        }
        number->slot = cell->slot;
    }
    return true;
}

static enum status add_column(struct fields_work *work, uint32_t field, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(work->segment, SEGMENT_ADD_COLUMN, &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, field);
    (void)sqlite3_bind_int64(stmt, 2, work->block);
    db_bind_blob(stmt, 3, buf_span(&work->encoded));
    return db_run(stmt, err);
}

static enum status write_numbers(struct fields_work *work, const struct field_cells *field,
                                 struct err *err)
{
    work->segment->fields[field->field].has_numbers = true;
    buf_clear(&work->encoded);
    enum status status = numbers_encode(work->segment->codec, work->number_cells, field->count,
                                        work->n_events, &work->encoded, err);
    return status == OK ? add_column(work, field->field, err) : status;
}

static void write_text(struct fields_work *work, const struct field_cells *field)
{
    buf_add_varint(work->text_fields, field->field - work->text_field_before);
    work->text_field_before = field->field;
    buf_add(&work->texts, field->cells, field->count * sizeof *field->cells);
}

static enum status add_values(struct fields_work *work, uint32_t first, struct err *err)
{
    sqlite3_stmt *value_stmt;
    sqlite3_stmt *term_stmt = NULL;
    enum status status = segment_statement(work->segment, SEGMENT_ADD_VALUE, &value_stmt, err);
    if (status == OK) {
        status = segment_statement(work->segment, SEGMENT_ADD_VALUE_TERM, &term_stmt, err);
    }
    for (uint32_t id = first; status == OK && id < work->dictionary->count; id++) {
        const struct dictionary_value *value = &work->dictionary->values[id];
        (void)sqlite3_bind_int64(value_stmt, 1, id);
        (void)sqlite3_bind_int64(value_stmt, 2, value->field);
        db_bind_span(value_stmt, 3, span_of(value->text, value->size));
        status = db_run(value_stmt, err);
        if (status == OK) {
            (void)sqlite3_bind_int64(term_stmt, 1, (int64_t)id + 1);
            db_bind_span(term_stmt, 2, span_of(value->text, value->size));
            status = db_run(term_stmt, err);
        }
    }
    return status;
}

static bool too_long(const struct field_cells *field)
{
    for (size_t i = 0; i < field->count; i++) {
        if (field->cells[i].size > DICTIONARY_VALUE_BYTES_MAX) {
            return true;
        }
    }
    return false;
}

/* Numbers every cell's value; false (and the dictionary as it was) when a bound was reached. */
static bool number_values(struct fields_work *work, const struct field_cells *field)
{
    uint32_t before = work->dictionary->count;
    for (size_t i = 0; i < field->count; i++) {
        uint32_t value =
            dictionary_add(work->dictionary, field->field, cell_value(&field->cells[i]));
        if (value == DICTIONARY_NONE) {
            dictionary_shrink(work->dictionary, before);
            return false;
        }
        work->column_cells[i] = (struct column_cell){field->cells[i].slot, value};
    }
    return true;
}

static enum status write_field(struct fields_work *work, const struct field_cells *field,
                               struct err *err)
{
    struct segment_field *seen = &work->segment->fields[field->field];
    uint32_t before = work->dictionary->count;
    seen->cells += (int64_t)field->count;
    bool integers = all_integers(work, field);
    if (integers && (seen->is_text || seen->distinct_values > NUMBER_VALUES)) {
        return write_numbers(work, field, err);
    }
    if (seen->is_text || too_long(field)) {
        write_text(work, field);
        return OK;
    }
    if (!dictionary_reserve(work->dictionary, (uint32_t)field->count)) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", work->segment->path);
    }
    if (!number_values(work, field)) {
        write_text(work, field);
        return OK;
    }
    int64_t distinct = seen->distinct_values + (work->dictionary->count - before);
    if (integers && distinct > NUMBER_VALUES) {
        seen->distinct_values = distinct;
        dictionary_shrink(work->dictionary, before);
        return write_numbers(work, field, err);
    }
    if (distinct > TEXT_VALUES && distinct * TEXT_NEW_ONE_IN > seen->cells) {
        seen->is_text = true;
        dictionary_shrink(work->dictionary, before);
        write_text(work, field);
        return OK;
    }
    seen->distinct_values = distinct;
    enum status status = add_values(work, before, err);
    buf_clear(&work->encoded);
    if (status == OK) {
        status = column_encode(work->segment->codec, work->column_cells, field->count,
                               work->n_events, &work->encoded, err);
    }
    return status == OK ? add_column(work, field->field, err) : status;
}

/* The texts of one event after the other, each row's values divided by the record separator. */
static enum status write_terms(struct fields_work *work, struct err *err)
{
    const struct batch_cell *texts = (const struct batch_cell *)(const void *)work->texts.data;
    size_t count = work->texts.size / sizeof *texts;
    uint32_t start[BLOCK_EVENTS_MAX + 1] = {0};
    uint32_t *order = malloc((count ? count : 1) * sizeof *order);
    sqlite3_stmt *stmt = NULL;
    enum status status = order ? segment_statement(work->segment, SEGMENT_ADD_TEXT_TERM, &stmt, err)
                               : err_set(err, ERR_NOMEM, "terms: out of memory");
    if (status != OK) {
        free(order);
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        start[texts[i].slot + 1]++;
    }
    for (size_t slot = 0; slot < BLOCK_EVENTS_MAX; slot++) {
        start[slot + 1] += start[slot];
    }
    for (size_t i = 0; i < count; i++) {
        order[start[texts[i].slot]++] = (uint32_t)i;
    }
    for (size_t i = 0; status == OK && i < count;) {
        uint16_t slot = texts[order[i]].slot;
        buf_clear(&work->encoded);
        for (; i < count && texts[order[i]].slot == slot; i++) {
            struct span value = cell_value(&texts[order[i]]);
            if (value.size > SEGMENT_TEXT_BYTES_MAX) {
                bitmap_set(work->partial, slot);
                continue;
            }
            if (memchr(value.data, RECORD_SEPARATOR, value.size)) {
                bitmap_set(work->partial, slot); /* would be cut in two */
            }
            buf_add_char(&work->encoded, RECORD_SEPARATOR);
            buf_add_span(&work->encoded, value);
        }
        (void)sqlite3_bind_int64(stmt, 1, work->block * BLOCK_EVENTS_MAX + slot);
        db_bind_span(stmt, 2, buf_span(&work->encoded));
        status = buf_status(&work->encoded, "terms", err);
        if (status == OK) {
            status = db_run(stmt, err);
        }
    }
    free(order);
    return status;
}

/* The field of a path in this segment; UINT32_MAX when there are too many. */
static enum status field_of(struct segment *segment, uint32_t *field_of_path, uint32_t path,
                            struct span name, uint32_t *out_field, struct err *err)
{
    if (field_of_path[path] == 0) {
        long found = segment_field_find(segment, name);
        if (found < 0) {
            if (segment->n_fields >= SEGMENT_FIELDS_MAX) {
                *out_field = UINT32_MAX;
                return OK;
            }
            found = (long)segment->n_fields;
            enum status status = segment_field_append(segment, name, err);
            if (status != OK) {
                return status;
            }
        }
        field_of_path[path] = (uint32_t)found + 1;
    }
    *out_field = field_of_path[path] - 1;
    return OK;
}

/* The batch's cells by field, then by slot. Cells of fields over the bound make their events
 * partial. */
struct sorted_cells {
    struct batch_cell *cells;
    size_t count;
    uint32_t *start; /* for each field of the segment, and one more */
};

static enum status sort_cells(struct segment *segment, uint32_t *field_of_path,
                              const struct batch *batch, const struct paths *paths,
                              struct bitmap *partial, struct sorted_cells *out, struct err *err)
{
    const struct batch_cell *cells = (const struct batch_cell *)(const void *)batch->cells.data;
    size_t count = batch->cells.size / sizeof *cells;
    out->cells = malloc((count ? count : 1) * sizeof *out->cells);
    out->start = calloc(SEGMENT_FIELDS_MAX + 2, sizeof *out->start);
    if (!out->cells || !out->start) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t field;
        enum status status = field_of(segment, field_of_path, cells[i].path,
                                      paths->names[cells[i].path], &field, err);
        if (status != OK) {
            return status;
        }
        if (field == UINT32_MAX) {
            bitmap_set(partial, cells[i].slot);
        } else {
            out->start[field + 1]++;
        }
    }
    for (size_t field = 0; field <= SEGMENT_FIELDS_MAX; field++) {
        out->start[field + 1] += out->start[field];
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t field = field_of_path[cells[i].path];
        if (field > 0) {
            out->cells[out->start[field - 1]++] = cells[i];
            out->count++;
        }
    }
    for (size_t field = SEGMENT_FIELDS_MAX + 1; field > 0; field--) {
        out->start[field] = out->start[field - 1];
    }
    out->start[0] = 0;
    return OK;
}

static enum status write_fields(struct fields_work *work, const struct sorted_cells *sorted,
                                struct err *err)
{
    size_t most = 0;
    for (size_t field = 0; field < work->segment->n_fields; field++) {
        size_t count = sorted->start[field + 1] - sorted->start[field];
        most = count > most ? count : most;
    }
    work->column_cells = malloc((most + 1) * sizeof *work->column_cells);
    work->number_cells = malloc((most + 1) * sizeof *work->number_cells);
    enum status status = work->column_cells && work->number_cells
                             ? OK
                             : err_set(err, ERR_NOMEM, "%s: out of memory", work->segment->path);
    for (size_t field = 0; status == OK && field < work->segment->n_fields; field++) {
        struct field_cells cells = {.cells = sorted->cells + sorted->start[field],
                                    .count = sorted->start[field + 1] - sorted->start[field],
                                    .field = (uint32_t)field};
        if (cells.count > 0) {
            status = write_field(work, &cells, err);
        }
    }
    if (status == OK) {
        status = buf_status(work->text_fields, work->segment->path, err);
    }
    if (status == OK) {
        status = buf_status(&work->texts, work->segment->path, err);
    }
    return status == OK ? write_terms(work, err) : status;
}

enum status block_fields_write(struct segment *segment, struct dictionary *dictionary,
                               uint32_t *field_of_path, const struct batch *batch,
                               const struct paths *paths, int64_t block,
                               struct buf *out_text_fields, struct bitmap *partial, struct err *err)
{
    struct fields_work work = {
        .segment = segment,
        .dictionary = dictionary,
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
    struct sorted_cells sorted = {0};
    enum status status = sort_cells(segment, field_of_path, batch, paths, partial, &sorted, err);
    if (status == OK) {
        status = write_fields(&work, &sorted, err);
    }
    free(sorted.cells);
    free(sorted.start);
    free(work.column_cells);
    free(work.number_cells);
    buf_fini(&work.texts);
    buf_fini(&work.encoded);
    return status;
}
