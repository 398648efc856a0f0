/* A cell is filled from the segment's column when the column can tell it (fill_column), by blocks;
 * what stays open is read from the bytes (read_bytes), for all columns that were ever asked for in
 * one pass over the event. One thread. */
#include "query/sql/rows.h"

#include <stdlib.h>

/* What the rows know of one column. */
struct row_column {
    struct json_path_value *cells; /* of ROWS_MAX; NULL: never asked for */
    bool is_filled;                /* for these rows */
    bool is_wanted;                /* from the bytes */
};

struct rows {
    const struct columns *columns;
    struct row_column *state;
    struct json_path_reader *reader;
    size_t *wanted;                 /* by number of the reader */
    struct json_path_value *values; /* by number of the reader */
    struct snapshot_day *day;
    struct block_view *view;
    size_t count;
    bool has_lines;
    struct arena arena; /* of these rows */
    struct row items[ROWS_MAX];
    struct span lines[ROWS_MAX];
    int64_t received_us[ROWS_MAX];
};

enum status rows_new(const struct columns *columns, struct rows **out_rows, struct err *err)
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows) {
        rows->columns = columns;
        rows->state = calloc(columns->count, sizeof *rows->state);
        rows->wanted = calloc(columns->count, sizeof *rows->wanted);
        rows->values = calloc(columns->count, sizeof *rows->values);
        rows->reader = json_path_new();
    }
    if (!rows || !rows->state || !rows->wanted || !rows->values || !rows->reader) {
        rows_free(rows);
        return err_nomem(err, "SQL");
    }
    *out_rows = rows;
    return OK;
}

void rows_free(struct rows *rows)
{
    if (rows) {
        for (size_t i = 0; rows->state && i < rows->columns->count; i++) {
            free(rows->state[i].cells);
        }
        free(rows->state);
        free(rows->wanted);
        free(rows->values);
        json_path_free(rows->reader);
        arena_fini(&rows->arena);
        free(rows);
    }
}

void rows_begin(struct rows *rows, struct snapshot_day *day, struct block_view *view)
{
    rows->day = day;
    rows->view = view;
    rows->count = 0;
    rows->has_lines = false;
    for (size_t i = 0; i < rows->columns->count; i++) {
        rows->state[i].is_filled = false;
    }
    arena_reset(&rows->arena);
}

void rows_add(struct rows *rows, struct row row)
{
    CHECK(rows->count < ROWS_MAX);
    rows->items[rows->count++] = row;
}

size_t rows_count(const struct rows *rows)
{
    return rows->count;
}

const struct row *rows_at(const struct rows *rows, size_t i)
{
    CHECK(i < rows->count);
    return &rows->items[i];
}

/* Called with the view on each block of the rows once; rows of other blocks are to be left alone.
 */
typedef enum status block_each(struct rows *rows, const struct block_info *block, void *context,
                               struct err *err);

static enum status each_block(struct rows *rows, block_each *each, void *context, struct err *err)
{
    uint64_t done[ROWS_MAX / 64] = {0};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        const struct block_info *block = rows->items[i].block;
        if (!block || (done[i / 64] >> (i % 64) & 1)) {
            continue;
        }
        for (size_t j = i; j < rows->count; j++) {
            if (rows->items[j].block == block) {
                done[j / 64] |= UINT64_C(1) << (j % 64);
            }
        }
        block_view_move(rows->view, block);
        status = each(rows, block, context, err);
    }
    return status;
}

static enum status copy_lines(struct rows *rows, const struct block_info *block, void *context,
                              struct err *err)
{
    (void)context;
    const int64_t *arrivals_us = NULL;
    enum status status = block_view_arrivals(rows->view, &arrivals_us, err);
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        if (rows->items[i].block != block) {
            continue;
        }
        struct span line;
        status = block_view_line(rows->view, rows->items[i].slot, &line, err);
        if (status == OK) {
            rows->received_us[i] = arrivals_us[rows->items[i].slot];
            rows->lines[i] = arena_copy(&rows->arena, line);
            status = rows->lines[i].data ? OK : err_nomem(err, "SQL");
        }
    }
    return status;
}

/* Blocks are unpacked once each, and their lines copied: rows in order of time may go to and fro
 * between blocks. */
static enum status read_lines(struct rows *rows, struct err *err)
{
    if (rows->has_lines) {
        return OK;
    }
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].waiting) {
            rows->lines[i] = rows->items[i].waiting->event.raw;
            rows->received_us[i] = rows->items[i].waiting->received_us;
        }
    }
    enum status status = each_block(rows, copy_lines, NULL, err);
    rows->has_lines = status == OK;
    return status;
}

enum status rows_raw(struct rows *rows, size_t i, struct span *out_raw, struct err *err)
{
    CHECK(i < rows->count);
    enum status status = read_lines(rows, err);
    if (status == OK) {
        *out_raw = rows->lines[i];
    }
    return status;
}

