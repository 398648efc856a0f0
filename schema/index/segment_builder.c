/* Writers are of a pool (schema/index/writer_pool.h). The thread is
 * started with the first batch; it drops what is known and packs, and a second one stores
 * (schema/index/store_thread.h). A writer is asked for more than packing only while that one waits
 * (store_thread_wait). Whoever waits for the thread (segment_builder_commit,
 * segment_builder_free) may then use the writers itself, as no other thread does: the lock that
 * said so orders the memory, too.
 */
#include "schema/index/segment_builder.h"

#include <pthread.h>
#include <stdlib.h>

#include "schema/index/writer_pool.h"
#include "schema/segment/segment_map.h"

enum {
    BUILDER_QUEUE_MAX = 2,
    COMMIT_BLOCKS = 64, /* of an import, between two commits of a segment */
};

struct job {
    struct batch *batch;
    bool all;
    int64_t inbox_id;
};

struct segment_builder {
    /* immutable */
    pthread_t thread;
    bool has_thread;
    struct store_thread store; /* locks for itself */

    /* guarded by lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job queue[BUILDER_QUEUE_MAX];
    size_t n_queue;
    size_t queue_bytes; /* of the queue and of the batch under work */
    bool working;
    bool stopping;
    VEC(struct batch *) done;
    enum status status;
    struct err err;

    /* the thread's own, or of the caller that waits for it */
    struct writer_pool pool;
    int64_t counters[EVENT_COUNTER_COUNT];
};

enum status segment_builder_new(const char *dir, const char *archive_id, int compression_level,
                                int64_t merge_before_us, struct segment_builder **out_builder,
                                struct err *err)
{
    struct segment_builder *builder = calloc(1, sizeof *builder);
    if (!builder) {
        return err_nomem(err, "index");
    }
    builder->pool = (struct writer_pool){.compression_level = compression_level,
                                         .merge_before_us = merge_before_us,
                                         .store = &builder->store};
    (void)pthread_mutex_init(&builder->lock, NULL);
    (void)pthread_cond_init(&builder->changed, NULL);
    store_thread_init(&builder->store, builder->pool.archive_id);
    enum status status = file_path_format(builder->pool.dir, err, "%s", dir);
    CHECK(strlen(archive_id) < sizeof builder->pool.archive_id);
    strncpy(builder->pool.archive_id, archive_id, sizeof builder->pool.archive_id - 1);
    if (status != OK) {
        segment_builder_free(builder);
        return status;
    }
    *out_builder = builder;
    return OK;
}

/* An event without a time of its own may have come before midnight: asks the day before too. */
static enum status known_yesterday(struct segment_builder *builder, const struct batch *batch,
                                   struct bitmap *known, struct err *err)
{
    struct bitmap ask = {0};
    bool any = false;
    for (size_t i = 0; i < batch_count(batch); i++) {
        if (batch_at(batch, i)->event.time_is_arrival && !bitmap_get(known, i)) {
            bitmap_set(&ask, i);
            any = true;
        }
    }
    struct segment *segment = NULL;
    struct err why;
    if (!any) {
        return OK;
    }
    enum status status =
        segment_open_day(builder->pool.dir, batch->day_us - CLOCK_DAY_US, &segment, &why);
    if (status == ERR_NOT_FOUND) {
        return OK;
    }
    if (status != OK && err) {
        *err = why;
    }
    if (status == OK) {
        status = segment_duplicate_batch(segment, batch, &ask, known, err);
        segment_close(segment);
    }
    return status;
}

/* What counts an event that the segment has. A row that the segment says it holds was stored by a
 * run that was not committed: that is how it is counted. Whether it is so, its identity says: the
 * catalogue may be an older one, restored, that gives out the same ids again. */
static enum event_counter known_counter(const struct writer_pool_entry *open,
                                        const struct batch_event *event)
{
    bool held = event->row_id > 0 && event->row_id <= open->inbox_high;
    return held ? EVENT_COUNTER_stored : event->if_known;
}

