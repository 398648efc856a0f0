/* Events of one day that wait to become a block: their bytes, what tells them apart, and how they
 * came. Inside schema/ only; one thread at a time. */
#ifndef SCHEMA_BLOCK_BATCH_H
#define SCHEMA_BLOCK_BATCH_H

#include "schema/base/buf.h"
#include "schema/block/bitmap.h"
#include "schema/event/event.h"
#include "schema/event/event_counter.h"
#include "schema/event/source.h"

struct batch_event {
    struct event event; /* without fields; spans in the batch's memory */
    int64_t arrival_us;
    int64_t row_id;              /* of the inbox; 0: none */
    uint32_t hash;               /* event_identity_hash */
    enum event_counter if_known; /* what counts it when it turns out to be a duplicate */
    struct span source;          /* stele.source; empty when it is not known */
    bool session_stream;
};

struct batch {
    int64_t day_us;
    int64_t used;     /* when the last event came: larger is later */
    size_t raw_bytes; /* with a newline each */
    struct arena arena;
    struct buf events;  /* struct batch_event */
    struct span source; /* of the last event that had one: it is mostly the next one's, too */
    uint16_t table[BLOCK_EVENTS_MAX * 2]; /* index + 1 by identity hash */
};

struct batch *batch_new(int64_t day_us);
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch);

static inline size_t batch_count(const struct batch *batch)
{
    return batch->events.size / sizeof(struct batch_event);
}

static inline struct batch_event *batch_at(const struct batch *batch, size_t i)
{
    return (struct batch_event *)(void *)batch->events.data + i;
}

/* Memory it takes. */
static inline size_t batch_bytes(const struct batch *batch)
{
    return sizeof *batch + batch->arena.bytes + batch->events.capacity;
}

/* True when an event of raw_bytes would not fit into one block with the rest. */
bool batch_full(const struct batch *batch, size_t raw_bytes);

enum batch_added { BATCH_ADDED, BATCH_DUPLICATE, BATCH_NOMEM };

/* How an event came. */
struct batch_arrival {
    const struct source *source;
    struct span source_text; /* stele.source */
    int64_t row_id;          /* of the inbox; 0 for an import */
    int64_t received_us;
};

/* Copies the event in, unless the batch has the same one. if_known: what counts it should the
 * segment have it. */
enum batch_added batch_add(struct batch *batch, const struct event *event,
                           const struct batch_arrival *arrival, enum event_counter if_known);

/* Takes out the events whose bits are set. */
void batch_remove(struct batch *batch, const struct bitmap *remove);

#endif
