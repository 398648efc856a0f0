/* A column is read by its entries: the distinct values where it has such, else its values. How many
 * of the open events have each entry comes first, then the ref of each that some have. These are
 * counted at once, so often as there are events, when a single column may have the field; else each
 * event gets its cells, which hold a number once. Whole lines have no other columns and get cells
 * in any case. */
#include "query/aggregate/facet_field.h"

#include "query/language/match.h"

/* One column, and the open events of its block. */
struct reading {
    struct facet_field *field;
    const struct facet_field_sink *sink;
    const struct bitmap *open;
    bool all_open;
    bool is_direct; /* into the tuples */
    struct span path;
    bool is_above;
    const struct columnar_column *column;
    const uint16_t *slots;
    struct err *err;
    size_t n_entries;
    uint32_t counts[BLOCK_EVENTS_MAX]; /* by entry */
    uint32_t refs[BLOCK_EVENTS_MAX];
};

void facet_field_init(struct facet_field *field, struct span name, bool is_severity,
                      struct intern *texts)
{
    *field = (struct facet_field){0};
    facet_refs_init(&field->refs, name, is_severity, texts);
}

void facet_field_fini(struct facet_field *field)
{
    facet_refs_fini(&field->refs);
    vec_fini(&field->roles);
    vec_fini(&field->columns);
    arena_fini(&field->arena);
}

void facet_field_leave(struct facet_field *field)
{
    facet_refs_leave(&field->refs);
}

static enum status begin_segment(struct facet_field *field, struct segment *segment,
                                 struct err *err)
{
    const struct vocabulary *vocabulary;
    enum status status = segment_vocabulary(segment, &vocabulary, err);
    if (status != OK) {
        return status;
    }
    size_t n_paths = intern_count(&vocabulary->paths);
    vec_clear(&field->roles);
    if (!vec_reserve(&field->roles, n_paths)) {
        return err_nomem(err, "top");
    }
    for (uint32_t path = 0; path < n_paths; path++) {
        field->roles.items[path] = (uint8_t)segment_path_role(segment, path, field->refs.field);
    }
    field->roles.count = n_paths;
    return facet_refs_begin(&field->refs, vocabulary, err);
}

/* Counting */

static enum status add_number(const struct reading *reading, uint32_t number, size_t slot,
                              uint32_t count)
{
    uint32_t numbers[TUPLE_COUNT_PARTS_MAX] = {number};
    return reading->is_direct ? tuple_count_add(reading->sink->tuples, numbers, count, reading->err)
                              : facet_cells_add(reading->sink->cells, slot, number, reading->err);
}

/* Directly `count` times, or for the event. */
static enum status add_ref(const struct reading *reading, uint32_t ref, size_t slot, uint32_t count)
{
    if (ref < FACET_REF_SEVERAL) {
        return ref == FACET_REF_NOTHING ? OK
                                        : add_number(reading, ref - FACET_REF_FIRST, slot, count);
    }
    const uint32_t *list = vec_at(&reading->field->refs.lists, ref - FACET_REF_SEVERAL);
    enum status status = OK;
    for (uint32_t i = 1; status == OK && i <= list[0]; i++) {
        status = add_number(reading, list[i], slot, count);
    }
    return status;
}

static size_t slot_of(const struct reading *reading, size_t i)
{
    return reading->slots ? reading->slots[i] : i;
}

static size_t entry_of(const struct columnar_column *column, size_t i)
{
    return column->places ? (size_t)column->places[i] : column->n_ids > 0 ? 0 : i;
}

static void count_places(const uint16_t *places, size_t count, uint32_t *counts, size_t n_entries)
{
    uint32_t odd[BLOCK_EVENTS_MAX]; /* neighbours often have the same entry */
    memset(odd, 0, n_entries * sizeof *odd);
    size_t i = 0;
    for (; i + 1 < count; i += 2) {
        counts[places[i]]++;
        odd[places[i + 1]]++;
    }
    for (; i < count; i++) {
        counts[places[i]]++;
    }
    for (size_t entry = 0; entry < n_entries; entry++) {
        counts[entry] += odd[entry];
    }
}

static void count_entries(struct reading *reading)
{
    const struct columnar_column *column = reading->column;
    memset(reading->counts, 0, reading->n_entries * sizeof *reading->counts);
    if (reading->all_open && column->places) {
        count_places(column->places, column->n_values, reading->counts, reading->n_entries);
        return;
    }
    for (size_t i = 0; i < column->n_values; i++) {
        reading->counts[entry_of(column, i)] += bitmap_get(reading->open, slot_of(reading, i));
    }
}

