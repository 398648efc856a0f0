#include "schema/block/batch.h"

#include <stdlib.h>

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
        free(batch);
    }
}

void batch_clear(struct batch *batch)
{
    arena_reset(&batch->arena);
    buf_clear(&batch->events);
    memset(batch->table, 0, sizeof batch->table);
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

/* A copy of the source's text; batches have few sources, and most often one. */
static struct span keep_source(struct batch *batch, struct span text)
{
    if (text.size > 0 && !span_equal(text, batch->source)) {
        batch->source = arena_keep(&batch->arena, text);
    }
    return text.size > 0 ? batch->source : text;
}

enum batch_added batch_add(struct batch *batch, const struct event *event,
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
                                .session_stream = arrival->source->session_stream};
    added.event.fields = NULL;
    added.event.n_fields = 0;
    added.event.raw = arena_keep(&batch->arena, event->raw);
    added.event.uid = arena_keep(&batch->arena, event->uid);
    added.event.type = arena_keep(&batch->arena, event->type);
    added.event.code = arena_keep(&batch->arena, event->code);
    bool fine = added.event.raw.data && added.event.uid.data && added.event.type.data &&
                added.event.code.data && (arrival->source_text.size == 0 || added.source.data);
    buf_add(&batch->events, &added, sizeof added);
    if (!fine || !buf_ok(&batch->events)) {
        return BATCH_NOMEM;
    }
    table_add(batch, slot);
    batch->raw_bytes += event->raw.size + 1;
    return BATCH_ADDED;
}

void batch_remove(struct batch *batch, const struct bitmap *remove)
{
    size_t count = batch_count(batch);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (bitmap_get(remove, i)) {
            batch->raw_bytes -= batch_at(batch, i)->event.raw.size + 1;
        } else {
            *batch_at(batch, kept++) = *batch_at(batch, i);
        }
    }
    batch->events.size = kept * sizeof(struct batch_event);
    memset(batch->table, 0, sizeof batch->table);
    for (size_t i = 0; i < kept; i++) {
        table_add(batch, i);
    }
}
