/* Where a field is a column, its entries are counted and not its events; what is not a column goes
 * event by event: numbers, and text and partial events from the bytes. */
#include "query/aggregate/facet.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/match.h"
#include "query/language/number.h"
#include "schema/block/bitmap.h"
#include "schema/event/endpoint.h"

void facet_cells_clear(struct facet_cells *cells)
{
    if (cells->count > 0) {
        memset(cells->head, 0, sizeof cells->head);
    }
    cells->count = 0;
}

void facet_cells_fini(struct facet_cells *cells)
{
    free(cells->items);
    *cells = (struct facet_cells){0};
}

static bool cells_grow(struct facet_cells *cells)
{
    uint32_t capacity = cells->capacity ? cells->capacity * 2 : BLOCK_EVENTS_MAX;
    struct facet_cell *items = realloc(cells->items, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    cells->items = items;
    cells->capacity = capacity;
    return true;
}

static inline enum status cells_add(struct facet_cells *cells, size_t slot, uint32_t number,
                                    struct err *err)
{
    for (uint32_t at = cells->head[slot]; at != 0; at = facet_cell_at(cells, at)->next) {
        if (facet_cell_at(cells, at)->number == number) {
            return OK;
        }
    }
    if (cells->count == cells->capacity && !cells_grow(cells)) {
        return err_nomem(err, "top");
    }
    cells->items[cells->count++] = (struct facet_cell){number, cells->head[slot]};
    cells->head[slot] = cells->count;
    return OK;
}

/* The number of a text as this facet shows it; *out_none: it shows nothing. */
static enum status facet_number(struct facet_pass *run, const struct facet *facet, struct span text,
                                uint32_t *out_number, bool *out_none, struct err *err)
{
    *out_none = false;
    if (facet->kind == FACET_SEVERITY) {
        enum event_severity severity = event_code_severity(text);
        *out_none = severity == EVENT_SEVERITY_NONE;
        text = span_str(event_severity_text(severity));
    }
    return *out_none ? OK : tuple_count_text(&run->texts, text, out_number, err);
}

static bool values_reserve(struct facet_pass *run, size_t part, uint32_t value)
{
    if (value >= run->n_values[part]) {
        size_t count = (size_t)value * 2 + 256;
        uint32_t *numbers = realloc(run->value_numbers[part], count * sizeof *numbers);
        if (!numbers) {
            return false;
        }
        memset(numbers + run->n_values[part], 0, (count - run->n_values[part]) * sizeof *numbers);
        run->value_numbers[part] = numbers;
        run->n_values[part] = count;
    }
    return true;
}

/* The number of a dictionary value; looked up once a segment. */
static enum status value_number(struct facet_pass *run, size_t part, uint32_t value,
                                uint32_t *out_number, bool *out_none, struct err *err)
{
    uint32_t known = value < run->n_values[part] ? run->value_numbers[part][value] : 0;
    *out_none = known == UINT32_MAX;
    if (known != 0) {
        *out_number = known - 1;
        return OK;
    }
    uint32_t field;
    struct span text;
    enum status status = segment_value(plan_segment(run->plan), value, &field, &text, err);
    status = THEN(status, facet_number(run, &run->facets[part], text, out_number, out_none, err));
    if (status == OK && !values_reserve(run, part, value)) {
        status = err_nomem(err, "top");
    }
    if (status == OK) {
        run->value_numbers[part][value] = *out_none ? UINT32_MAX : *out_number + 1;
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

/* Entries counted straight into the tally: one facet only. */
static enum status count_entries(struct facet_pass *run, size_t part, const struct column *column,
                                 const struct bitmap *open, struct err *err)
{
    uint32_t counts[BLOCK_EVENTS_MAX + 1] = {0};
    count_slots(column, open, counts);
    enum status status = OK;
    for (uint32_t entry = 0; status == OK && entry < column->n_entries; entry++) {
        const uint32_t *values = column->entry_values + column->entry_start[entry];
        uint32_t n = column->entry_start[entry + 1] - column->entry_start[entry];
        for (uint32_t i = 0; status == OK && counts[entry + 1] > 0 && i < n; i++) {
            uint32_t numbers[TUPLE_COUNT_PARTS_MAX] = {0};
            bool none = false;
            for (uint32_t j = 0; j < i && !none; j++) {
                none = values[j] == values[i];
            }
            if (!none) {
                status = value_number(run, part, values[i], &numbers[0], &none, err);
            }
            if (status == OK && !none) {
                status = tuple_count_add(&run->tuples, numbers, counts[entry + 1], err);
            }
        }
    }
    return status;
}

static enum status cells_of_entry(struct facet_pass *run, size_t part, const struct column *column,
                                  uint32_t entry, size_t slot, struct err *err)
{
    enum status status = OK;
    for (uint32_t i = column->entry_start[entry];
         status == OK && i < column->entry_start[entry + 1]; i++) {
        uint32_t number;
        bool none;
        status = value_number(run, part, column->entry_values[i], &number, &none, err);
        if (status == OK && !none) {
            status = cells_add(&run->cells[part], slot, number, err);
        }
    }
    return status;
}

static enum status cells_of_column(struct facet_pass *run, size_t part, const struct column *column,
                                   const struct bitmap *open, struct err *err)
{
    /* By entry of a single value: its number + 1, as soon as it is known. */
    uint32_t known[BLOCK_EVENTS_MAX + 1] = {0};
    BITMAP_EACH(open, slot)
    {
        uint32_t entry = column->index[slot];
        enum status status = OK;
        if (entry > 0 && known[entry] > 0) {
            status = cells_add(&run->cells[part], slot, known[entry] - 1, err);
        } else if (entry > 0) {
            uint32_t before = run->cells[part].count;
            bool single = column->entry_start[entry] == column->entry_start[entry - 1] + 1;
            status = cells_of_entry(run, part, column, entry - 1, slot, err);
            if (single && run->cells[part].count > before) {
                known[entry] = run->cells[part].items[before].number + 1;
            }
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static enum status cells_of_numbers(struct facet_pass *run, const struct facet *facet, size_t part,
                                    const struct column *column, const struct bitmap *open,
                                    struct err *err)
{
    struct bitmap present = column->present;
    bitmap_and(&present, open);
    BITMAP_EACH(&present, slot)
    {
        char text[NUMBER_TEXT_BYTES];
        int n = snprintf(text, sizeof text, "%lld", (long long)column->numbers[slot]);
        uint32_t number;
        bool none;
        enum status status =
            facet_number(run, facet, span_of(text, (size_t)n), &number, &none, err);
        if (status == OK && !none) {
            status = cells_add(&run->cells[part], slot, number, err);
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static enum status cells_of_event(struct facet_pass *run, const struct facet *facet, size_t part,
                                  struct span field, const struct event *event, size_t slot,
                                  struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < event->n_fields; i++) {
        uint32_t number;
        bool none;
        if (!span_equal(event->fields[i].path, field)) {
            continue;
        }
        bitmap_set(&run->found, slot);
        uint16_t port; /* endpoints are counted by address, as columns have them */
        bool is_text = event->fields[i].kind == EVENT_STRING;
        struct span value = event->fields[i].value;
        value = is_text ? endpoint_split(value, &port) : value;
        status = facet_number(run, facet, value, &number, &none, err);
        if (status == OK && !none) {
            status = cells_add(&run->cells[part], slot, number, err);
        }
    }
    return status;
}

static enum status cells_of_bytes(struct facet_pass *run, const struct facet *facet, size_t part,
                                  struct span field, const struct bitmap *open, struct err *err)
{
    BITMAP_EACH(open, slot)
    {
        struct event event;
        enum status status = block_view_event(plan_view(run->plan), slot, &event, err);
        status = THEN(status, cells_of_event(run, facet, part, field, &event, slot, err));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static void note_column(struct facet_pass *run, const struct column *column,
                        const struct bitmap *open)
{
    BITMAP_EACH(open, slot)
    {
        if (column->index[slot]) {
            bitmap_set(&run->found, slot);
        }
    }
}

/* One field's values of the open events. */
static enum status take_field(struct facet_pass *run, const struct facet *facet, size_t part,
                              struct span field, const struct bitmap *open, struct err *err)
{
    struct block_view *view = plan_view(run->plan);
    const struct bitmap *partial;
    enum status status = block_view_partial(view, &partial, err);
    long id = segment_field_find(plan_segment(run->plan), field);
    bool bytes = span_is(field, "uid") || span_is(field, "time");
    if (status == OK && id >= 0 && !bytes && !match_is_reserved(field)) {
        status = block_view_is_text(view, (size_t)id, &bytes, err);
    }
    if (status != OK || bytes) {
        return THEN(status, cells_of_bytes(run, facet, part, field, open, err));
    }
    struct bitmap whole = *open;
    struct bitmap rest = *open;
    if (!match_is_reserved(field)) {
        bitmap_without(&whole, partial);
        bitmap_and(&rest, partial);
        status = cells_of_bytes(run, facet, part, field, &rest, err);
    }
    const struct column *column = NULL;
    if (status == OK && id >= 0) {
        status = block_view_column(view, (size_t)id, &column, err);
    }
    if (status != OK || !column) {
        return status;
    }
    if (column->store == COLUMN_STORE_NUMBER) {
        bitmap_or(&run->found, &column->present);
        return cells_of_numbers(run, facet, part, column, &whole, err);
    }
    if (column->store != COLUMN_STORE_COLUMN) {
        return OK;
    }
    if (facet->kind == FACET_ACTOR) {
        note_column(run, column, &whole);
    }
    return run->n_facets == 1 ? count_entries(run, part, column, &whole, err)
                              : cells_of_column(run, part, column, &whole, err);
}

/* The number of "2026-11-23" or "2026-11-23T10". */
static enum status moment_number(struct facet_pass *run, size_t part, int64_t time_us,
                                 uint32_t *out_number, struct err *err)
{
    struct facet_period *moment = &run->moments[part];
    if (time_us < moment->from_us || time_us >= moment->to_us) {
        char text[CLOCK_TEXT_BYTES];
        bool day = run->facets[part].kind == FACET_DAY;
        int64_t unit_us = day ? CLOCK_DAY_US : 3600 * CLOCK_SECOND_US;
        int64_t rest = time_us % unit_us;
        int64_t from_us = time_us - rest - (rest < 0 ? unit_us : 0);
        (void)clock_format(from_us, text);
        uint32_t number;
        enum status status =
            tuple_count_text(&run->texts, span_of(text, day ? 10 : 13), &number, err);
        if (status != OK) {
            return status;
        }
        *moment = (struct facet_period){from_us, from_us + unit_us, number};
    }
    *out_number = moment->number;
    return OK;
}

static enum status take_times(struct facet_pass *run, size_t part, const struct bitmap *open,
                              struct err *err)
{
    const int64_t *times_us;
    enum status status = block_view_times(plan_view(run->plan), &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(open, slot)
    {
        uint32_t number;
        status = moment_number(run, part, times_us[slot], &number, err);
        status = THEN(status, cells_add(&run->cells[part], slot, number, err));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

enum status facet_take(struct facet_pass *run, size_t part, const struct bitmap *map,
                       struct err *err)
{
    const struct facet *facet = &run->facets[part];
    if (facet->kind == FACET_DAY || facet->kind == FACET_HOUR) {
        return take_times(run, part, map, err);
    }
    if (facet->kind != FACET_ACTOR) {
        return take_field(run, facet, part, facet->field, map, err);
    }
    struct bitmap open = *map;
    enum status status = OK;
    for (size_t i = 0; status == OK && event_actor_fields[i]; i++) {
        bitmap_clear(&run->found);
        status = take_field(run, facet, part, span_str(event_actor_fields[i]), &open, err);
        bitmap_without(&open, &run->found);
    }
    return status;
}

enum status facet_take_event(struct facet_pass *run, size_t part, const struct event *event,
                             struct err *err)
{
    const struct facet *facet = &run->facets[part];
    if (facet->kind == FACET_DAY || facet->kind == FACET_HOUR) {
        uint32_t number;
        enum status status = moment_number(run, part, event->time_us, &number, err);
        return THEN(status, cells_add(&run->cells[part], 0, number, err));
    }
    if (facet->kind != FACET_ACTOR) {
        return cells_of_event(run, facet, part, facet->field, event, 0, err);
    }
    enum status status = OK;
    bitmap_clear(&run->found);
    for (size_t i = 0; status == OK && event_actor_fields[i] && !bitmap_get(&run->found, 0); i++) {
        status = cells_of_event(run, facet, part, span_str(event_actor_fields[i]), event, 0, err);
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
