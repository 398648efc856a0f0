/* Where a field is a column, its entries are counted and not its events; what is not a column goes
 * event by event: numbers as the block has them, text and partial events from the bytes. By the
 * thread whose pass it is. */
#include "query/aggregate/facet.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/block/bitmap.h"
#include "schema/event/endpoint.h"

void facet_cells_clear(struct facet_cells *cells)
{
    if (cells->items.count > 0) {
        memset(cells->head, 0, sizeof cells->head);
    }
    vec_clear(&cells->items);
}

void facet_cells_fini(struct facet_cells *cells)
{
    vec_fini(&cells->items);
}

static inline enum status cells_add(struct facet_cells *cells, size_t slot, uint32_t number,
                                    struct err *err)
{
    for (uint32_t at = cells->head[slot]; at != 0; at = facet_cell_at(cells, at)->next) {
        if (facet_cell_at(cells, at)->number == number) {
            return OK;
        }
    }
    if (!vec_push(&cells->items, (struct facet_cell){number, cells->head[slot]})) {
        return err_nomem(err, "top");
    }
    cells->head[slot] = (uint32_t)cells->items.count;
    return OK;
}

/* What is read: a field of one facet, of the open events of the block at hand. */
struct facet_read {
    struct facet_pass *pass;
    const struct facet *facet;
    size_t part;
    struct span field;
    const struct bitmap *open;
    struct err *err;
};

/* No number: the facet shows nothing of the value. */
#define NUMBER_NONE UINT32_MAX

static enum status add_number(const struct facet_read *read, size_t slot, uint32_t number)
{
    return number == NUMBER_NONE
               ? OK
               : cells_add(&read->pass->cells[read->part], slot, number, read->err);
}

/* The number of a text as the facet shows it, or NUMBER_NONE. */
static enum status text_number(const struct facet_read *read, struct span text,
                               uint32_t *out_number)
{
    if (read->facet->kind == FACET_SEVERITY) {
        enum event_severity severity = event_code_severity(text);
        if (severity == EVENT_SEVERITY_NONE) {
            *out_number = NUMBER_NONE;
            return OK;
        }
        text = span_str(event_severity_text(severity));
    }
    return tuple_count_text(&read->pass->texts, text, out_number, read->err);
}

static enum status add_text(const struct facet_read *read, size_t slot, struct span text)
{
    uint32_t number;
    enum status status = text_number(read, text, &number);
    return THEN(status, add_number(read, slot, number));
}

static bool values_reserve(struct facet_pass *pass, size_t part, uint32_t value)
{
    if (value >= pass->n_values[part]) {
        size_t count = (size_t)value * 2 + 256;
        uint32_t *numbers = realloc(pass->value_numbers[part], count * sizeof *numbers);
        if (!numbers) {
            return false;
        }
        memset(numbers + pass->n_values[part], 0, (count - pass->n_values[part]) * sizeof *numbers);
        pass->value_numbers[part] = numbers;
        pass->n_values[part] = count;
    }
    return true;
}

/* The number of a dictionary value, or NUMBER_NONE; looked up once a segment. */
static enum status value_number(const struct facet_read *read, uint32_t value, uint32_t *out_number)
{
    struct facet_pass *pass = read->pass;
    uint32_t known =
        value < pass->n_values[read->part] ? pass->value_numbers[read->part][value] : 0;
    if (known != 0) {
        *out_number = known == NUMBER_NONE ? NUMBER_NONE : known - 1;
        return OK;
    }
    uint32_t field;
    struct span text;
    enum status status = segment_value(plan_segment(pass->plan), value, &field, &text, read->err);
    status = THEN(status, text_number(read, text, out_number));
    if (status == OK && !values_reserve(pass, read->part, value)) {
        status = err_nomem(read->err, "top");
    }
    if (status == OK) {
        pass->value_numbers[read->part][value] =
            *out_number == NUMBER_NONE ? NUMBER_NONE : *out_number + 1;
    }
    return status;
}

/* How many of the open events have each entry. */
static void count_slots(const struct column *column, const struct bitmap *open, uint32_t *counts)
{
    uint32_t odd[BLOCK_EVENTS_MAX + 1] = {0}; /* neighbours often have the same entry */
    for (size_t word = 0; word < BITMAP_WORDS; word++) {
        const uint16_t *index = column->index + word * 64;
        uint64_t bits = open->words[word];
        for (size_t i = 0; bits == UINT64_MAX && i < 64; i += 2) {
            counts[index[i]]++;
            odd[index[i + 1]]++;
        }
        for (; bits != UINT64_MAX && bits != 0; bits &= bits - 1) {
            counts[index[__builtin_ctzll(bits)]]++;
        }
    }
    for (uint32_t entry = 0; entry <= column->n_entries; entry++) {
        counts[entry] += odd[entry];
    }
}

