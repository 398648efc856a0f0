/* Of the block's columns only those are unpacked whose path is the field, or may have it below. Two
 * values for one cell leave it open: which of them comes first, the line tells. */
#include "query/sql/cells.h"

/* One column of the block going into the cells. */
struct cell_fill {
    const struct cells *cells;
    struct json_path_value *out;
    struct block_columns columns;
    size_t i; /* of the columns */
    const struct columnar_column *column;
    const uint16_t *slots;
};

/* CELLS_NO_ROW when value k is of no row. */
static uint16_t row_of(const struct cell_fill *fill, size_t k)
{
    return fill->cells->row_of_slot[fill->slots ? fill->slots[k] : k];
}

static void put(struct cell_fill *fill, uint16_t row, const struct json_path_value *value)
{
    struct json_path_value *cell = &fill->out[row];
    if (value->kind == JSON_PATH_NONE) {
        return;
    }
    if (cell->kind == JSON_PATH_NONE) {
        *cell = *value;
    } else {
        cell->kind = JSON_PATH_OPEN;
    }
}

/* A spelling that does not live as long as the cells. */
static enum status put_text(struct cell_fill *fill, uint16_t row, struct columnar_value value,
                            struct err *err)
{
    struct json_path_value cell;
    struct arena *arena = fill->cells->arena;
    struct span text = arena_keep(arena, value.text);
    if (!text.data || !json_path_value_of(text, value.is_string, arena, &cell)) {
        return err_nomem(err, "SQL");
    }
    put(fill, row, &cell);
    return OK;
}

static enum status put_ids(struct cell_fill *fill, struct err *err)
{
    const struct columnar_column *column = fill->column;
    enum status status = OK;
    for (size_t k = 0; status == OK && k < column->n_values; k++) {
        uint16_t row = row_of(fill, k);
        if (row != CELLS_NO_ROW) {
            const struct json_path_value *value;
            uint64_t id = column->ids[column->places ? column->places[k] : 0];
            status = snapshot_value(fill->cells->day, fill->columns.vocabulary, (uint32_t)id,
                                    &value, err);
            if (status == OK) {
                put(fill, row, value);
            }
        }
    }
    return status;
}

static enum status put_form(struct cell_fill *fill, struct err *err)
{
    const struct columnar_column *column = fill->column;
    enum status status = OK;
    size_t next_odd = 0;
    for (size_t k = 0; status == OK && k < column->n_values; k++) {
        uint16_t row = row_of(fill, k);
        bool is_odd = next_odd < column->n_odd && column->odd[next_odd] == k;
        next_odd += is_odd;
        if (row == CELLS_NO_ROW) {
            continue;
        }
        if (is_odd) {
            struct span odd = column->odd_texts[next_odd - 1];
            status = put_text(fill, row, columnar_value_of(odd), err);
        } else if (column->form.kind == VALUE_FORM_INTEGER) {
            put(fill, row,
                &(struct json_path_value){.kind = JSON_PATH_INTEGER,
                                          .integer = (int64_t)column->numbers[k]});
        } else {
            char text[VALUE_FORM_SPELLING_MAX];
            struct value_form_bits bits = {column->numbers[k],
                                           column->seconds ? column->seconds[k] : 0};
            size_t size = value_form_write(column->form, &bits, text);
            status = put_text(fill, row, columnar_value_of(span_of(text, size)), err);
        }
    }
    return status;
}

static enum status put_texts(struct cell_fill *fill, struct err *err)
{
    struct columnar_walk walk = columnar_walk(fill->columns.vocabulary, fill->column);
    enum status status = OK;
    for (size_t k = 0; status == OK && k < fill->column->n_values; k++) {
        struct columnar_value value = columnar_walk_next(&walk);
        uint16_t row = row_of(fill, k);
        if (row != CELLS_NO_ROW) {
            status = put_text(fill, row, value, err);
        }
    }
    return status;
}

static enum status unpack(struct cell_fill *fill, struct err *err)
{
    enum status status = columnar_column(fill->columns.reader, fill->i, &fill->column, err);
    return THEN(status, columnar_column_slots(fill->columns.reader, fill->i, &fill->slots, err));
}

/* The column's values are the field's. */
static enum status put_values(struct cell_fill *fill, struct err *err)
{
    enum status status = unpack(fill, err);
    if (status != OK) {
        return status;
    }
    switch (fill->column->way) {
    case COLUMNAR_FORM:
        return put_form(fill, err);
    case COLUMNAR_TEXT:
        return put_texts(fill, err);
    case COLUMNAR_ONE:
    case COLUMNAR_IDS:
    case COLUMNAR_FOLLOWS:
        break;
    }
    return put_ids(fill, err);
}

