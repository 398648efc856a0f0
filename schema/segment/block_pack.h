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

struct block_pack_lines VEC_OF(struct span);

/* A batch on its way into a segment. Whoever has it may pass it on to another thread. */
struct block_pack_made {
    const struct batch *batch; /* NULL: of block_pack_again */
    struct buf ndjson;
    struct buf newlines; /* where newlines inside of events were: varint differences */
    struct buf events;   /* blocks, and what each adds to the vocabulary (empty: nothing) */
    struct buf events_part;
    struct buf arrivals;
    struct buf arrivals_part;
    struct columnar_written written;
    struct columnar_written written_arrivals;
    /* of block_pack_check */
    struct digest sha256;          /* of ndjson */
    struct digest arrivals_sha256; /* block_pack_arrivals_digest */
    struct buf line_sums;          /* schema/block/line_checksum.h */
    /* the work under way */
    struct buf lines; /* of the arrivals */
    struct block_pack_lines event_spans;
    struct block_pack_lines arrival_spans;
    int64_t times_us[BLOCK_EVENTS_MAX]; /* that the columns tell */
    uint32_t hashes[BLOCK_EVENTS_MAX];
};

/* Zeroed is as good as new. */
void block_pack_made_fini(struct block_pack_made *packed);

/* Packs batches of one segment: its vocabulary as it grows. */
struct block_pack {
    struct columnar_writer *columns;
    struct columnar_reader *reader;
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

/* Packs a batch, which must stay where it is until the block is checked. ERR_NOMEM. */
MUST_USE enum status block_pack_batch(struct block_pack *packer, const struct batch *batch,
                                      struct block_pack_made *packed, struct err *err);
/* A block of another segment, packed again: the same lines of events and of how they came, the same
 * newlines. n_events lines each. ERR_CORRUPT: they are not so many. ERR_NOMEM. */
struct block_pack_source {
    uint32_t n_events;
    struct span ndjson;
    struct span newlines;
    struct span arrivals;
};
MUST_USE enum status block_pack_again(struct block_pack *packer,
                                      const struct block_pack_source *source,
                                      struct block_pack_made *packed, struct err *err);
/* Reads back what was packed, batches in their order, and digests it; what differs is kept whole
 * instead. The block of events is then open in the checker's reader. May run while the packer packs
 * batches that follow. ERR_NOMEM; ERR_CORRUPT. */
MUST_USE enum status block_pack_check(struct block_pack_made *packed,
                                      struct columnar_checker *checker, struct err *err);

#endif
