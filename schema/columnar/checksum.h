/* A checksum behind bytes that are read on their own: damage is told from data. Four bytes,
 * little-endian: the low half of hash64 with seed 0. It is no proof (that is a digest's work). */
#ifndef SCHEMA_COLUMNAR_CHECKSUM_H
#define SCHEMA_COLUMNAR_CHECKSUM_H

#include "schema/base/buf.h"
#include "schema/base/hash64.h"

enum { CHECKSUM_BYTES = 4 };

/* Of what was added from `begin` on. */
static inline void checksum_add(struct buf *out, size_t begin)
{
    if (buf_ok(out)) {
        uint64_t hash = hash64(span_of(out->data + begin, out->size - begin), 0);
        uint8_t bytes[CHECKSUM_BYTES] = {(uint8_t)hash, (uint8_t)(hash >> 8), (uint8_t)(hash >> 16),
                                         (uint8_t)(hash >> 24)};
        buf_add(out, bytes, sizeof bytes);
    }
}

/* *out_bytes: what stands before the checksum. */
static inline bool checksum_holds(struct span all, struct span *out_bytes)
{
    if (all.size < CHECKSUM_BYTES) {
        return false;
    }
    *out_bytes = span_of(all.data, all.size - CHECKSUM_BYTES);
    uint64_t hash = hash64(*out_bytes, 0);
    const uint8_t *at = (const uint8_t *)all.data + out_bytes->size;
    return ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
            (uint32_t)at[3] << 24) == (uint32_t)hash;
}

#endif
