/* Cells are filled from the segment's columns (fill_column), by blocks; what stays open is read
 * from the line (read_line), for all columns that were ever open in one pass over it. */
#include "query/sql/rows.h"

#include <stdlib.h>

#include "query/sql/cells.h"

/* What the rows know of one column. */
struct row_column {
    struct json_path_value *cells; /* of ROWS_MAX; NULL: never asked for */
    bool is_filled;                /* for these rows */
    bool is_wanted;                /* from lines */
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
    bool has_lines;                    /* all, as they came */
    bool has_received;                 /* all */
    struct arena arena;                /* of these rows */
    const struct block_info *slots_of; /* the block that row_of_slot is of */
    uint16_t row_of_slot[BLOCK_EVENTS_MAX];
    struct row items[ROWS_MAX];
    struct span lines[ROWS_MAX]; /* data NULL: not read yet */
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
    rows->has_lines = rows->has_received = false;
    rows->slots_of = NULL;
    for (size_t i = 0; i < rows->columns->count; i++) {
        rows->state[i].is_filled = false;
    }
    arena_reset(&rows->arena);
}

void rows_add(struct rows *rows, struct row row)
{
    CHECK(rows->count < ROWS_MAX);
    rows->lines[rows->count] = row.waiting ? row.waiting->event.raw : span_of(NULL, 0);
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
    enum status status = OK;
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        if (rows->items[i].block != block) {
            continue;
        }
        struct span line;
        status = block_view_line(rows->view, rows->items[i].slot, &line, err);
        if (status == OK) {
            rows->lines[i] = arena_copy(&rows->arena, line);
            status = rows->lines[i].data ? OK : err_nomem(err, "SQL");
        }
    }
    return status;
}

/* Lines of a block are made all at once, and copied: rows in order of time may go to and fro
 * between blocks. */
static enum status read_lines(struct rows *rows, struct err *err)
{
    enum status status = rows->has_lines ? OK : each_block(rows, copy_lines, NULL, err);
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

static enum status copy_times(struct rows *rows, const struct block_info *block, void *context,
                              struct err *err)
{
    (void)context;
    const int64_t *times_us = NULL;
    enum status status = block_view_times(rows->view, &times_us, err);
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        struct row *row = &rows->items[i];
        row->time_us = row->block == block ? times_us[row->slot] : row->time_us;
    }
    return status;
}

enum status rows_time(struct rows *rows, size_t i, int64_t *out_us, struct err *err)
{
    CHECK(i < rows->count);
    enum status status = OK;
    if (rows->items[i].time_us == ROWS_TIME_UNKNOWN) {
        status = each_block(rows, copy_times, NULL, err);
    }
    if (status == OK) {
        *out_us = rows->items[i].time_us;
    }
    return status;
}

static enum status copy_received(struct rows *rows, const struct block_info *block, void *context,
                                 struct err *err)
{
    (void)context;
    const int64_t *arrivals_us = NULL;
    enum status status = block_view_arrivals(rows->view, &arrivals_us, err);
    for (size_t i = 0; status == OK && i < rows->count; i++) {
        if (rows->items[i].block == block) {
            rows->received_us[i] = arrivals_us[rows->items[i].slot];
        }
    }
    return status;
}

enum status rows_received(struct rows *rows, size_t i, int64_t *out_us, struct err *err)
{
    CHECK(i < rows->count);
    const struct row *row = &rows->items[i];
    enum status status = OK;
    if (!row->waiting && !rows->has_received) {
        status = each_block(rows, copy_received, NULL, err);
        rows->has_received = status == OK;
    }
    if (status == OK) {
        *out_us = row->waiting ? row->waiting->received_us : rows->received_us[i];
    }
    return status;
}

static void find_slots(struct rows *rows, const struct block_info *block)
{
    if (rows->slots_of != block) {
        memset(rows->row_of_slot, UINT8_MAX, sizeof rows->row_of_slot); /* CELLS_NO_ROW */
        for (size_t i = 0; i < rows->count; i++) {
            if (rows->items[i].block == block) {
                rows->row_of_slot[rows->items[i].slot] = (uint16_t)i;
            }
        }
        rows->slots_of = block;
    }
}

static enum status fill_block(struct rows *rows, const struct block_info *block, void *context,
                              struct err *err)
{
    const size_t *column = context;
    const struct cells cells = {.day = rows->day,
                                .view = rows->view,
                                .row_of_slot = rows->row_of_slot,
                                .arena = &rows->arena,
                                .lines = rows->lines};
    find_slots(rows, block);
    return cells_fill(&cells, span_str(rows->columns->items[*column].name),
                      rows->state[*column].cells, err);
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
        state->cells[i].kind = rows->items[i].waiting ? JSON_PATH_OPEN : JSON_PATH_NONE;
    }
    enum status status = each_block(rows, fill_block, &column, err);
    state->is_filled = status == OK;
    return status;
}

static enum status want_from_lines(struct rows *rows, size_t column, struct err *err)
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

/* The row's line, on one line: newlines inside are spaces. */
static enum status plain_line(struct rows *rows, size_t i, struct span *out_line, struct err *err)
{
    enum status status = rows->lines[i].data ? OK : read_lines(rows, err);
    struct span line = rows->lines[i];
    if (status == OK && memchr(line.data, '\n', line.size)) {
        char *copy = arena_alloc(&rows->arena, line.size);
        for (size_t at = 0; copy && at < line.size; at++) {
            copy[at] = line.data[at] == '\n' ? ' ' : line.data[at];
        }
        line.data = copy;
        status = copy ? OK : err_nomem(err, "SQL");
    }
    *out_line = line;
    return status;
}

/* Reads the row's line once for every column that was ever looked for in lines. */
static enum status read_line(struct rows *rows, size_t i, size_t column, struct err *err)
{
    struct span line;
    enum status status = want_from_lines(rows, column, err);
    for (size_t n = 0; status == OK && n < json_path_count(rows->reader); n++) {
        status = fill_column(rows, rows->wanted[n], err);
    }
    status = THEN(status, plain_line(rows, i, &line, err));
    status = THEN(status, json_path_run(rows->reader, line, &rows->arena, rows->values, err));
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
        status = read_line(rows, i, column, err);
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
            struct span line;
            status = plain_line(rows, i, &line, err);
            if (status == OK && !event_parse(line, 0, &rows->arena, &event)) {
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
