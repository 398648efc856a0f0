/* The lines of a block, made of their shapes and values. A line is made where there is room for the
 * longest of its shape and COLUMNAR_NEAR bytes more. */
#include "schema/columnar/columnar_unpack.h"
#include "schema/columnar/line_cut.h"

/* A value of the vocabulary: its first bytes, and where all of it is. */
struct line_cell {
    char near[COLUMNAR_NEAR];
    const char *text;
    size_t size;
};

/* Where a column's next value is. */
struct line_cursor {
    const struct columnar_column *column;
    const struct line_cell *cells; /* by place */
    const uint16_t *places;
    size_t at;
    size_t next_odd;
    struct value_form_writer writer;
    size_t bytes_max; /* of a value */
};

/* Bytes that all lines of a shape have, and the column of the value behind them. */
struct line_piece {
    struct span bytes;
    struct line_cursor *cursor; /* NULL behind the last */
};

struct line_maker {
    struct columnar_reader *reader;
    struct line_cursor *cursors; /* by section */
    struct line_piece *pieces;
    struct line_piece **first_piece; /* by shape */
    size_t *bytes_max;               /* of a line, by shape */
};

static char *put_text(char *to, const struct columnar_column *column, size_t i)
{
    const char *from = column->text + column->start[i];
    size_t size = (size_t)(column->start[i + 1] - column->start[i]);
    if (!column->is_quoted) {
        return columnar_put(to, from, size);
    }
    *to = '"';
    to = columnar_put(to + 1, from, size);
    *to = '"';
    return to + 1;
}

static char *put_form(char *to, struct line_cursor *cursor, size_t i)
{
    const struct columnar_column *column = cursor->column;
    if (cursor->next_odd < column->n_odd && column->odd[cursor->next_odd] == i) {
        struct span odd = column->odd_texts[cursor->next_odd++];
        memcpy(to, odd.data, odd.size);
        return to + odd.size;
    }
    struct value_form_bits bits = {column->numbers[i], column->seconds ? column->seconds[i] : 0};
    return value_form_put(&cursor->writer, &bits, to);
}

static char *put_value(char *to, struct line_cursor *cursor)
{
    const struct columnar_column *column = cursor->column;
    size_t i = cursor->at++;
    if (cursor->cells) {
        const struct line_cell *cell = &cursor->cells[cursor->places[i]];
        memcpy(to, cell->near, COLUMNAR_NEAR);
        if (cell->size > COLUMNAR_NEAR) {
            memcpy(to + COLUMNAR_NEAR, cell->text + COLUMNAR_NEAR, cell->size - COLUMNAR_NEAR);
        }
        return to + cell->size;
    }
    return column->way == COLUMNAR_TEXT ? put_text(to, column, i) : put_form(to, cursor, i);
}

static char *put_line(char *to, const struct line_piece *piece)
{
    for (; piece->cursor; piece++) {
        to = columnar_put(to, piece->bytes.data, piece->bytes.size);
        to = put_value(to, piece->cursor);
    }
    return columnar_put(to, piece->bytes.data, piece->bytes.size);
}

static enum status make_cells(struct columnar_reader *reader, struct line_cursor *cursor,
                              struct err *err)
{
    const struct columnar_column *column = cursor->column;
    struct line_cell *cells = arena_alloc(&reader->arena, column->n_ids * sizeof *cells);
    if (!cells) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < column->n_ids; i++) {
        struct span text = vocabulary_value(reader->vocabulary, (uint32_t)column->ids[i]);
        cells[i].text = text.data;
        cells[i].size = text.size;
        memcpy(cells[i].near, text.data, text.size < COLUMNAR_NEAR ? text.size : COLUMNAR_NEAR);
        cursor->bytes_max = text.size > cursor->bytes_max ? text.size : cursor->bytes_max;
    }
    cursor->cells = cells;
    return OK;
}

