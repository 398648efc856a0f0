/* A ring under one lock, held for moments only. Slots are numbered as they are given; number n is
 * at n modulo the size of the ring. Signals are left to the caller's thread, so that one of its
 * system calls is interrupted by them, as without other threads. */
#include "schema/base/ordered_work.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "schema/base/lock.h"

enum slot_state { SLOT_FREE, SLOT_GIVEN, SLOT_AT_WORK, SLOT_DONE };

struct worker {
    struct ordered_work *work;
    void *own;
};

struct ordered_work {
    /* immutable once threads are there */
    struct ordered_work_options options;
    struct worker workers[ORDERED_WORK_WORKERS_MAX];
    /* the caller's thread */
    pthread_t threads[ORDERED_WORK_WORKERS_MAX];
    size_t n_threads; /* besides the caller's */
    bool tried_threads;
    bool holds_one; /* the slot before `first`, taken last */
    size_t first;   /* the oldest that is under way */
    size_t end;     /* behind the youngest */
    /* guarded by lock */
    struct lock lock;
    struct condition changed;
    enum slot_state *states GUARDED_BY(lock);
    size_t begun GUARDED_BY(lock); /* slots before it are at work or done */
    size_t given GUARDED_BY(lock); /* `end`, as workers see it */
    bool stopping GUARDED_BY(lock);
};

size_t ordered_work_threads(size_t wanted)
{
    cpu_set_t cores;
    if (wanted == 0) {
        wanted = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;
    }
    return wanted < 1 ? 1 : wanted > ORDERED_WORK_WORKERS_MAX ? ORDERED_WORK_WORKERS_MAX : wanted;
}

enum status ordered_work_new(const struct ordered_work_options *options,
                             struct ordered_work **out_work, struct err *err)
{
    CHECK(options->n_workers >= 1 && options->n_workers <= ORDERED_WORK_WORKERS_MAX);
    CHECK(options->n_slots >= 2);
    struct ordered_work *work = calloc(1, sizeof *work);
    enum slot_state *states = calloc(options->n_slots, sizeof *states);
    if (!work || !states) {
        free(work);
        free(states);
        return err_nomem(err, "threads");
    }
    work->options = *options;
    work->states = states;
    lock_init(&work->lock);
    condition_init(&work->changed);
    for (size_t i = 0; i < options->n_workers; i++) {
        work->workers[i] = (struct worker){work, options->workers[i]};
    }
    *out_work = work;
    return OK;
}

void ordered_work_free(struct ordered_work *work)
{
    if (!work) {
        return;
    }
    lock_take(&work->lock);
    work->stopping = true;
    condition_broadcast(&work->changed);
    lock_drop(&work->lock);
    for (size_t i = 0; i < work->n_threads; i++) {
        CHECK(pthread_join(work->threads[i], NULL) == 0);
    }
    lock_fini(&work->lock);
    condition_fini(&work->changed);
    free(work->states);
    free(work);
}

static void *slot_at(const struct ordered_work *work, size_t number)
{
    return (char *)work->options.slots + number % work->options.n_slots * work->options.slot_bytes;
}

static enum slot_state *state_at(const struct ordered_work *work, size_t number)
{
    return &work->states[number % work->options.n_slots];
}

/* Works on the oldest slot that nobody has begun, or waits until something has changed. */
static void work_or_wait(struct ordered_work *work, const struct worker *worker)
    REQUIRES(work->lock)
{
    if (work->begun == work->given) {
        condition_wait(&work->changed, &work->lock);
        return;
    }
    size_t number = work->begun++;
    CHECK(*state_at(work, number) == SLOT_GIVEN);
    *state_at(work, number) = SLOT_AT_WORK;
    lock_drop(&work->lock);
    work->options.work(worker->own, slot_at(work, number));
    lock_take(&work->lock);
    *state_at(work, number) = SLOT_DONE;
    condition_broadcast(&work->changed);
}

static void *worker_main(void *context)
{
    const struct worker *worker = context;
    struct ordered_work *work = worker->work;
    lock_take(&work->lock);
    while (!work->stopping) {
        work_or_wait(work, worker);
    }
    lock_drop(&work->lock);
    return NULL;
}

/* The work gets done with fewer, too. */
static void begin_threads(struct ordered_work *work)
{
    sigset_t all;
    sigset_t before;
    work->tried_threads = true;
    (void)sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    while (work->n_threads + 1 < work->options.n_workers &&
           pthread_create(&work->threads[work->n_threads], NULL, worker_main,
                          &work->workers[work->n_threads + 1]) == 0) {
        work->n_threads++;
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

size_t ordered_work_count(const struct ordered_work *work)
{
    return work->end - work->first;
}

void *ordered_work_next(struct ordered_work *work)
{
    size_t in_use = ordered_work_count(work) + work->holds_one;
    return in_use < work->options.n_slots ? slot_at(work, work->end) : NULL;
}

void ordered_work_give(struct ordered_work *work)
{
    CHECK(ordered_work_next(work));
    lock_take(&work->lock);
    *state_at(work, work->end++) = SLOT_GIVEN;
    work->given = work->end;
    condition_signal(&work->changed);
    lock_drop(&work->lock);
    if (!work->tried_threads && ordered_work_count(work) > 1) {
        begin_threads(work);
    }
}

void *ordered_work_take(struct ordered_work *work)
{
    work->holds_one = false;
    if (ordered_work_count(work) == 0) {
        return NULL;
    }
    lock_take(&work->lock);
    while (*state_at(work, work->first) != SLOT_DONE) {
        work_or_wait(work, &work->workers[0]);
    }
    *state_at(work, work->first) = SLOT_FREE;
    lock_drop(&work->lock);
    work->holds_one = true;
    return slot_at(work, work->first++);
}