/* Takes out of the batch what the segment has already. */
static enum status batch_check(struct segment_builder *builder, struct writer_pool_entry *open,
                               struct batch *batch, struct err *err)
{
    struct bitmap known = {0};
    enum status status = OK;
    if (segment_writer_may_know(open->writer, batch)) {
        status = store_thread_wait(&builder->store, err);
        status = THEN(status, segment_writer_known(open->writer, batch, &known, err));
    }
    status = THEN(status, known_yesterday(builder, batch, &known, err));
    bool any = false;
    for (size_t i = 0; status == OK && i < batch_count(batch); i++) {
        if (bitmap_get(&known, i)) {
            builder->counters[known_counter(open, batch_at(batch, i))]++;
            any = true;
        }
    }
    if (status == OK && any) {
        batch_remove(batch, &known);
    }
    return status;
}

static enum status pack_block(struct segment_builder *builder, struct writer_pool_entry *open,
                              struct job *job, struct err *err)
{
    struct store_thread_job packed = {.writer = open->writer, .batch = job->batch};
    enum status status = store_thread_take(&builder->store, &packed.packed, err);
    if (status != OK) {
        return status;
    }
    status = segment_writer_pack(open->writer, job->batch, packed.packed, err);
    if (status != OK) {
        segment_writer_made_free(packed.packed);
        return status;
    }
    packed.commit = ++open->blocks >= COMMIT_BLOCKS && job->inbox_id == 0;
    open->blocks = packed.commit ? 0 : open->blocks;
    job->batch = NULL;
    return store_thread_put(&builder->store, &packed, err);
}

/* Writes the job's batch, which is then NULL; or it stays, as it has become too small. */
static enum status write_block(struct segment_builder *builder, struct job *job, struct err *err)
{
    struct batch *batch = job->batch;
    struct writer_pool_entry *open = NULL;
    enum status status = job->inbox_id == 0 ? writer_pool_put_idle_away(&builder->pool, err) : OK;
    status = THEN(status,
                  writer_pool_get(&builder->pool, batch->day_us, job->inbox_id == 0, &open, err));
    status = THEN(status, batch_check(builder, open, batch, err));
    size_t count = batch_count(batch);
    bool full = count == BLOCK_EVENTS_MAX || batch->raw_bytes > BLOCK_RAW_BYTES_MAX / 2;
    if (status != OK || (!job->all && !full)) {
        return status;
    }
    if (count == 0) {
        batch_clear(batch);
        return OK;
    }
    for (size_t i = 0; i < count; i++) {
        builder->counters[EVENT_COUNTER_no_time] += batch_at(batch, i)->event.time_is_arrival;
    }
    builder->counters[EVENT_COUNTER_stored] += (int64_t)count;
    open->file.events += (int64_t)count;
    open->file.last_us = batch->day_us > open->file.last_us ? batch->day_us : open->file.last_us;
    return pack_block(builder, open, job, err);
}

/* Takes the next job; false: it is time to end. */
static bool next_job(struct segment_builder *builder, struct job *out_job)
{
    pthread_mutex_lock(&builder->lock);
    while (builder->n_queue == 0 && !builder->stopping) {
        pthread_cond_wait(&builder->changed, &builder->lock);
    }
    bool any = builder->n_queue > 0 && !builder->stopping;
    if (any) {
        *out_job = builder->queue[0];
        builder->n_queue--;
        memmove(builder->queue, builder->queue + 1, builder->n_queue * sizeof *builder->queue);
        builder->working = true;
        pthread_cond_broadcast(&builder->changed);
    }
    pthread_mutex_unlock(&builder->lock);
    return any;
}

static void *builder_main(void *context)
{
    struct segment_builder *builder = context;
    struct job job;
    enum status status = OK;
    while (next_job(builder, &job)) {
        size_t bytes = batch_bytes(job.batch);
        struct err err = {.text = ""};
        bool failed_before = status != OK;
        if (!failed_before) {
            status = write_block(builder, &job, &err);
        }
        pthread_mutex_lock(&builder->lock);
        if (status != OK && !failed_before) {
            builder->status = status;
            builder->err = err;
        }
        if (job.batch && !vec_push(&builder->done, job.batch)) {
            batch_free(job.batch);
        }
        builder->queue_bytes -= bytes;
        builder->working = false;
        pthread_cond_broadcast(&builder->changed);
        pthread_mutex_unlock(&builder->lock);
    }
    return NULL;
}