/* All columns, and a cursor at the begin of each. */
static enum status begin_columns(struct line_maker *maker, struct err *err)
{
    struct columnar_reader *reader = maker->reader;
    for (size_t i = 0; i < reader->sections.count; i++) {
        struct line_cursor *cursor = &maker->cursors[i];
        const struct columnar_column *column = NULL;
        enum status status = columnar_column(reader, i, &column, err);
        if (status != OK) {
            return status;
        }
        *cursor = (struct line_cursor){.column = column, .writer = {.form = column->form}};
        cursor->places = column->places;
        if (cursor->places) {
            status = make_cells(reader, cursor, err);
        } else if (column->way == COLUMNAR_FORM) {
            cursor->bytes_max = VALUE_FORM_SPELLING_MAX;
        }
        for (size_t k = 0; k < column->n_odd; k++) {
            size_t size = column->odd_texts[k].size;
            cursor->bytes_max = size > cursor->bytes_max ? size : cursor->bytes_max;
        }
        for (size_t k = 0; column->start && k < column->n_values; k++) {
            size_t size = (size_t)(column->start[k + 1] - column->start[k]) + 2;
            cursor->bytes_max = size > cursor->bytes_max ? size : cursor->bytes_max;
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static uint32_t column_of(const struct line_maker *maker, const struct vocabulary_shape *shape,
                          size_t i)
{
    const uint32_t *paths = vocabulary_paths(maker->reader->vocabulary, shape);
    return maker->reader->column_of_path.items[paths[i]] - 1;
}

/* The value that all lines have in the column of hole i; data is NULL when they differ. */
static struct span fixed_value(const struct line_maker *maker, const struct vocabulary_shape *shape,
                               size_t i)
{
    const struct columnar_section *section =
        &maker->reader->sections.items[column_of(maker, shape, i)];
    return section->way == COLUMNAR_ONE
               ? vocabulary_value(maker->reader->vocabulary, (uint32_t)section->id)
               : span_of(NULL, 0);
}

/* What the pieces of all shapes take. */
static uint64_t count_pieces(const struct line_maker *maker, size_t *out_n_pieces)
{
    const struct columnar_reader *reader = maker->reader;
    uint64_t bytes = 0;
    *out_n_pieces = 0;
    for (size_t s = 0; s < reader->shapes.count; s++) {
        const struct vocabulary_shape *shape = columnar_reader_shape(reader, s);
        bytes += shape->bytes.size + 1;
        for (size_t i = 0; i < shape->n_values; i++) {
            bytes += fixed_value(maker, shape, i).size;
        }
        *out_n_pieces += shape->n_values + 1;
    }
    return bytes;
}

/* Cuts shape s into pieces; fixed values become part of them. Gives the place behind the bytes. */
static char *cut_shape(struct line_maker *maker, size_t s, struct line_piece *piece, char *to)
{
    const struct vocabulary_shape *shape = columnar_reader_shape(maker->reader, s);
    struct span rest = shape->bytes;
    char *begin = to;
    maker->first_piece[s] = piece;
    maker->bytes_max[s] = 0;
    for (size_t i = 0; i < shape->n_values; i++) {
        size_t size = span_find(rest, LINE_CUT_HOLE);
        struct span fixed = fixed_value(maker, shape, i);
        memcpy(to, rest.data, size);
        to += size;
        rest = span_from(rest, size + 1);
        if (fixed.data) {
            memcpy(to, fixed.data, fixed.size);
            to += fixed.size;
            continue;
        }
        *piece = (struct line_piece){span_of(begin, (size_t)(to - begin)),
                                     &maker->cursors[column_of(maker, shape, i)]};
        maker->bytes_max[s] += piece->bytes.size + piece->cursor->bytes_max;
        piece++;
        begin = to;
    }
    memcpy(to, rest.data, rest.size);
    to += rest.size;
    *to++ = '\n';
    *piece = (struct line_piece){span_of(begin, (size_t)(to - begin)), NULL};
    maker->bytes_max[s] += piece->bytes.size;
    return to;
}

static enum status too_large(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "the lines of a block would be larger than any are");
}

static enum status cut_shapes(struct line_maker *maker, struct err *err)
{
    struct arena *arena = &maker->reader->arena;
    size_t n_shapes = maker->reader->shapes.count;
    size_t n_pieces = 0;
    uint64_t bytes = count_pieces(maker, &n_pieces);
    if (bytes > COLUMNAR_TEXT_BYTES_MAX) {
        return too_large(err);
    }
    char *to = arena_alloc(arena, (size_t)bytes + COLUMNAR_NEAR);
    maker->pieces = arena_alloc(arena, n_pieces * sizeof *maker->pieces);
    maker->first_piece = arena_alloc(arena, n_shapes * sizeof *maker->first_piece);
    maker->bytes_max = arena_alloc(arena, n_shapes * sizeof *maker->bytes_max);
    if (!to || !maker->pieces || !maker->first_piece || !maker->bytes_max) {
        return err_nomem(err, "columns");
    }
    struct line_piece *piece = maker->pieces;
    for (size_t s = 0; s < n_shapes; s++) {
        to = cut_shape(maker, s, piece, to);
        piece += columnar_reader_shape(maker->reader, s)->n_values + 1;
    }
    return OK;
}

enum status columnar_read_lines(struct columnar_reader *reader, struct buf *out, struct err *err)
{
    size_t before = out->size;
    struct line_maker maker = {.reader = reader};
    maker.cursors =
        arena_alloc(&reader->arena, (reader->sections.count + 1) * sizeof *maker.cursors);
    if (!maker.cursors) {
        return err_nomem(err, "columns");
    }
    enum status status = begin_columns(&maker, err);
    status = THEN(status, cut_shapes(&maker, err));
    for (size_t i = 0; status == OK && i < reader->n_lines; i++) {
        size_t shape = reader->lines.items[i];
        size_t room = maker.bytes_max[shape] + COLUMNAR_NEAR;
        if (out->capacity - out->size < room && !buf_reserve(out, room)) {
            status = err_nomem(err, "columns");
        } else {
            char *end = put_line(out->data + out->size, maker.first_piece[shape]);
            out->size = (size_t)(end - out->data);
            status = out->size - before > COLUMNAR_TEXT_BYTES_MAX ? too_large(err) : OK;
        }
    }
    if (status != OK) {
        out->size = before;
    }
    return status;
}