/* Entries counted straight into the tuples: one facet only. */
static enum status count_entries(const struct facet_read *read, const struct column *column)
{
    uint32_t counts[BLOCK_EVENTS_MAX + 1] = {0};
    count_slots(column, read->open, counts);
    enum status status = OK;
    for (uint32_t entry = 0; status == OK && entry < column->n_entries; entry++) {
        const uint32_t *values = column->entry_values + column->entry_start[entry];
        uint32_t n = column->entry_start[entry + 1] - column->entry_start[entry];
        for (uint32_t i = 0; status == OK && counts[entry + 1] > 0 && i < n; i++) {
            uint32_t numbers[TUPLE_COUNT_PARTS_MAX] = {0};
            bool again = false;
            for (uint32_t j = 0; j < i; j++) {
                again |= values[j] == values[i];
            }
            status = again ? OK : value_number(read, values[i], &numbers[0]);
            if (status == OK && !again && numbers[0] != NUMBER_NONE) {
                status =
                    tuple_count_add(&read->pass->tuples, numbers, counts[entry + 1], read->err);
            }
        }
    }
    return status;
}

static enum status add_entry(const struct facet_read *read, const struct column *column,
                             uint32_t entry, size_t slot)
{
    enum status status = OK;
    for (uint32_t i = column->entry_start[entry];
         status == OK && i < column->entry_start[entry + 1]; i++) {
        uint32_t number;
        status = value_number(read, column->entry_values[i], &number);
        status = THEN(status, add_number(read, slot, number));
    }
    return status;
}

