/* Events of one day that wait to become a block: their bytes, and their values as cells. Each
 * distinct (path, value) is kept once a batch, and a cell is eight bytes. Inside schema/ only; one
 * thread at a time. */
#ifndef SCHEMA_BLOCK_BATCH_H
#define SCHEMA_BLOCK_BATCH_H

#include "schema/base/buf.h"
#include "schema/block/bitmap.h"
#include "schema/block/path_table.h"
#include "schema/event/event.h"
#include "schema/event/event_counter.h"
#include "schema/event/source.h"

struct batch_value {
    const char *text;
    uint32_t size;
    uint32_t hash;
    uint32_t path; /* of the batch */
    uint8_t kind;  /* enum event_kind */
};

struct batch_path {
    struct span name;
    uint32_t path;       /* of the indexer */
    uint32_t last_value; /* the one seen last */
};

struct batch_cell {
    uint32_t value; /* of the batch */
    uint16_t slot;
    uint16_t port; /* of an endpoint, whose value is the address; else 0 */
};

struct batch_event {
    struct event event; /* without fields; spans in the batch's memory */
    int64_t arrival_us;
    int64_t row_id;              /* of the inbox; 0: none */
    uint32_t hash;               /* event_identity_hash */
    enum event_counter if_known; /* what counts it when it turns out to be a duplicate */
    struct span source;          /* stele.source; empty when it is not known */
    bool session_stream;
    bool partial; /* not all of it is in cells */
};

struct batch {
    int64_t day_us;
    int64_t used;     /* when the last event came: larger is later */
    size_t raw_bytes; /* with a newline each */
    struct arena arena;
    struct buf events; /* struct batch_event */
    struct buf cells;  /* struct batch_cell, by slot */
    struct buf values; /* struct batch_value */
    struct buf paths;  /* struct batch_path */
    uint32_t *path_of; /* by path of the indexer: path of the batch + 1 */
    uint32_t path_of_capacity;
    uint32_t *value_table; /* value + 1 */
    uint32_t value_mask;
    uint64_t seed;
    struct span source; /* of the last event that had one: it is mostly the next one's, too */
    uint16_t table[BLOCK_EVENTS_MAX * 2]; /* index + 1 by identity hash */
};

struct batch *batch_new(int64_t day_us, uint64_t seed);
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

static inline const struct batch_cell *batch_cells(const struct batch *batch, size_t *out_count)
{
    *out_count = batch->cells.size / sizeof(struct batch_cell);
    return (const struct batch_cell *)(const void *)batch->cells.data;
}

static inline const struct batch_value *batch_value(const struct batch *batch, uint32_t value)
{
    return (const struct batch_value *)(const void *)batch->values.data + value;
}

static inline size_t batch_value_count(const struct batch *batch)
{
    return batch->values.size / sizeof(struct batch_value);
}

static inline struct batch_path *batch_path(const struct batch *batch, uint32_t path)
{
    return (struct batch_path *)(void *)batch->paths.data + path;
}

static inline size_t batch_path_count(const struct batch *batch)
{
    return batch->paths.size / sizeof(struct batch_path);
}

/* Memory it takes. */
static inline size_t batch_bytes(const struct batch *batch)
{
    return sizeof *batch + batch->arena.bytes + batch->events.capacity + batch->cells.capacity +
           batch->values.capacity + ((size_t)batch->value_mask + 1) * sizeof(uint32_t);
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
enum batch_added batch_add(struct batch *batch, struct path_table *paths, const struct event *event,
                           const struct batch_arrival *arrival, enum event_counter if_known);

/* Takes out the events whose bits are set. */
void batch_remove(struct batch *batch, const struct bitmap *remove);

#endif
