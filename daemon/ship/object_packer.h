/* Blocks of a segment read, compared with their digests and packed, on the caller's thread and one
 * beside it. They come back in the order in which they were asked for, and in the same bytes
 * whichever thread packed them. The caller's thread alone uses the segment and this. */
#ifndef DAEMON_SHIP_OBJECT_PACKER_H
#define DAEMON_SHIP_OBJECT_PACKER_H

#include "daemon/ship/object_codec.h"
#include "schema/segment/segment.h"

/* Blocks under way at a time: each is a few MB. */
enum { OBJECT_PACKER_BLOCKS = 4 };

struct object_packer;

struct object_packer_block {
    const struct block_info *info;
    struct span ndjson; /* until the next call, as is the other */
    struct span packed; /* a piece of object_codec */
};

MUST_USE enum status object_packer_new(enum object_codec codec, struct segment *segment,
                                       struct object_packer **out_packer, struct err *err);
/* Blocks under way are forgotten. NULL is fine. */
void object_packer_free(struct object_packer *packer);

/* How many are under way, and their bytes as NDJSON. */
size_t object_packer_count(const struct object_packer *packer);
int64_t object_packer_raw_bytes(const struct object_packer *packer);

/* Reads the block; it is packed until it is taken. Fewer than OBJECT_PACKER_BLOCKS are under way.
 * What fails is told when the block is taken. */
void object_packer_add(struct object_packer *packer, const struct block_info *info);

/* The one that was added first, packed; there is one. ERR_CORRUPT: it is damaged, named in the
 * text. */
MUST_USE enum status object_packer_take(struct object_packer *packer,
                                        struct object_packer_block *out_block, struct err *err);

#endif