static enum status add_entries(const struct facet_read *read, const struct column *column)
{
    struct facet_cells *cells = &read->pass->cells[read->part];
    /* By entry of a single value: its number + 1, as soon as it is known. */
    uint32_t known[BLOCK_EVENTS_MAX + 1] = {0};
    BITMAP_EACH(read->open, slot)
    {
        uint32_t entry = column->index[slot];
        enum status status = OK;
        if (entry > 0 && known[entry] > 0) {
            status = cells_add(cells, slot, known[entry] - 1, read->err);
        } else if (entry > 0) {
            size_t before = cells->items.count;
            bool single = column->entry_start[entry] == column->entry_start[entry - 1] + 1;
            status = add_entry(read, column, entry - 1, slot);
            if (single && cells->items.count > before) {
                known[entry] = cells->items.items[before].number + 1;
            }
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* A field that has a dictionary: its entries are counted, or the events' entries looked up. */
static enum status read_column(const struct facet_read *read, const struct column *column)
{
    if (read->facet->kind == FACET_ACTOR) {
        BITMAP_EACH(read->open, slot)
        {
            if (column->index[slot]) {
                bitmap_set(&read->pass->found, slot);
            }
        }
    }
    return read->pass->n_facets == 1 ? count_entries(read, column) : add_entries(read, column);
}

static enum status read_numbers(const struct facet_read *read, const struct column *column)
{
    struct bitmap present = column->present;
    bitmap_or(&read->pass->found, &present);
    bitmap_and(&present, read->open);
    BITMAP_EACH(&present, slot)
    {
        char text[NUMBER_TEXT_BYTES];
        int n = snprintf(text, sizeof text, "%lld", (long long)column->numbers[slot]);
        enum status status = add_text(read, slot, span_of(text, (size_t)n));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static enum status read_event(const struct facet_read *read, const struct event *event, size_t slot)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];
        uint16_t port; /* endpoints are counted by address, as columns have them */
        if (span_equal(field->path, read->field)) {
            bitmap_set(&read->pass->found, slot);
            status = add_text(read, slot,
                              field->kind == EVENT_STRING ? endpoint_split(field->value, &port)
                                                          : field->value);
        }
    }
    return status;
}

static enum status read_bytes(const struct facet_read *read)
{
    BITMAP_EACH(read->open, slot)
    {
        struct event event;
        enum status status = block_view_event(plan_view(read->pass->plan), slot, &event, read->err);
        status = THEN(status, read_event(read, &event, slot));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* *out_is: the block has the field in the bytes alone. */
static enum status is_in_bytes(const struct facet_read *read, long id, bool *out_is)
{
    *out_is = span_is(read->field, "uid") || span_is(read->field, "time");
    return *out_is || id < 0 || match_is_reserved(read->field)
               ? OK
               : block_view_is_text(plan_view(read->pass->plan), (size_t)id, out_is, read->err);
}

/* One field's values: partial events by their bytes, whole ones by how the block keeps the field.
 */
static enum status read_field(const struct facet_read *read)
{
    static enum status (*const read_by_store[])(const struct facet_read *read,
                                                const struct column *column) = {
        [COLUMN_STORE_COLUMN] = read_column, [COLUMN_STORE_NUMBER] = read_numbers};
    struct block_view *view = plan_view(read->pass->plan);
    long id = segment_field_find(plan_segment(read->pass->plan), read->field);
    const struct bitmap *partial;
    bool bytes = false;
    enum status status = block_view_partial(view, &partial, read->err);
    status = THEN(status, is_in_bytes(read, id, &bytes));
    if (status != OK || bytes) {
        return THEN(status, read_bytes(read));
    }
    struct bitmap whole = *read->open;
    if (!match_is_reserved(read->field)) {
        struct bitmap rest = *read->open;
        struct facet_read of_rest = *read;
        bitmap_without(&whole, partial);
        bitmap_and(&rest, partial);
        of_rest.open = &rest;
        status = read_bytes(&of_rest);
    }
    const struct column *column = NULL;
    if (id >= 0) {
        status = THEN(status, block_view_column(view, (size_t)id, &column, read->err));
    }
    if (status != OK || !column || column->store == COLUMN_STORE_ABSENT) {
        return status;
    }
    struct facet_read of_whole = *read;
    of_whole.open = &whole;
    return read_by_store[column->store](&of_whole, column);
}

/* The number of "2026-11-23" or "2026-11-23T10". */
static enum status period_number(const struct facet_read *read, int64_t time_us,
                                 uint32_t *out_number)
{
    struct facet_period *period = &read->pass->periods[read->part];
    if (time_us < period->from_us || time_us >= period->to_us) {
        char text[CLOCK_TEXT_BYTES];
        bool day = read->facet->kind == FACET_DAY;
        int64_t unit_us = day ? CLOCK_DAY_US : 3600 * CLOCK_SECOND_US;
        int64_t rest = time_us % unit_us;
        int64_t from_us = time_us - rest - (rest < 0 ? unit_us : 0);
        (void)clock_format(from_us, text);
        uint32_t number;
        enum status status =
            tuple_count_text(&read->pass->texts, span_of(text, day ? 10 : 13), &number, read->err);
        if (status != OK) {
            return status;
        }
        *period = (struct facet_period){from_us, from_us + unit_us, number};
    }
    *out_number = period->number;
    return OK;
}

static enum status add_period(const struct facet_read *read, size_t slot, int64_t time_us)
{
    uint32_t number;
    enum status status = period_number(read, time_us, &number);
    return THEN(status, add_number(read, slot, number));
}

static enum status read_times(const struct facet_read *read)
{
    const int64_t *times_us;
    enum status status = block_view_times(plan_view(read->pass->plan), &times_us, read->err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(read->open, slot)
    {
        status = add_period(read, slot, times_us[slot]);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static bool is_period(const struct facet *facet)
{
    return facet->kind == FACET_DAY || facet->kind == FACET_HOUR;
}

enum status facet_block(struct facet_pass *pass, size_t part, const struct bitmap *map,
                        struct err *err)
{
    const struct facet *facet = &pass->facets[part];
    struct bitmap open = *map;
    struct facet_read read = {pass, facet, part, facet->field, &open, err};
    if (is_period(facet)) {
        return read_times(&read);
    }
    if (facet->kind != FACET_ACTOR) {
        return read_field(&read);
    }
    enum status status = OK;
    for (size_t i = 0; status == OK && event_actor_fields[i]; i++) {
        bitmap_clear(&pass->found);
        read.field = span_str(event_actor_fields[i]);
        status = read_field(&read);
        bitmap_without(&open, &pass->found);
    }
    return status;
}

enum status facet_event(struct facet_pass *pass, size_t part, const struct event *event,
                        struct err *err)
{
    const struct facet *facet = &pass->facets[part];
    struct facet_read read = {pass, facet, part, facet->field, NULL, err};
    if (is_period(facet)) {
        return add_period(&read, 0, event->time_us);
    }
    if (facet->kind != FACET_ACTOR) {
        return read_event(&read, event, 0);
    }
    enum status status = OK;
    bitmap_clear(&pass->found);
    for (size_t i = 0; status == OK && event_actor_fields[i] && !bitmap_get(&pass->found, 0); i++) {
        read.field = span_str(event_actor_fields[i]);
        status = read_event(&read, event, 0);
    }
    return status;
}

struct facet facet_of(struct span name)
{
    if (span_is(name, "actor")) {
        return (struct facet){FACET_ACTOR, name};
    }
    if (span_is(name, "severity")) {
        return (struct facet){FACET_SEVERITY, span_str("code")};
    }
    if (span_is(name, "day")) {
        return (struct facet){FACET_DAY, name};
    }
    return (struct facet){span_is(name, "hour") ? FACET_HOUR : FACET_FIELD, name};
}
