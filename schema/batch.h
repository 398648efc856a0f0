/* Events of one day that wait to become a block: their bytes, and their values as cells by path.
 * Inside schema/ only; one thread. */
#ifndef SCHEMA_BATCH_H
#define SCHEMA_BATCH_H

#include "schema/base/buf.h"
#include "schema/segment.h"

/* The paths of all events an indexer sees, as numbers. */
enum { PATHS_MAX = 65536, PATH_BYTES_MAX = 256 };

#define PATH_NONE UINT32_MAX

struct paths {
    struct span *names;
    uint32_t count;
    uint32_t capacity;
    uint32_t *table;
    uint32_t mask;
    uint64_t seed;
    struct arena arena;
};

void paths_init(struct paths *paths);
void paths_fini(struct paths *paths);
/* PATH_NONE: too long, too many, or memory is out. */
uint32_t paths_intern(struct paths *paths, struct span name);

struct batch_cell {
    const char *value;
    uint32_t size;
    uint32_t path;
    uint16_t slot;
    uint8_t kind; /* enum event_kind */
};

struct batch_event {
    struct event event; /* without fields; spans in the batch's arena */
    int64_t arrival_us;
    uint32_t hash;                 /* event_identity_hash */
    enum archive_counter if_known; /* what counts it when it turns out to be a duplicate */
    bool partial;                  /* not all of it is in cells */
};

struct batch {
    int64_t day_us;
    int64_t inbox_high; /* rows up to here are in the segment already */
    size_t n_checked;   /* the first so many are known not to be in the segment */
    size_t raw_bytes;   /* with a newline each */
    struct arena arena;
    size_t arena_bytes;                   /* about */
    struct buf events;                    /* struct batch_event */
    struct buf cells;                     /* struct batch_cell, by slot */
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

/* True when an event of raw_bytes would not fit into one block with the rest. */
bool batch_full(const struct batch *batch, size_t raw_bytes);

enum batch_added { BATCH_ADDED, BATCH_DUPLICATE, BATCH_NOMEM };

/* Copies the event in, unless the batch has the same one. source is the text of stele.source;
 * session_stream sets the mark. */
enum batch_added batch_add(struct batch *batch, struct paths *paths, const struct event *event,
                           int64_t arrival_us, struct span source, bool session_stream,
                           enum archive_counter if_known);

/* Takes out the events whose bits are set. */
void batch_remove(struct batch *batch, const struct bitmap *remove);

#endif