enum status rows_received(struct rows *rows, size_t i, int64_t *out_us, struct err *err)
{
    CHECK(i < rows->count);
    const struct row *row = &rows->items[i];
    if (row->waiting || rows->has_lines) {
        *out_us = row->waiting ? row->waiting->received_us : rows->received_us[i];
        return OK;
    }
    const int64_t *arrivals_us;
    block_view_move(rows->view, row->block);
    enum status status = block_view_arrivals(rows->view, &arrivals_us, err);
    if (status == OK) {
        *out_us = arrivals_us[row->slot];
    }
    return status;
}

/* One column being filled from a segment. */
struct column_fill {
    struct row_column *state;
    size_t field;
    bool has_below; /* fields below this one's path: it may be an object */
};

/* The bytes of one whole block decide whether the day's columns can be believed for this field. */
static enum status read_shape(struct rows *rows, size_t field, struct err *err)
{
    struct block_view *view = rows->view;
    struct json_path_reader *reader = json_path_new();
    struct arena arena = ARENA_INIT;
    size_t number;
    enum status status = reader ? OK : err_nomem(err, "SQL");
    if (status == OK) {
        struct span name = span_str(segment_field_name(rows->day->segment, field));
        status = json_path_add(reader, name, &number, err);
    }
    enum snapshot_shape shape = SNAPSHOT_SHAPE_PLAIN;
    for (size_t slot = 0;
         status == OK && slot < view->info->n_events && shape == SNAPSHOT_SHAPE_PLAIN; slot++) {
        struct span line;
        struct json_path_value value;
        arena_reset(&arena);
        status = block_view_line(view, slot, &line, err);
        status = THEN(status, json_path_run(reader, line, &arena, &value, err));
        if (status == OK && value.kind == JSON_PATH_JSON) {
            shape = SNAPSHOT_SHAPE_OPEN;
        }
    }
    arena_fini(&arena);
    json_path_free(reader);
    if (status == OK) {
        rows->day->shapes[field] = (uint8_t)shape;
    }
    return status;
}

static enum status shape_of(struct rows *rows, size_t field, enum snapshot_shape *out_shape,
                            struct err *err)
{
    bool known = rows->day->shapes[field] != SNAPSHOT_SHAPE_UNKNOWN;
    enum status status = known ? OK : read_shape(rows, field, err);
    *out_shape = (enum snapshot_shape)rows->day->shapes[field];
    return status;
}

static enum status cell_of_entry(struct rows *rows, const struct column *column, uint32_t entry,
                                 struct json_path_value *out_cell, struct err *err)
{
    const struct snapshot_value *value = NULL;
    uint32_t start = column->entry_start[entry];
    *out_cell = (struct json_path_value){.kind = JSON_PATH_OPEN};
    if (column->entry_start[entry + 1] - start != 1) {
        return OK;
    }
    enum status status = snapshot_value(rows->day, column->entry_values[start], &value, err);
    if (status == OK && value->is_plain) {
        *out_cell = (struct json_path_value){.kind = JSON_PATH_TEXT, .text = value->text};
    }
    return status;
}

/* The cells of a block's rows that its column can tell; the others stay open. */
static enum status fill_cells(struct rows *rows, const struct block_info *block,
                              const struct column_fill *fill, const struct column *column,
                              struct err *err)
{
    const struct bitmap *partial = NULL;
    enum status status = block_view_partial(rows->view, &partial, err);
    struct json_path_value none = {.kind = fill->has_below ? JSON_PATH_OPEN : JSON_PATH_NONE};
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        size_t slot = rows->items[i].slot;
        struct json_path_value *cell = &fill->state->cells[i];
        if (rows->items[i].block != block || bitmap_get(partial, slot)) {
            continue;
        }
        if (column && column->store == COLUMN_STORE_COLUMN && column->has_ports &&
            column->ports[slot]) {
            *cell = (struct json_path_value){
                .kind = JSON_PATH_OPEN}; /* the entry is only the address */
        } else if (column && column->store == COLUMN_STORE_COLUMN && column->index[slot]) {
            status = cell_of_entry(rows, column, column->index[slot] - 1u, cell, err);
        } else if (column && column->store == COLUMN_STORE_NUMBER &&
                   bitmap_get(&column->present, slot)) {
            *cell = (struct json_path_value){.kind = JSON_PATH_INTEGER,
                                             .integer = column->numbers[slot]};
        } else {
            *cell = none;
        }
    }
    return status;
}

