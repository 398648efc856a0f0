/* How vectors and columns of a block are written: pure encoding and decoding, bytes in and out.
 * All numbers are little-endian; varint is LEB128. A packed blob is one byte, 0 plain or 1 zstd,
 * and then the payload or one zstd frame of it.
 *
 * times (payload): varint unit (1 or 1000 us), then for each event the zigzag varint of the
 *   difference to the one before, in units (the first to 0).
 * column (payload): byte 1; byte flags (1: every event has entry 1 and no index follows; 2: entries
 *   hold several values); varint entries; the entries' value ids: without flag 2 ascending, as
 *   varint differences; with it, for each entry its varint count and then zigzag differences; then
 *   the index, 1 byte an event with up to 255 entries, else 2.
 * numbers (payload): byte 2; byte flags (1: every event has it and no bitmap follows); bitmap of
 *   (events + 7) / 8 bytes; zigzag varint least; byte width (0, 1, 2, 4, 8); for each event that
 * has it, value - least in that width. */
#ifndef SCHEMA_COLUMN_H
#define SCHEMA_COLUMN_H

#include "schema/codec.h"
#include "schema/segment.h"

enum { COLUMN_PAYLOAD_BYTES_MAX = 16 * 1024 * 1024 };

MUST_USE enum status times_encode(struct codec *codec, const int64_t *times_us, size_t count,
                                  struct buf *out, struct err *err);
MUST_USE enum status times_decode(struct codec *codec, struct span blob, size_t count,
                                  int64_t *out_times_us, struct err *err);

/* One value of one event, as the encoder takes them: by slot, ascending. */
struct column_cell {
    uint16_t slot;
    uint32_t value; /* id in the dictionary */
};
MUST_USE enum status column_encode(struct codec *codec, const struct column_cell *cells,
                                   size_t n_cells, size_t n_events, struct buf *out,
                                   struct err *err);

struct number_cell {
    uint16_t slot;
    int64_t number;
};
/* At most one number an event, by slot, ascending. */
MUST_USE enum status numbers_encode(struct codec *codec, const struct number_cell *cells,
                                    size_t n_cells, size_t n_events, struct buf *out,
                                    struct err *err);

/* Either kind. ERR_CORRUPT when the blob is not well formed for n_events. */
MUST_USE enum status column_decode(struct codec *codec, struct span blob, size_t n_events,
                                   struct column *out_column, struct err *err);

/* A byte vector, packed as above. */
MUST_USE enum status vector_pack(struct codec *codec, struct span payload, struct buf *out,
                                 struct err *err);
/* Appends the payload to out. */
MUST_USE enum status vector_unpack(struct codec *codec, struct span blob, size_t max_bytes,
                                   struct buf *out, struct err *err);

#endif
