/* Work on a row of things by several threads, taken in the order in which it was given. A ring of
 * slots goes round: the caller fills the next free one and gives it; some thread works on it; the
 * caller takes the oldest when it is done, and empties it. The caller's thread is a worker, too,
 * while it waits for the oldest. So what is under way is bounded by the slots, and what comes out
 * is the same whichever thread did it.
 *
 * All functions are for the caller's thread. A slot is the caller's until it is given and from when
 * it is taken, and else of the one thread that works on it. */
#ifndef SCHEMA_BASE_ORDERED_WORK_H
#define SCHEMA_BASE_ORDERED_WORK_H

#include <stddef.h>

#include "schema/base/err.h"

enum { ORDERED_WORK_WORKERS_MAX = 4 };

struct ordered_work;

struct ordered_work_options {
    /* What is done with a slot. It keeps its outcome, good or bad, in the slot. */
    void (*work)(void *worker, void *slot);
    void *workers[ORDERED_WORK_WORKERS_MAX]; /* one a thread; the first is the caller's */
    size_t n_workers;
    void *slots; /* an array of the caller's, which outlives the work */
    size_t n_slots;
    size_t slot_bytes;
};

/* How many threads to work with: `wanted`, or as many as this process has cores (0), but no more
 * than ORDERED_WORK_WORKERS_MAX. */
size_t ordered_work_threads(size_t wanted);

MUST_USE enum status ordered_work_new(const struct ordered_work_options *options,
                                      struct ordered_work **out_work, struct err *err);
/* Waits for what is worked on; what nobody has begun is left. NULL is fine. */
void ordered_work_free(struct ordered_work *work);

/* How many slots are given and not taken. */
size_t ordered_work_count(const struct ordered_work *work);

/* The slot that is given next; NULL: all are in use, of which the one taken last is one. */
void *ordered_work_next(struct ordered_work *work);
/* Gives it. Threads begin when a second slot is under way. */
void ordered_work_give(struct ordered_work *work);

/* The oldest slot, when it is done; the caller's until the next call of this. NULL: none is under
 * way. */
void *ordered_work_take(struct ordered_work *work);

#endif
