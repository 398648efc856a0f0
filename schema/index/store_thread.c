/* A queue and the thread behind it. After a failure it stores nothing more: what is still put is
 * given back, and who puts it is told. */
#include "schema/index/store_thread.h"

void store_thread_init(struct store_thread *store, const char *archive_id)
{
    *store = (struct store_thread){.archive_id = archive_id};
    (void)pthread_mutex_init(&store->lock, NULL);
    (void)pthread_cond_init(&store->changed, NULL);
}

/* Under the lock. */
static enum status status_now(const struct store_thread *store, struct err *err)
{
    if (store->status != OK && err) {
        (void)err_copy(err, &store->err);
    }
    return store->status;
}

/* Takes the next job; false: it is time to end. */
static bool next_job(struct store_thread *store, struct store_thread_job *out_job,
                     enum status *out_status)
{
    pthread_mutex_lock(&store->lock);
    while (store->n_queue == 0 && !store->stopping) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    bool any = !store->stopping;
    if (any) {
        *out_job = store->queue[0];
        *out_status = store->status;
        store->n_queue--;
        memmove(store->queue, store->queue + 1, store->n_queue * sizeof *store->queue);
        store->working = true;
        pthread_cond_broadcast(&store->changed);
    }
    pthread_mutex_unlock(&store->lock);
    return any;
}

static enum status run_job(const struct store_thread *store, const struct store_thread_job *job,
                           struct err *err)
{
    enum status status = segment_writer_store(job->writer, job->packed, err);
    return status == OK && job->commit
               ? segment_writer_commit(job->writer, store->archive_id, 0, err)
               : status;
}

static void *store_main(void *context)
{
    struct store_thread *store = context;
    struct store_thread_job job;
    enum status status = OK;
    while (next_job(store, &job, &status)) {
        size_t bytes = batch_bytes(job.batch);
        struct err err = {.text = ""};
        bool failed_before = status != OK;
        status = failed_before ? status : run_job(store, &job, &err);
        batch_clear(job.batch);
        pthread_mutex_lock(&store->lock);
        if (status != OK && !failed_before) {
            store->status = status;
            store->err = err;
        }
        if (!vec_push(&store->done, job.batch)) {
            batch_free(job.batch);
        }
        store->spare[store->n_spare++] = job.packed;
        store->bytes -= bytes;
        store->working = false;
        pthread_cond_broadcast(&store->changed);
        pthread_mutex_unlock(&store->lock);
    }
    return NULL;
}

enum status store_thread_take(struct store_thread *store, struct block_pack_made **out_packed,
                              struct err *err)
{
    struct block_pack_made *packed = NULL;
    pthread_mutex_lock(&store->lock);
    enum status status = status_now(store, err);
    if (status == OK && store->n_spare > 0) {
        packed = store->spare[--store->n_spare];
    }
    pthread_mutex_unlock(&store->lock);
    if (status == OK && !packed && !(packed = segment_writer_made_new())) {
        return err_nomem(err, "index");
    }
    if (status == OK) {
        *out_packed = packed;
    }
    return status;
}

static enum status thread_start(struct store_thread *store, struct err *err)
{
    if (store->has_thread) {
        return OK;
    }
    int failed = pthread_create(&store->thread, NULL, store_main, store);
    store->has_thread = failed == 0;
    return failed ? err_errno(err, failed, "index thread") : OK;
}

enum status store_thread_put(struct store_thread *store, const struct store_thread_job *job,
                             struct err *err)
{
    enum status status = thread_start(store, err);
    if (status != OK) {
        segment_writer_made_free(job->packed);
        batch_free(job->batch);
        return status;
    }
    pthread_mutex_lock(&store->lock);
    while (store->n_queue == STORE_THREAD_QUEUE_MAX) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    store->queue[store->n_queue++] = *job;
    store->bytes += batch_bytes(job->batch);
    status = status_now(store, err);
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    return status;
}

enum status store_thread_wait(struct store_thread *store, struct err *err)
{
    pthread_mutex_lock(&store->lock);
    while (store->n_queue > 0 || store->working) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    enum status status = status_now(store, err);
    pthread_mutex_unlock(&store->lock);
    return status;
}

struct batch *store_thread_reclaim(struct store_thread *store)
{
    pthread_mutex_lock(&store->lock);
    bool any = store->done.count > 0;
    struct batch *batch = any ? store->done.items[--store->done.count] : NULL;
    pthread_mutex_unlock(&store->lock);
    return batch;
}

size_t store_thread_bytes(struct store_thread *store)
{
    pthread_mutex_lock(&store->lock);
    size_t bytes = store->bytes;
    pthread_mutex_unlock(&store->lock);
    return bytes;
}

void store_thread_fini(struct store_thread *store)
{
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    if (store->has_thread) {
        int rc = pthread_join(store->thread, NULL);
        CHECK(rc == 0);
    }
    for (size_t i = 0; i < store->n_queue; i++) {
        segment_writer_made_free(store->queue[i].packed);
        batch_free(store->queue[i].batch);
    }
    for (size_t i = 0; i < store->n_spare; i++) {
        segment_writer_made_free(store->spare[i]);
    }
    for (struct batch *batch; (batch = store_thread_reclaim(store)) != NULL;) {
        batch_free(batch);
    }
    vec_fini(&store->done);
    (void)pthread_cond_destroy(&store->changed);
    (void)pthread_mutex_destroy(&store->lock);
}
