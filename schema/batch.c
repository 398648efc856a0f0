#include "schema/batch.h"

#include <stdlib.h>

#include "schema/base/digest.h"

void paths_init(struct paths *paths)
{
    *paths = (struct paths){0};
    random_fill(&paths->seed, sizeof paths->seed);
}

void paths_fini(struct paths *paths)
{
    free(paths->names);
    free(paths->table);
    arena_fini(&paths->arena);
    *paths = (struct paths){0};
}

static uint32_t path_bucket(const struct paths *paths, struct span name)
{
    return (uint32_t)hash64(name, paths->seed) & paths->mask;
}

static bool paths_grow(struct paths *paths)
{
    uint32_t capacity = paths->capacity ? paths->capacity * 2 : 512;
    struct span *names = realloc(paths->names, capacity * sizeof *names);
    if (!names) {
        return false;
    }
    paths->names = names;
    paths->capacity = capacity;
    uint32_t *table = calloc((size_t)capacity * 2, sizeof *table);
    if (!table) {
        return false;
    }
    free(paths->table);
    paths->table = table;
    paths->mask = capacity * 2 - 1;
    for (uint32_t id = 0; id < paths->count; id++) {
        uint32_t at = path_bucket(paths, names[id]);
        while (table[at] != 0) {
            at = (at + 1) & paths->mask;
        }
        table[at] = id + 1;
    }
    return true;
}

uint32_t paths_intern(struct paths *paths, struct span name)
{
    if (name.size > PATH_BYTES_MAX || (paths->count == paths->capacity && !paths_grow(paths))) {
        return PATH_NONE;
    }
    uint32_t at = path_bucket(paths, name);
    for (; paths->table[at] != 0; at = (at + 1) & paths->mask) {
        if (span_equal(paths->names[paths->table[at] - 1], name)) {
            return paths->table[at] - 1;
        }
    }
    struct span copy = span_of(NULL, 0);
    if (paths->count < PATHS_MAX) {
        copy = arena_copy(&paths->arena, name);
    }
    if (!copy.data) {
        return PATH_NONE;
    }
    paths->names[paths->count] = copy;
    paths->table[at] = ++paths->count;
    return paths->count - 1;
}

struct batch *batch_new(int64_t day_us)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch) {
        batch->day_us = day_us;
    }
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch) {
        arena_fini(&batch->arena);
        buf_fini(&batch->events);
        buf_fini(&batch->cells);
        free(batch);
    }
}

void batch_clear(struct batch *batch)
{
    arena_reset(&batch->arena);
    buf_clear(&batch->events);
    buf_clear(&batch->cells);
    memset(batch->table, 0, sizeof batch->table);
    batch->n_checked = batch->raw_bytes = batch->arena_bytes = 0;
}

bool batch_full(const struct batch *batch, size_t raw_bytes)
{
    size_t count = batch_count(batch);
    return count == BLOCK_EVENTS_MAX ||
           (count > 0 && batch->raw_bytes + raw_bytes + 1 > BLOCK_RAW_BYTES_MAX);
}

static size_t table_slot(uint32_t hash, size_t step)
{
    return (hash + step) & (BLOCK_EVENTS_MAX * 2 - 1);
}

static void table_add(struct batch *batch, size_t index)
{
    uint32_t hash = batch_at(batch, index)->hash;
    size_t step = 0;
    while (batch->table[table_slot(hash, step)] != 0) {
        step++;
    }
    batch->table[table_slot(hash, step)] = (uint16_t)(index + 1);
}

static bool table_has(const struct batch *batch, const struct event *event, uint32_t hash)
{
    uint16_t at;
    for (size_t step = 0; (at = batch->table[table_slot(hash, step)]) != 0; step++) {
        const struct batch_event *other = batch_at(batch, at - 1u);
        if (other->hash == hash && event_same(&other->event, event)) {
            return true;
        }
    }
    return false;
}

static struct span keep(struct batch *batch, struct span bytes)
{
    batch->arena_bytes += bytes.size + 16;
    return arena_copy(&batch->arena, bytes);
}

static bool add_cell(struct batch *batch, uint32_t path, size_t slot, struct span value,
                     enum event_kind kind)
{
    struct span copy = keep(batch, value);
    struct batch_cell cell = {.value = copy.data,
                              .size = (uint32_t)value.size,
                              .path = path,
                              .slot = (uint16_t)slot,
                              .kind = (uint8_t)kind};
    buf_add(&batch->cells, &cell, sizeof cell);
    return copy.data != NULL;
}