static enum status thread_start(struct segment_builder *builder, struct err *err)
{
    if (builder->has_thread) {
        return OK;
    }
    int failed = pthread_create(&builder->thread, NULL, builder_main, builder);
    builder->has_thread = failed == 0;
    return failed ? err_errno(err, failed, "index thread") : OK;
}

/* Under the lock: what became of the batches so far. */
static enum status status_now(const struct segment_builder *builder, struct err *err)
{
    if (builder->status != OK && err) {
        (void)err_copy(err, &builder->err);
    }
    return builder->status;
}

enum status segment_builder_put(struct segment_builder *builder, struct batch *batch, bool all,
                                int64_t inbox_id, struct err *err)
{
    enum status status = thread_start(builder, err);
    if (status != OK) {
        batch_free(batch);
        return status;
    }
    pthread_mutex_lock(&builder->lock);
    while (builder->n_queue == BUILDER_QUEUE_MAX) {
        pthread_cond_wait(&builder->changed, &builder->lock);
    }
    builder->queue[builder->n_queue++] = (struct job){batch, all, inbox_id};
    builder->queue_bytes += batch_bytes(batch);
    status = status_now(builder, err);
    pthread_cond_broadcast(&builder->changed);
    pthread_mutex_unlock(&builder->lock);
    return status;
}

struct batch *segment_builder_reclaim(struct segment_builder *builder)
{
    pthread_mutex_lock(&builder->lock);
    bool any = builder->done.count > 0;
    struct batch *batch = any ? builder->done.items[--builder->done.count] : NULL;
    pthread_mutex_unlock(&builder->lock);
    return batch ? batch : store_thread_reclaim(&builder->store);
}

size_t segment_builder_bytes(struct segment_builder *builder)
{
    pthread_mutex_lock(&builder->lock);
    size_t bytes = builder->queue_bytes;
    pthread_mutex_unlock(&builder->lock);
    return bytes + store_thread_bytes(&builder->store);
}

enum status segment_builder_wait(struct segment_builder *builder, struct err *err)
{
    pthread_mutex_lock(&builder->lock);
    while (builder->n_queue > 0 || builder->working) {
        pthread_cond_wait(&builder->changed, &builder->lock);
    }
    enum status status = status_now(builder, err);
    pthread_mutex_unlock(&builder->lock);
    return THEN(status, store_thread_wait(&builder->store, err));
}

enum status segment_builder_commit(struct segment_builder *builder, int64_t inbox_id,
                                   int64_t *counters, int64_t *unread_blocks, struct err *err)
{
    enum status status = segment_builder_wait(builder, err);
    for (size_t i = 0; status == OK && i < WRITER_POOL_MAX; i++) {
        struct writer_pool_entry *open = &builder->pool.writers[i];
        if (open->writer && (open->blocks > 0 || inbox_id > 0)) {
            status = segment_writer_commit(open->writer, builder->pool.archive_id, inbox_id, err);
            open->blocks = 0;
            open->inbox_high = inbox_id > open->inbox_high ? inbox_id : open->inbox_high;
        }
    }
    for (size_t i = 0; status == OK && i < EVENT_COUNTER_COUNT; i++) {
        counters[i] += builder->counters[i];
        builder->counters[i] = 0;
    }
    if (status == OK) {
        *unread_blocks += builder->pool.unread_blocks;
        builder->pool.unread_blocks = 0;
    }
    return status;
}

void segment_builder_free(struct segment_builder *builder)
{
    if (!builder) {
        return;
    }
    pthread_mutex_lock(&builder->lock);
    builder->stopping = true;
    pthread_cond_broadcast(&builder->changed);
    pthread_mutex_unlock(&builder->lock);
    if (builder->has_thread) {
        int rc = pthread_join(builder->thread, NULL);
        CHECK(rc == 0);
    }
    store_thread_fini(&builder->store);
    for (size_t i = 0; i < builder->n_queue; i++) {
        batch_free(builder->queue[i].batch);
    }
    for (size_t i = 0; i < builder->done.count; i++) {
        batch_free(builder->done.items[i]);
    }
    writer_pool_close(&builder->pool);
    vec_fini(&builder->done);
    (void)pthread_cond_destroy(&builder->changed);
    (void)pthread_mutex_destroy(&builder->lock);
    free(builder);
}
