/* A batch as it is stored: its events as one columnar block (schema/columnar), how each of them
 * came as another, and the digests of both. Pure work, and most of an import's time. Inside of the
 * room; one thread.
 *
 * Each event has a line in the block of arrivals, a JSON object too:
 *   stele.received  when it was received
 *   stele.source    where it came from (schema/event/source.h)
 *   stele.mark      what is noted of it, when something is
 *   stele.time      its time, where the event's own `time` does not tell it and it is not that of
 *                   the arrival
 *   stele.identity  its identity hash, where its own `uid` does not tell it */
#ifndef SCHEMA_SEGMENT_BLOCK_PACK_H
#define SCHEMA_SEGMENT_BLOCK_PACK_H

#include "schema/block/batch.h"
#include "schema/columnar/columnar.h"
#include "schema/segment/block_derive.h"

#define BLOCK_PACK_RECEIVED "stele.received"
#define BLOCK_PACK_TIME     "stele.time"
#define BLOCK_PACK_IDENTITY "stele.identity"

struct block_pack {
    struct columnar_writer *columns;
    struct columnar_reader *reader;
    /* what was made */
    struct buf ndjson;
    struct buf newlines; /* where newlines inside of events were: varint differences */
    struct buf events;   /* blocks, and what each adds to the vocabulary (empty: nothing) */
    struct buf events_part;
    struct buf arrivals;
    struct buf arrivals_part;
    struct digest sha256;          /* of ndjson */
    struct digest arrivals_sha256; /* block_pack_arrivals_digest */
    struct buf line_sums;          /* schema/block/line_checksum.h */
    struct columnar_written written;
    /* the work under way */
    const struct batch *batch;
    struct buf lines; /* of the arrivals */
    VEC(struct span) spans;
    int64_t times_us[BLOCK_EVENTS_MAX];
    uint32_t hashes[BLOCK_EVENTS_MAX];
};

MUST_USE enum status block_pack_init(struct block_pack *packer, int level, struct err *err);
/* Zeroed or half-built is fine. */
void block_pack_fini(struct block_pack *packer);

/* Before the first batch: a part of the segment's vocabulary, in order. */
MUST_USE enum status block_pack_add_part(struct block_pack *packer, struct span part,
                                         struct err *err);

/* How the events came: the lines of their arrivals, and the newlines inside of events. */
MUST_USE enum status block_pack_arrivals_digest(struct span lines, struct span newlines,
                                                struct digest *out_digest, struct err *err);

/* Packs a batch; what was made stays until the next one. ERR_NOMEM. */
MUST_USE enum status block_pack_batch(struct block_pack *packer, const struct batch *batch,
                                      struct err *err);

#endif
