/* A block's events as its frame: lines, digest, compression. Pure work on a batch, a fourth of an
 * import's time, and so done on a thread of its own while the caller is busy with the columns.
 * Inside schema/ only. */
#ifndef SCHEMA_BLOCK_FRAME_H
#define SCHEMA_BLOCK_FRAME_H

#include <pthread.h>

#include "schema/block/batch.h"
#include "schema/block/codec.h"

struct frame_maker {
    struct codec *codec;
    int level;
    /* what was made; valid from frame_finish to the next frame_start */
    struct buf ndjson;
    struct buf newlines; /* where newlines inside of events were: varint differences */
    struct buf frame;
    struct digest sha256; /* of ndjson */
    struct digest frame_sha256;
    struct buf line_sums; /* line_sums.h */
    /* the work under way */
    const struct batch *batch;
    pthread_t thread;
    bool has_thread;
    enum status status;
    struct err err;
};

MUST_USE enum status frame_maker_init(struct frame_maker *maker, int level, struct err *err);
/* Zeroed or half-built is fine. No work may be under way. */
void frame_maker_fini(struct frame_maker *maker);

/* Begins the batch's frame; the batch must not change until frame_finish, which must follow. */
void frame_start(struct frame_maker *maker, const struct batch *batch);
MUST_USE enum status frame_finish(struct frame_maker *maker, struct err *err);

#endif
