/* A shipped object, block by block: frames of zstd or members of gzip, one for each block, as they
 * are when something may be wrong with them. One thread. */
#ifndef TOOLS_STELE_VERIFY_OBJECT_BLOCKS_H
#define TOOLS_STELE_VERIFY_OBJECT_BLOCKS_H

#include "schema/archive/ledger.h"

struct object_block {
    size_t packed_bytes; /* 0: where it ends cannot be told */
    bool complete;       /* it unpacked to its end, checksum and all */
};

struct object_blocks;

struct object_blocks *object_blocks_new(enum ledger_codec codec);
void object_blocks_free(struct object_blocks *parts);

/* Unpacks the part at the beginning of `bytes` into *ndjson (cleared first), as far as it goes and
 * max_bytes at most. ERR_NOMEM. */
MUST_USE enum status object_blocks_read(struct object_blocks *parts, struct span bytes,
                                        size_t max_bytes, struct buf *ndjson,
                                        struct object_block *out_part, struct err *err);

#endif
