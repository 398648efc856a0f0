/* A queue, a thread, and a list of what is done, which is kept short: unpacked bodies are memory
 * that the loop has not counted yet. */
#include "daemon/receive/unpacker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "schema/base/lock.h"

enum { DONE_MAX = 2, SENDER_BYTES = 80 };

struct unpacker {
    /* immutable after start */
    pthread_t thread;
    int done_fd;

    /* guarded by lock */
    struct lock lock;
    struct condition changed;
    struct unpacker_job *waiting GUARDED_BY(lock);
    struct unpacker_job *done GUARDED_BY(lock);
    size_t n_done GUARDED_BY(lock);
    bool stopping GUARDED_BY(lock);

    /* the thread's */
    struct content_encoding *decoder;
    char last[SENDER_BYTES]; /* whom it served */
};

/* The first of another sender than the last, else the first. */
static struct unpacker_job *pick(struct unpacker *unpacker) REQUIRES(unpacker->lock)
{
    struct unpacker_job **at = &unpacker->waiting;
    while (*at && strncmp((*at)->sender, unpacker->last, sizeof unpacker->last - 1) == 0) {
        at = &(*at)->next;
    }
    at = *at ? at : &unpacker->waiting;
    struct unpacker_job *job = *at;
    *at = job->next;
    strncpy(unpacker->last, job->sender, sizeof unpacker->last - 1);
    return job;
}

static void hand_back(struct unpacker *unpacker, struct unpacker_job *job)
{
    uint64_t one = 1;
    lock_take(&unpacker->lock);
    job->next = unpacker->done;
    unpacker->done = job;
    unpacker->n_done++;
    lock_drop(&unpacker->lock);
    CHECK(write(unpacker->done_fd, &one, sizeof one) == sizeof one);
}

/* NULL: the end. */
static struct unpacker_job *next_job(struct unpacker *unpacker)
{
    struct unpacker_job *job = NULL;
    lock_take(&unpacker->lock);
    while (!unpacker->stopping && (!unpacker->waiting || unpacker->n_done >= DONE_MAX)) {
        condition_wait(&unpacker->changed, &unpacker->lock);
    }
    if (!unpacker->stopping) {
        job = pick(unpacker);
    }
    lock_drop(&unpacker->lock);
    return job;
}

static void *unpacker_main(void *context)
{
    struct unpacker *unpacker = context;
    for (struct unpacker_job *job; (job = next_job(unpacker)) != NULL;) {
        job->status = content_encoding_decode(unpacker->decoder, job->encoding, job->packed,
                                              job->bytes_max, job->out, NULL);
        hand_back(unpacker, job);
    }
    return NULL;
}

enum status unpacker_start(struct unpacker **out_unpacker, struct err *err)
{
    struct unpacker *unpacker = calloc(1, sizeof *unpacker);
    if (!unpacker) {
        return err_nomem(err, "receive");
    }
    lock_init(&unpacker->lock);
    condition_init(&unpacker->changed);
    unpacker->decoder = content_encoding_new();
    unpacker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum status status = !unpacker->decoder      ? err_nomem(err, "receive")
                         : unpacker->done_fd < 0 ? err_errno(err, errno, "eventfd")
                                                 : OK;
    if (status == OK) {
        int failed = pthread_create(&unpacker->thread, NULL, unpacker_main, unpacker);
        status = failed ? err_errno(err, failed, "unpacking thread") : OK;
    }
    if (status != OK) {
        unpacker_free(unpacker);
        return status;
    }
    *out_unpacker = unpacker;
    return OK;
}

void unpacker_stop(struct unpacker *unpacker)
{
    if (!unpacker) {
        return;
    }
    lock_take(&unpacker->lock);
    unpacker->stopping = true;
    condition_signal(&unpacker->changed);
    lock_drop(&unpacker->lock);
    CHECK(pthread_join(unpacker->thread, NULL) == 0);
    lock_take(&unpacker->lock);
    struct unpacker_job *left = unpacker->waiting;
    unpacker->waiting = NULL;
    lock_drop(&unpacker->lock);
    for (struct unpacker_job *next; left; left = next) {
        next = left->next;
        left->status = ERR_STOPPED;
        hand_back(unpacker, left);
    }
}

void unpacker_free(struct unpacker *unpacker)
{
    if (!unpacker) {
        return;
    }
    if (unpacker->done_fd >= 0) {
        (void)close(unpacker->done_fd);
    }
    content_encoding_free(unpacker->decoder);
    condition_fini(&unpacker->changed);
    lock_fini(&unpacker->lock);
    free(unpacker);
}

void unpacker_submit(struct unpacker *unpacker, struct unpacker_job *job)
{
    job->next = NULL;
    lock_take(&unpacker->lock);
    struct unpacker_job **end = &unpacker->waiting;
    while (*end) {
        end = &(*end)->next;
    }
    *end = job;
    condition_signal(&unpacker->changed);
    lock_drop(&unpacker->lock);
}

int unpacker_done_fd(const struct unpacker *unpacker)
{
    return unpacker->done_fd;
}

struct unpacker_job *unpacker_take_done(struct unpacker *unpacker)
{
    uint64_t count;
    ssize_t got = read(unpacker->done_fd, &count, sizeof count);
    CHECK(got == sizeof count || errno == EAGAIN);
    lock_take(&unpacker->lock);
    struct unpacker_job *jobs = unpacker->done;
    unpacker->done = NULL;
    unpacker->n_done = 0;
    condition_signal(&unpacker->changed);
    lock_drop(&unpacker->lock);
    return jobs;
}
