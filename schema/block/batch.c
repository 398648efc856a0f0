/* Events that are waiting to become a block: their bytes, and their values as numbers of distinct
 * ones. On one thread; nothing here is durable. */
#include "schema/block/batch.h"

#include <stdlib.h>

#include "schema/base/hash64.h"
#include "schema/event/endpoint.h"
#include "schema/event/source.h"

enum { FIRST_VALUE_SLOTS = 1024 };

struct batch *batch_new(int64_t day_us, uint64_t seed)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch) {
        batch->day_us = day_us;
        batch->seed = seed;
    }
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch) {
        arena_fini(&batch->arena);
        buf_fini(&batch->events);
        buf_fini(&batch->cells);
        buf_fini(&batch->values);
        buf_fini(&batch->paths);
        free(batch->path_of);
        free(batch->value_table);
        free(batch);
    }
}

void batch_clear(struct batch *batch)
{
    for (uint32_t i = 0; i < batch_path_count(batch); i++) {
        batch->path_of[batch_path(batch, i)->path] = 0;
    }
    arena_reset(&batch->arena);
    buf_clear(&batch->events);
    buf_clear(&batch->cells);
    buf_clear(&batch->values);
    buf_clear(&batch->paths);
    memset(batch->table, 0, sizeof batch->table);
    if (batch->value_table) {
        memset(batch->value_table, 0, ((size_t)batch->value_mask + 1) * sizeof(uint32_t));
    }
    batch->source = span_of(NULL, 0);
    batch->raw_bytes = 0;
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

/* The batch's number of an indexer's path; PATH_TABLE_NONE when memory is out. */
static uint32_t path_number(struct batch *batch, const struct path_table *paths, uint32_t path)
{
    if (path >= batch->path_of_capacity) {
        uint32_t capacity = (uint32_t)paths->follower.capacity;
        uint32_t *path_of = realloc(batch->path_of, capacity * sizeof *path_of);
        if (!path_of) {
            return PATH_TABLE_NONE;
        }
        memset(path_of + batch->path_of_capacity, 0,
               (capacity - batch->path_of_capacity) * sizeof *path_of);
        batch->path_of = path_of;
        batch->path_of_capacity = capacity;
    }
    if (batch->path_of[path] == 0) {
        struct batch_path added = {
            .name = intern_text(&paths->names, path), .path = path, .last_value = UINT32_MAX};
        buf_add(&batch->paths, &added, sizeof added);
        if (!buf_ok(&batch->paths)) {
            return PATH_TABLE_NONE;
        }
        batch->path_of[path] = (uint32_t)batch_path_count(batch);
    }
    return batch->path_of[path] - 1;
}

static bool values_grow(struct batch *batch)
{
    size_t slots = batch->value_table ? ((size_t)batch->value_mask + 1) * 2 : FIRST_VALUE_SLOTS;
    uint32_t *table = calloc(slots, sizeof *table);
    if (!table) {
        return false;
    }
    free(batch->value_table);
    batch->value_table = table;
    batch->value_mask = (uint32_t)slots - 1;
    for (uint32_t i = 0; i < batch_value_count(batch); i++) {
        uint32_t at = batch_value(batch, i)->hash & batch->value_mask;
        while (table[at] != 0) {
            at = (at + 1) & batch->value_mask;
        }
        table[at] = i + 1;
    }
    return true;
}

static bool is_value(const struct batch_value *value, uint32_t path, struct span text,
                     enum event_kind kind)
{
    return value->size == text.size && value->path == path && value->kind == kind &&
           memcmp(value->text, text.data, text.size) == 0;
}

/* The number of a value, added when the batch does not have it; UINT32_MAX when memory is out. */
static uint32_t value_number(struct batch *batch, uint32_t path, struct span text,
                             enum event_kind kind)
{
    struct batch_path *of = batch_path(batch, path);
    if (of->last_value != UINT32_MAX &&
        is_value(batch_value(batch, of->last_value), path, text, kind)) {
        return of->last_value;
    }
    size_t count = batch_value_count(batch);
    if ((!batch->value_table || count >= batch->value_mask / 2) && !values_grow(batch)) {
        return UINT32_MAX;
    }
    uint32_t hash = (uint32_t)hash64(text, batch->seed + path * UINT64_C(0x9e3779b97f4a7c15));
    uint32_t at = hash & batch->value_mask;
    for (; batch->value_table[at] != 0; at = (at + 1) & batch->value_mask) {
        uint32_t number = batch->value_table[at] - 1;
        const struct batch_value *value = batch_value(batch, number);
        if (value->hash == hash && is_value(value, path, text, kind)) {
            of->last_value = number;
            return number;
        }
    }
    struct span copy = arena_keep(&batch->arena, text);
    struct batch_value added = {.text = copy.data,
                                .size = (uint32_t)text.size,
                                .hash = hash,
                                .path = path,
                                .kind = (uint8_t)kind};
    buf_add(&batch->values, &added, sizeof added);
    if (!copy.data || !buf_ok(&batch->values)) {
        return UINT32_MAX;
    }
    batch->value_table[at] = (uint32_t)count + 1;
    of->last_value = (uint32_t)count;
    return (uint32_t)count;
}

static bool add_cell(struct batch *batch, const struct path_table *paths, uint32_t path,
                     size_t slot, struct span value, enum event_kind kind, uint32_t *out_value)
{
    struct batch_cell cell = {.slot = (uint16_t)slot};
    uint32_t number = path_number(batch, paths, path);
    if (kind == EVENT_STRING) {
        value = endpoint_split(value, &cell.port);
    }
    cell.value = number == PATH_TABLE_NONE ? UINT32_MAX : value_number(batch, number, value, kind);
    buf_add(&batch->cells, &cell, sizeof cell);
    *out_value = cell.value;
    return cell.value != UINT32_MAX;
}

/* uid and a believed time have vectors of their own. */
static bool has_vector(const struct event *event, const struct event_field *field)
{
    return (event->uid.size > 0 && field->value.data == event->uid.data) ||
           (!event->time_is_arrival && span_is(field->path, "time"));
}

static bool add_fields(struct batch *batch, struct path_table *paths, const struct event *event,
                       size_t slot, struct batch_event *added)
{
    uint32_t before = PATH_TABLE_NONE;
    for (size_t i = 0; i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];
        if (has_vector(event, field)) {
            continue;
        }
        uint32_t path = path_table_intern(paths, field->path, before);
        if (path == PATH_TABLE_NONE) {
            added->partial = true;
            continue;
        }
        before = path;
        uint32_t value;
        if (!add_cell(batch, paths, path, slot, field->value, field->kind, &value)) {
            return false;
        }
    }
    return true;
}

