/* How vectors and columns of a block are written: pure encoding and decoding, bytes in
 * and out. All numbers are little-endian; varint is LEB128. A packed blob is one byte, 0 plain or 1
 * zstd, and then the payload or one zstd frame of it.
 *
 * times (payload): varint unit (1 or 1000 us), then for each event the zigzag varint of the
 *   difference to the one before, in units (the first to 0).
 * column (payload): byte COLUMN_FORM; byte flags (enum column_flag); then
 *   presence, unless ALL: with PRESENCE a partner (varint field) and for each of its entries, the
 *     one for "none" first, a byte: 0 none of these events has the field, 1 all have it, 2 some do;
 *     then a bit for each event of the last kind; without it, a bit for each event;
 *   RAW: zigzag varint least; byte width (0, 1, 2, 4, 8); for each event that has it, the number
 *     - least in that width; and no more;
 *   varint entries; the entries: value ids, or with NUMBERS zigzag varint differences of numbers.
 *     Value ids without SEVERAL ascend, as varint differences; with it, for each entry its varint
 *     count and then zigzag differences;
 *   with two entries or more, which entry each event has: with VALUES a partner, and for each of
 *     its entries the entry + 1 that it stands for, or 0: these events follow one by one; without
 *     it, all that have the field do. Vectors of entries are of bytes with up to 255 entries, else
 *     of low bytes and then of high bytes;
 *   with PORTS, for each event that has the field, a port: low bytes, then high bytes.
 * Partner: another column of the same block, whose entries tell much of this one (the type of an
 *   event which fields it has, the session its user). Partners make no circle. */
#ifndef SCHEMA_BLOCK_COLUMN_H
#define SCHEMA_BLOCK_COLUMN_H

#include "schema/base/buf.h"
#include "schema/block/bitmap.h"
#include "schema/block/codec.h"

/* How the block keeps the field. */
enum column_store {
    COLUMN_STORE_ABSENT,
    COLUMN_STORE_COLUMN,
    COLUMN_STORE_NUMBER,
    COLUMN_STORE_TEXT
};
/* A field's column of a block, unpacked. Entry e of the local dictionary stands for the value ids
 * entry_values[entry_start[e]] .. entry_values[entry_start[e + 1] - 1] (several for an array);
 * index[slot] is 0 for an event without the field, else the entry + 1. An endpoint (endpoint.h) has
 * the address as its value, and its port beside it: the event's value is both. */
struct column {
    enum column_store store; /* COLUMN_STORE_ABSENT, COLUMN_STORE_COLUMN or COLUMN_STORE_NUMBER */
    uint32_t n_entries;      /* COLUMN_STORE_NUMBER: 0 when index says nothing */
    bool has_ports;
    uint32_t entry_start[BLOCK_EVENTS_MAX + 1];
    uint32_t *entry_values; /* column_fini frees */
    size_t entry_values_capacity;
    uint16_t index[BLOCK_EVENTS_MAX];
    struct bitmap present;             /* COLUMN_STORE_NUMBER: events that have it */
    int64_t numbers[BLOCK_EVENTS_MAX]; /* COLUMN_STORE_NUMBER */
    uint16_t ports[BLOCK_EVENTS_MAX];  /* with has_ports: of each event; 0: none */
    struct buf payload;                /* of the reader's own */
    struct buf blob;
};
void column_fini(struct column *column);

/* How much of a column is of use to the one who asks, now that its entries are known. */
enum column_want {
    COLUMN_WANT_NOTHING,
    COLUMN_WANT_PRESENCE, /* all entries mean the same: which events have the field, no more */
    COLUMN_WANT_WHOLE
};
struct column_filter {
    enum column_want (*want)(const void *context, const struct column *column);
    const void *context;
    enum column_want answer; /* set by the reader: WHOLE when it did not ask */
};

enum { COLUMN_FORM = 3, COLUMN_PAYLOAD_BYTES_MAX = 16 * 1024 * 1024 };

MUST_USE enum status column_times_encode(struct codec *codec, const int64_t *times_us, size_t count,
                                         struct buf *out, struct err *err);
MUST_USE enum status column_times_decode(struct codec *codec, struct span blob, size_t count,
                                         int64_t *out_times_us, struct err *err);

enum column_flag {
    COLUMN_ALL = 1,
    COLUMN_SEVERAL = 2,
    COLUMN_NUMBERS = 4,
    COLUMN_PRESENCE = 8,
    COLUMN_VALUES = 16,
    COLUMN_PORTS = 32,
    COLUMN_RAW = 64,
};

/* A column to be written. */
struct column_source {
    size_t n_events;
    const uint16_t *index;        /* by slot: entry + 1, or 0; RAW: 1 or 0 */
    uint32_t n_entries;           /* 0: RAW */
    const uint32_t *entry_start;  /* into entry_values, n_entries + 1 of them; NULL: one each */
    const uint32_t *entry_values; /* value ids; without entry_start ascending */
    const int64_t *numbers;       /* by entry, ascending; RAW: by slot. NULL: value ids */
    const uint16_t *ports;        /* by slot; NULL: none */
};

/* A column of the block by its index, as another one sees it. */
struct column_predictor {
    uint32_t field;
    uint32_t n_entries;
    const uint16_t *index;
    const uint16_t *counts; /* by index value: how many events have it; NULL: not known */
};

/* presence, values: NULL, or the column that tells much of it. */
MUST_USE enum status column_encode(struct codec *codec, const struct column_source *source,
                                   const struct column_predictor *presence,
                                   const struct column_predictor *values, struct buf *out,
                                   struct err *err);

/* Finds the partner of that field in the same block; its index lives until column_decode returns.
 * ERR_CORRUPT when there is none. */
typedef enum status column_lookup(void *context, uint32_t field,
                                  struct column_predictor *out_partner, struct err *err);

/* (column_read.c) ERR_CORRUPT when the blob is not well formed for n_events. filter: NULL, or what
 * is asked before the larger part is read; the part that is left out is not checked. */
MUST_USE enum status column_decode(struct codec *codec, struct span blob, size_t n_events,
                                   column_lookup *lookup, void *context,
                                   struct column_filter *filter, struct column *out_column,
                                   struct err *err);
/* Value ids of the entries; false when they are not well formed. */
MUST_USE bool column_read_entries(struct span payload, size_t *at, bool several,
                                  struct column *column);

/* A byte vector, packed as above. */
MUST_USE enum status column_vector_pack(struct codec *codec, struct span payload, struct buf *out,
                                        struct err *err);
/* Appends the payload to out. */
MUST_USE enum status column_vector_unpack(struct codec *codec, struct span blob, size_t max_bytes,
                                          struct buf *out, struct err *err);

#endif