static enum status refs_of_ids(struct reading *reading)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < reading->n_entries; i++) {
        if (reading->counts[i] > 0) {
            status =
                facet_refs_id(&reading->field->refs, reading->path,
                              (uint32_t)reading->column->ids[i], &reading->refs[i], reading->err);
        }
    }
    return status;
}

/* Of what has a form only the odd ones can be arrays or objects. */
static enum status refs_of_form(struct reading *reading)
{
    const struct columnar_column *column = reading->column;
    struct facet_refs *refs = &reading->field->refs;
    enum status status = OK;
    size_t odd = 0;
    for (size_t i = 0; status == OK && i < reading->n_entries; i++) {
        bool is_odd = odd < column->n_odd && column->odd[odd] == i;
        odd += is_odd;
        if (reading->counts[i] == 0) {
            continue;
        }
        if (is_odd) {
            status =
                facet_refs_value(refs, reading->path, columnar_value_of(column->odd_texts[odd - 1]),
                                 &reading->refs[i], reading->err);
        } else if (reading->is_above) {
            reading->refs[i] = FACET_REF_NOTHING;
        } else {
            struct value_form_bits bits = {column->numbers[i],
                                           column->seconds ? column->seconds[i] : 0};
            status = facet_refs_form(refs, column->form, &bits, &reading->refs[i], reading->err);
        }
    }
    return status;
}

static enum status refs_of_text(struct reading *reading)
{
    struct facet_refs *refs = &reading->field->refs;
    struct columnar_walk walk = columnar_walk(refs->vocabulary, reading->column);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < reading->n_entries; i++) {
        struct columnar_value value = columnar_walk_next(&walk);
        if (reading->counts[i] > 0) {
            status = facet_refs_value(refs, reading->path, value, &reading->refs[i], reading->err);
        }
    }
    return status;
}

static enum status read_refs(struct reading *reading)
{
    if (reading->column->n_ids > 0) {
        return refs_of_ids(reading);
    }
    return reading->column->way == COLUMNAR_FORM ? refs_of_form(reading) : refs_of_text(reading);
}

static enum status add_entries(const struct reading *reading)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < reading->n_entries; i++) {
        if (reading->counts[i] > 0) {
            status = add_ref(reading, reading->refs[i], 0, reading->counts[i]);
        }
    }
    return status;
}

static enum status add_events(const struct reading *reading)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < reading->column->n_values; i++) {
        size_t slot = slot_of(reading, i);
        if (bitmap_get(reading->open, slot)) {
            status = add_ref(reading, reading->refs[entry_of(reading->column, i)], slot, 1);
        }
    }
    return status;
}

static void note_found(const struct reading *reading)
{
    for (size_t i = 0; i < reading->column->n_values; i++) {
        size_t slot = slot_of(reading, i);
        if (bitmap_get(reading->open, slot) &&
            reading->refs[entry_of(reading->column, i)] != FACET_REF_NOTHING) {
            bitmap_set(reading->sink->found, slot);
        }
    }
}

static enum status read_column(struct reading *reading, const struct facet_field_column *at)
{
    reading->slots = NULL;
    enum status status = columnar_column(at->reader, at->at, &reading->column, reading->err);
    if (!reading->is_direct || !reading->all_open || reading->sink->found) {
        status =
            THEN(status, columnar_column_slots(at->reader, at->at, &reading->slots, reading->err));
    }
    if (status != OK) {
        return status;
    }
    const struct columnar_column *column = reading->column;
    reading->n_entries = column->n_ids > 0 ? column->n_ids : column->n_values;
    CHECK(column->n_values <= BLOCK_EVENTS_MAX && reading->n_entries <= BLOCK_EVENTS_MAX);
    size_t lists = reading->field->refs.lists.count;
    count_entries(reading);
    status = read_refs(reading);
    if (reading->sink->found && status == OK) {
        note_found(reading);
    }
    status = THEN(status, reading->is_direct ? add_entries(reading) : add_events(reading));
    if (column->n_ids == 0) { /* nobody remembers their refs */
        reading->field->refs.lists.count = lists;
    }
    return status;
}

static enum status read_lines(struct reading *reading, const struct facet_field_column *at)
{
    enum status status = columnar_column(at->reader, at->at, &reading->column, reading->err);
    status = THEN(status, columnar_column_slots(at->reader, at->at, &reading->slots, reading->err));
    struct columnar_walk walk =
        columnar_walk(reading->field->refs.vocabulary, status == OK ? reading->column : NULL);
    for (size_t i = 0; status == OK && i < reading->column->n_values; i++) {
        struct span line = columnar_walk_next(&walk).text;
        size_t slot = slot_of(reading, i);
        if (bitmap_get(reading->open, slot)) {
            struct event event;
            arena_reset(&reading->field->arena);
            status =
                event_parse(line, 0, &reading->field->arena, &event)
                    ? facet_field_event(reading->field, &event, slot, reading->sink, reading->err)
                    : err_set(reading->err, ERR_CORRUPT, "event %zu cannot be read", slot);
        }
    }
    return status;
}

