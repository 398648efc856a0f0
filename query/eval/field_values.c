/* Events with the same value of the vocabulary share its texts, which are read once. */
#include "query/eval/field_values.h"

void field_values_fini(struct field_values *values)
{
    vec_fini(&values->texts);
    arena_fini(&values->arena);
    event_value_reader_fini(&values->reader);
}

/* One column that is read. */
struct reading {
    struct field_values *values;
    struct span field;
    const struct columnar_column *column;
    struct span path;
    bool is_lines;
    bool is_out_of_memory;
};

static bool take_field(void *context, const struct event_field *field)
{
    struct reading *reading = context;
    if (span_equal(field->path, reading->field)) {
        struct span text = arena_keep(&reading->values->arena, field->value);
        reading->is_out_of_memory = !text.data || !vec_push(&reading->values->texts, text);
    }
    return !reading->is_out_of_memory;
}

/* Appends the texts of a value. */
static enum status read_value(struct reading *reading, struct columnar_value value,
                              struct field_values_run *out_run, struct err *err)
{
    struct field_values *values = reading->values;
    size_t first = values->texts.count;
    bool fine = true;
    if (reading->is_lines) {
        struct event event;
        if (!event_parse(value.text, 0, &values->arena, &event)) {
            return err_set(err, ERR_CORRUPT, "a line of a block cannot be read");
        }
        for (size_t i = 0; fine && i < event.n_fields; i++) {
            fine = take_field(reading, &event.fields[i]);
        }
    } else {
        fine = event_value_fields(&values->reader, reading->path, value.text, value.is_string,
                                  take_field, reading);
    }
    if (!fine || reading->is_out_of_memory) {
        return err_nomem(err, "search");
    }
    *out_run = (struct field_values_run){(uint32_t)first, (uint32_t)(values->texts.count - first)};
    return OK;
}

/* An event that has the field in several columns has the texts of all. */
static enum status add_run(struct field_values *values, size_t slot, struct field_values_run run,
                           struct err *err)
{
    struct field_values_run *here = &values->slots[slot];
    if (here->count == 0 || run.count == 0) {
        *here = here->count == 0 ? run : *here;
        return OK;
    }
    size_t first = values->texts.count;
    if (!vec_reserve(&values->texts, here->count + run.count)) {
        return err_nomem(err, "search");
    }
    struct span *to = values->texts.items + first;
    memcpy(to, values->texts.items + here->first, here->count * sizeof *to);
    memcpy(to + here->count, values->texts.items + run.first, run.count * sizeof *to);
    values->texts.count += here->count + run.count;
    *here = (struct field_values_run){(uint32_t)first, here->count + run.count};
    return OK;
}

static enum status read_column(struct reading *reading, const struct vocabulary *vocabulary,
                               const uint16_t *slots, struct err *err)
{
    const struct columnar_column *column = reading->column;
    struct columnar_walk walk = columnar_walk(vocabulary, column);
    struct field_values_run known[BLOCK_EVENTS_MAX]; /* by place */
    bool is_known[BLOCK_EVENTS_MAX] = {false};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < column->n_values; i++) {
        struct columnar_value value = columnar_walk_next(&walk);
        size_t at = column->places ? (size_t)column->places[i] : column->n_ids > 0 ? 0 : i;
        if (!is_known[at]) {
            status = read_value(reading, value, &known[at], err);
            is_known[at] = true;
        }
        status = THEN(status, add_run(reading->values, slots ? slots[i] : i, known[at], err));
    }
    return status;
}

enum status field_values_read(struct field_values *values, struct block_view *view,
                              enum segment_data which, struct span field, struct err *err)
{
    struct block_columns columns;
    memset(values->slots, 0, sizeof values->slots);
    vec_clear(&values->texts);
    arena_reset(&values->arena);
    enum status status = block_view_columns(view, which, &columns, err);
    size_t count = status == OK ? columnar_column_count(columns.reader) : 0;
    for (size_t i = 0; status == OK && i < count; i++) {
        uint32_t path;
        (void)columnar_column_way(columns.reader, i, &path);
        enum segment_path_role role = segment_path_role(view->segment, path, field);
        if (role == SEGMENT_PATH_OTHER) {
            continue;
        }
        const uint16_t *slots = NULL;
        struct reading reading = {.values = values,
                                  .field = field,
                                  .path = segment_path_field(view->segment, path),
                                  .is_lines = path == SEGMENT_PATH_LINE};
        status = columnar_column(columns.reader, i, &reading.column, err);
        status = THEN(status, columnar_column_slots(columns.reader, i, &slots, err));
        status = THEN(status, read_column(&reading, columns.vocabulary, slots, err));
    }
    return status;
}