static enum status fill_block(struct rows *rows, const struct block_info *block, void *context,
                              struct err *err)
{
    const struct column_fill *fill = context;
    const struct column *column = NULL;
    if (fill->field == SIZE_MAX) {
        return fill_cells(rows, block, fill, NULL, err);
    }
    bool is_text = false;
    enum snapshot_shape shape = SNAPSHOT_SHAPE_PLAIN;
    enum status status = block_view_is_text(rows->view, fill->field, &is_text, err);
    if (status == OK && !is_text) {
        status = block_view_column(rows->view, fill->field, &column, err);
    }
    if (status == OK && column && column->store != COLUMN_STORE_ABSENT) {
        status = shape_of(rows, fill->field, &shape, err);
    }
    if (status != OK || is_text || shape == SNAPSHOT_SHAPE_OPEN) {
        return status;
    }
    return fill_cells(rows, block, fill, column, err);
}

static bool has_below(const struct segment *segment, struct span name)
{
    for (size_t i = 0; i < segment_field_count(segment); i++) {
        const char *other = segment_field_name(segment, i);
        if (strncmp(other, name.data, name.size) == 0 && other[name.size] == '.') {
            return true;
        }
    }
    return false;
}

static enum status fill_column(struct rows *rows, size_t column, struct err *err)
{
    struct row_column *state = &rows->state[column];
    if (state->is_filled) {
        return OK;
    }
    if (!state->cells) {
        state->cells = malloc(ROWS_MAX * sizeof *state->cells);
        if (!state->cells) {
            return err_nomem(err, "SQL");
        }
    }
    for (size_t i = 0; i < rows->count; i++) {
        state->cells[i] = (struct json_path_value){.kind = JSON_PATH_OPEN};
    }
    state->is_filled = true;
    const struct column_info *info = &rows->columns->items[column];
    if (info->kind == COLUMNS_UID || !rows->view || rows->has_lines) {
        return OK;
    }
    struct span name = span_str(info->name);
    long field = segment_field_find(rows->day->segment, name);
    struct column_fill fill = {.state = state,
                               .field = field < 0 ? SIZE_MAX : (size_t)field,
                               .has_below = has_below(rows->day->segment, name)};
    return each_block(rows, fill_block, &fill, err);
}

static enum status want_from_bytes(struct rows *rows, size_t column, struct err *err)
{
    struct row_column *state = &rows->state[column];
    size_t number = 0;
    if (state->is_wanted) {
        return OK;
    }
    enum status status =
        json_path_add(rows->reader, span_str(rows->columns->items[column].name), &number, err);
    if (status == OK) {
        rows->wanted[number] = column;
        state->is_wanted = true;
    }
    return status;
}

/* Reads the row's bytes once for every column that was ever looked for in them. */
static enum status read_bytes(struct rows *rows, size_t i, size_t column, struct err *err)
{
    enum status status = want_from_bytes(rows, column, err);
    for (size_t n = 0; status == OK && n < json_path_count(rows->reader); n++) {
        status = fill_column(rows, rows->wanted[n], err);
    }
    status = THEN(status, read_lines(rows, err));
    status =
        THEN(status, json_path_run(rows->reader, rows->lines[i], &rows->arena, rows->values, err));
    for (size_t n = 0; status == OK && n < json_path_count(rows->reader); n++) {
        struct json_path_value *cell = &rows->state[rows->wanted[n]].cells[i];
        *cell = cell->kind == JSON_PATH_OPEN ? rows->values[n] : *cell;
    }
    return status;
}

enum status rows_field(struct rows *rows, size_t i, size_t column,
                       const struct json_path_value **out_value, struct err *err)
{
    CHECK(i < rows->count && column < rows->columns->count);
    enum status status = fill_column(rows, column, err);
    if (status == OK && rows->state[column].cells[i].kind == JSON_PATH_OPEN) {
        status = read_bytes(rows, i, column, err);
    }
    if (status == OK) {
        *out_value = &rows->state[column].cells[i];
    }
    return status;
}

enum status rows_actor(struct rows *rows, size_t i, struct span *out_actor, struct err *err)
{
    const struct json_path_value *cell = NULL;
    enum status status = OK;
    for (size_t n = 0; status == OK && n < rows->columns->n_actors; n++) {
        status = rows_field(rows, i, rows->columns->actors[n], &cell, err);
        if (status == OK && cell->kind == JSON_PATH_TEXT) {
            *out_actor = cell->text;
            return OK;
        }
        if (status == OK && cell->kind != JSON_PATH_NONE) {
            struct event event;
            status = read_lines(rows, err);
            if (status == OK && !event_parse(rows->lines[i], 0, &rows->arena, &event)) {
                return err_set(err, ERR_CORRUPT, "an event that cannot be read");
            }
            if (status == OK) {
                *out_actor = event_actor(&event);
            }
            return status;
        }
    }
    if (status == OK) {
        *out_actor = span_of(NULL, 0);
    }
    return status;
}