static bool add_mark(struct batch *batch, struct path_table *paths, const char *name, size_t slot,
                     struct span text)
{
    uint32_t value;
    uint32_t path = path_table_intern(paths, span_str(name), PATH_TABLE_NONE);
    return path != PATH_TABLE_NONE &&
           add_cell(batch, paths, path, slot, text, EVENT_STRING, &value);
}

static bool add_marks(struct batch *batch, struct path_table *paths, const struct event *event,
                      size_t slot, const struct batch_arrival *arrival)
{
    bool fine = arrival->source_text.size == 0 ||
                add_mark(batch, paths, SOURCE_FIELD, slot, arrival->source_text);
    if (fine && event->time_is_arrival) {
        fine = add_mark(batch, paths, SOURCE_MARK_FIELD, slot, span_str("arrival-time"));
    }
    if (fine && arrival->source->session_stream) {
        fine = add_mark(batch, paths, SOURCE_MARK_FIELD, slot, span_str("session-stream"));
    }
    return fine;
}

/* A copy of the source's text; batches have few sources, and most often one. */
static struct span keep_source(struct batch *batch, struct span text)
{
    if (text.size > 0 && !span_equal(text, batch->source)) {
        batch->source = arena_keep(&batch->arena, text);
    }
    return text.size > 0 ? batch->source : text;
}

enum batch_added batch_add(struct batch *batch, struct path_table *paths, const struct event *event,
                           const struct batch_arrival *arrival, enum event_counter if_known)
{
    CHECK(!batch_full(batch, event->raw.size));
    uint32_t hash = event_identity_hash(event);
    if (table_has(batch, event, hash)) {
        return BATCH_DUPLICATE;
    }
    size_t slot = batch_count(batch);
    struct batch_event added = {.event = *event,
                                .arrival_us = arrival->received_us,
                                .row_id = arrival->row_id,
                                .hash = hash,
                                .if_known = if_known,
                                .source = keep_source(batch, arrival->source_text),
                                .session_stream = arrival->source->session_stream,
                                .partial = event->partial};
    added.event.fields = NULL;
    added.event.n_fields = 0;
    added.event.raw = arena_keep(&batch->arena, event->raw);
    added.event.uid = arena_keep(&batch->arena, event->uid);
    added.event.type = arena_keep(&batch->arena, event->type);
    added.event.code = arena_keep(&batch->arena, event->code);
    bool fine = added.event.raw.data && added.event.uid.data && added.event.type.data &&
                added.event.code.data && (arrival->source_text.size == 0 || added.source.data);
    fine = fine && add_fields(batch, paths, event, slot, &added) &&
           add_marks(batch, paths, event, slot, arrival);
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