/* Whatever the column has: the field is an object that was cut into this column and others. */
static enum status open_all(struct cell_fill *fill, struct err *err)
{
    enum status status = unpack(fill, err);
    for (size_t k = 0; status == OK && k < fill->column->n_values; k++) {
        uint16_t row = row_of(fill, k);
        if (row != CELLS_NO_ROW) {
            fill->out[row].kind = JSON_PATH_OPEN;
        }
    }
    return status;
}

static enum status open_lines(struct cell_fill *fill, struct err *err)
{
    enum status status = unpack(fill, err);
    if (status != OK) {
        return status;
    }
    struct columnar_walk walk = columnar_walk(fill->columns.vocabulary, fill->column);
    for (size_t k = 0; k < fill->column->n_values; k++) {
        struct columnar_value line = columnar_walk_next(&walk);
        uint16_t row = row_of(fill, k);
        if (row == CELLS_NO_ROW) {
            continue;
        }
        fill->out[row].kind = JSON_PATH_OPEN;
        struct span *kept = &fill->cells->lines[row];
        if (!kept->data) {
            *kept = arena_keep(fill->cells->arena, line.text);
        }
        if (!kept->data) {
            return err_nomem(err, "SQL");
        }
    }
    return OK;
}

enum status cells_may_have_brackets(const struct block_columns *columns, size_t i, bool *out_may,
                                    struct err *err)
{
    const uint64_t *ids;
    size_t n_ids;
    const struct columnar_column *column;
    enum status status = columnar_column_ids(columns->reader, i, &ids, &n_ids, err);
    bool may = false;
    for (size_t k = 0; status == OK && ids && k < n_ids && !may; k++) {
        may = cells_has_brackets(vocabulary_value(columns->vocabulary, (uint32_t)ids[k]));
    }
    if (status == OK && !ids) {
        status = columnar_column(columns->reader, i, &column, err);
        may = status == OK && !column->is_quoted &&
              (column->way != COLUMNAR_FORM || column->n_odd > 0);
    }
    if (status == OK) {
        *out_may = may;
    }
    return status;
}

/* Arrays and objects in the column may have the field in them. */
static enum status open_brackets(struct cell_fill *fill, struct err *err)
{
    bool may = false;
    enum status status = cells_may_have_brackets(&fill->columns, fill->i, &may, err);
    status = status == OK && may ? unpack(fill, err) : status;
    if (status != OK || !may) {
        return status;
    }
    struct columnar_walk walk = columnar_walk(fill->columns.vocabulary, fill->column);
    for (size_t k = 0; k < fill->column->n_values; k++) {
        struct columnar_value value = columnar_walk_next(&walk);
        uint16_t row = row_of(fill, k);
        if (row != CELLS_NO_ROW && !value.is_string && cells_has_brackets(value.text)) {
            fill->out[row].kind = JSON_PATH_OPEN;
        }
    }
    return OK;
}

/* Is the field an object that was cut, with this path somewhere in it? A key with escapes is not
 * looked at closely: the line decides. */
static bool is_below(const struct cell_fill *fill, struct span name, uint32_t path,
                     struct span field)
{
    struct span keys = intern_text(&fill->columns.vocabulary->paths, path);
    keys.size = span_find(keys, VOCABULARY_KEY_AGAIN);
    return name.size > field.size && name.data[field.size] == '.' &&
           memcmp(name.data, field.data, field.size) == 0 &&
           (keys.size != name.size || keys.data[field.size] == VOCABULARY_KEY_END);
}

static enum status fill_from(struct cell_fill *fill, struct span field, struct err *err)
{
    const struct segment *segment = fill->cells->day->segment;
    uint32_t path;
    (void)columnar_column_way(fill->columns.reader, fill->i, &path);
    switch (segment_path_role(segment, path, field)) {
    case SEGMENT_PATH_IS_FIELD:
        return put_values(fill, err);
    case SEGMENT_PATH_IS_ABOVE:
        return open_brackets(fill, err);
    case SEGMENT_PATH_MAY_HAVE_IT:
        return open_lines(fill, err);
    case SEGMENT_PATH_OTHER:
        break;
    }
    return is_below(fill, segment_path_field(segment, path), path, field) ? open_all(fill, err)
                                                                          : OK;
}

enum status cells_fill(const struct cells *cells, struct span field, struct json_path_value *out,
                       struct err *err)
{
    struct cell_fill fill = {.cells = cells, .out = out};
    enum status status = block_view_columns(cells->view, SEGMENT_DATA_EVENTS, &fill.columns, err);
    if (status != OK) {
        return status;
    }
    for (; status == OK && fill.i < columnar_column_count(fill.columns.reader); fill.i++) {
        status = fill_from(&fill, field, err);
    }
    char day[CLOCK_TEXT_BYTES];
    return status == ERR_CORRUPT
               ? err_wrap(err, status, "%s, block %lld", clock_format_day(cells->day->day_us, day),
                          (long long)cells->view->info->id)
               : status;
}