/* *out_may: some value of a column above the field may have it. */
static enum status may_have_field(struct facet_field *field, const struct facet_field_column *at,
                                  struct span path, bool *out_may, struct err *err)
{
    const uint64_t *ids = NULL;
    size_t n_ids = 0;
    enum status status = columnar_column_ids(at->reader, at->at, &ids, &n_ids, err);
    bool may = n_ids == 0;
    for (size_t i = 0; status == OK && !may && i < n_ids; i++) {
        uint32_t ref;
        status = facet_refs_id(&field->refs, path, (uint32_t)ids[i], &ref, err);
        may = status == OK && ref != FACET_REF_NOTHING;
    }
    *out_may = may;
    return status;
}

/* Adds those of the columns to field->columns that may have the field. */
static enum status find_columns(struct facet_field *field, const struct segment *segment,
                                const struct block_columns *columns, struct err *err)
{
    enum status status = OK;
    size_t count = columnar_column_count(columns->reader);
    for (size_t i = 0; status == OK && i < count; i++) {
        struct facet_field_column column = {.reader = columns->reader, .at = i};
        (void)columnar_column_way(columns->reader, i, &column.path);
        enum segment_path_role role = *vec_at(&field->roles, column.path);
        bool may = role != SEGMENT_PATH_OTHER;
        column.is_above = role == SEGMENT_PATH_IS_ABOVE;
        if (column.is_above) {
            status =
                may_have_field(field, &column, segment_path_field(segment, column.path), &may, err);
        }
        if (status == OK && may && !vec_push(&field->columns, column)) {
            status = err_nomem(err, "top");
        }
    }
    return status;
}

/* What the archive adds to events stands with how they came. */
static enum status find_all_columns(struct facet_field *field, struct block_view *view,
                                    struct err *err)
{
    struct block_columns columns;
    vec_clear(&field->columns);
    enum status status = field->refs.vocabulary ? OK : begin_segment(field, view->segment, err);
    status = THEN(status, block_view_columns(view, SEGMENT_DATA_EVENTS, &columns, err));
    status = THEN(status, find_columns(field, view->segment, &columns, err));
    if (status == OK && match_is_reserved(field->refs.field)) {
        status = block_view_columns(view, SEGMENT_DATA_ARRIVALS, &columns, err);
        status = THEN(status, find_columns(field, view->segment, &columns, err));
    }
    return status;
}

enum status facet_field_block(struct facet_field *field, struct block_view *view,
                              const struct bitmap *open, const struct facet_field_sink *sink,
                              struct err *err)
{
    enum status status = find_all_columns(field, view, err);
    if (status != OK || field->columns.count == 0) {
        return status;
    }
    size_t n_values = 0;
    for (size_t i = 0; i < field->columns.count; i++) {
        n_values += field->columns.items[i].path != SEGMENT_PATH_LINE;
    }
    struct reading reading;
    reading.field = field;
    reading.sink = sink;
    reading.open = open;
    reading.all_open = bitmap_count(open) == view->info->n_events;
    reading.is_direct = sink->tuples && n_values == 1 &&
                        (field->columns.count == 1 || !match_is_reserved(field->refs.field));
    reading.err = err;
    for (size_t i = 0; status == OK && i < field->columns.count; i++) {
        const struct facet_field_column *at = &field->columns.items[i];
        reading.path = segment_path_field(view->segment, at->path);
        reading.is_above = at->is_above;
        status =
            at->path == SEGMENT_PATH_LINE ? read_lines(&reading, at) : read_column(&reading, at);
    }
    return status;
}

enum status facet_field_event(struct facet_field *field, const struct event *event, size_t slot,
                              const struct facet_field_sink *sink, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < event->n_fields; i++) {
        if (!span_equal(event->fields[i].path, field->refs.field)) {
            continue;
        }
        uint32_t ref;
        status = facet_refs_field(&field->refs, &event->fields[i], &ref, err);
        if (status == OK && sink->found) {
            bitmap_set(sink->found, slot);
        }
        if (status == OK && ref != FACET_REF_NOTHING) {
            status = facet_cells_add(sink->cells, slot, ref - FACET_REF_FIRST, err);
        }
    }
    return status;
}
