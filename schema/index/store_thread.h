/* The second half of a builder: a thread that stores what the builder's own thread has packed, so
 * that one block is packed while the one before is read back, indexed and written. Between
 * store_thread_put and store_thread_wait the segment writers of what was put are this thread's, but
 * for segment_writer_pack. Started and asked by one other thread at a time. Inside schema/ only. */
#ifndef SCHEMA_INDEX_STORE_THREAD_H
#define SCHEMA_INDEX_STORE_THREAD_H

#include <pthread.h>

#include "schema/base/vec.h"
#include "schema/segment/segment_writer.h"

/* Blocks that are packed and wait, and the one that is stored. */
enum { STORE_THREAD_QUEUE_MAX = 1, STORE_THREAD_PACKED = STORE_THREAD_QUEUE_MAX + 2 };

struct store_thread_job {
    struct segment_writer *writer;
    struct block_pack_made *packed;
    struct batch *batch; /* of the block */
    bool commit;         /* the segment, behind the block */
};

struct store_thread {
    /* immutable while it runs */
    const char *archive_id;
    pthread_t thread;
    bool has_thread;

    /* guarded by lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct store_thread_job queue[STORE_THREAD_QUEUE_MAX];
    size_t n_queue;
    bool working;
    bool stopping;
    struct block_pack_made *spare[STORE_THREAD_PACKED];
    size_t n_spare;
    size_t bytes; /* of the batches in the queue and under work */
    VEC(struct batch *) done;
    enum status status; /* of all that was stored */
    struct err err;
};

/* archive_id must outlive it. */
void store_thread_init(struct store_thread *store, const char *archive_id);
/* Ends the thread behind the block under work; the rest is not stored. */
void store_thread_fini(struct store_thread *store);

/* Something to pack a block into, which goes back with store_thread_put. ERR_NOMEM, or what became
 * of an earlier block. */
MUST_USE enum status store_thread_take(struct store_thread *store,
                                       struct block_pack_made **out_packed, struct err *err);
/* Hands a block over, and its batch; waits while STORE_THREAD_QUEUE_MAX others do. Both are taken
 * in any case; what becomes of them, the next call says. */
MUST_USE enum status store_thread_put(struct store_thread *store,
                                      const struct store_thread_job *job, struct err *err);
/* Waits until all is stored. */
MUST_USE enum status store_thread_wait(struct store_thread *store, struct err *err);

/* Any thread: a batch that was stored, empty; NULL: none now. */
struct batch *store_thread_reclaim(struct store_thread *store);
/* Any thread: memory of the batches that are under way, about. */
size_t store_thread_bytes(struct store_thread *store);

#endif