/* uid and a believed time have vectors of their own. */
static bool has_vector(const struct event *event, const struct event_field *field)
{
    return (event->uid.size > 0 && field->value.data == event->uid.data) ||
           (!event->time_is_arrival && span_is(field->path, "time"));
}

static bool add_fields(struct batch *batch, struct paths *paths, const struct event *event,
                       size_t slot, bool *partial)
{
    bool fine = true;
    for (size_t i = 0; fine && i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];
        if (has_vector(event, field)) {
            continue;
        }
        uint32_t path = paths_intern(paths, field->path);
        if (path == PATH_NONE) {
            *partial = true;
        } else {
            fine = add_cell(batch, path, slot, field->value, field->kind);
        }
    }
    return fine;
}

static bool add_marks(struct batch *batch, struct paths *paths, const struct event *event,
                      size_t slot, struct span source, bool session_stream)
{
    uint32_t source_path = paths_intern(paths, span_str(FIELD_SOURCE));
    uint32_t mark_path = paths_intern(paths, span_str(FIELD_MARK));
    bool fine = source_path != PATH_NONE && mark_path != PATH_NONE;
    if (fine && source.size > 0) {
        fine = add_cell(batch, source_path, slot, source, EVENT_STRING);
    }
    if (fine && event->time_is_arrival) {
        fine = add_cell(batch, mark_path, slot, span_str("arrival-time"), EVENT_STRING);
    }
    if (fine && session_stream) {
        fine = add_cell(batch, mark_path, slot, span_str("session-stream"), EVENT_STRING);
    }
    return fine;
}

enum batch_added batch_add(struct batch *batch, struct paths *paths, const struct event *event,
                           int64_t arrival_us, struct span source, bool session_stream,
                           enum archive_counter if_known)
{
    CHECK(!batch_full(batch, event->raw.size));
    uint32_t hash = event_identity_hash(event);
    if (table_has(batch, event, hash)) {
        return BATCH_DUPLICATE;
    }
    size_t slot = batch_count(batch);
    struct batch_event added = {.event = *event,
                                .arrival_us = arrival_us,
                                .hash = hash,
                                .if_known = if_known,
                                .partial = event->partial};
    added.event.fields = NULL;
    added.event.n_fields = 0;
    added.event.raw = keep(batch, event->raw);
    added.event.uid = keep(batch, event->uid);
    added.event.type = keep(batch, event->type);
    added.event.code = keep(batch, event->code);
    bool fine = added.event.raw.data && added.event.uid.data && added.event.type.data &&
                added.event.code.data;
    fine = fine && add_fields(batch, paths, event, slot, &added.partial) &&
           add_marks(batch, paths, event, slot, source, session_stream);
    buf_add(&batch->events, &added, sizeof added);
    if (!fine || !buf_ok(&batch->events) || !buf_ok(&batch->cells)) {
        return BATCH_NOMEM;
    }
    table_add(batch, slot);
    batch->raw_bytes += event->raw.size + 1;
    return BATCH_ADDED;
}

void batch_remove(struct batch *batch, const struct bitmap *remove)
{
    size_t count = batch_count(batch);
    uint16_t moved[BLOCK_EVENTS_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        moved[i] = (uint16_t)kept;
        if (bitmap_get(remove, i)) {
            batch->raw_bytes -= batch_at(batch, i)->event.raw.size + 1;
        } else {
            *batch_at(batch, kept++) = *batch_at(batch, i);
        }
    }
    struct batch_cell *cells = (struct batch_cell *)(void *)batch->cells.data;
    size_t n_cells = batch->cells.size / sizeof *cells;
    size_t kept_cells = 0;
    for (size_t i = 0; i < n_cells; i++) {
        if (!bitmap_get(remove, cells[i].slot)) {
            cells[kept_cells] = cells[i];
            cells[kept_cells++].slot = moved[cells[i].slot];
        }
    }
    batch->events.size = kept * sizeof(struct batch_event);
    batch->cells.size = kept_cells * sizeof *cells;
    memset(batch->table, 0, sizeof batch->table);
    for (size_t i = 0; i < kept; i++) {
        table_add(batch, i);
    }
}
