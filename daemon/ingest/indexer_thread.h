/* The thread that moves the inbox into segments: when there is enough for full blocks, when the
 * oldest request has waited long enough, when asked, and once at start for what a run before left.
 * It owns the indexer; what a run leaves to be written into the catalogue goes to the writer. */
#ifndef DAEMON_INGEST_INDEXER_THREAD_H
#define DAEMON_INGEST_INDEXER_THREAD_H

#include "daemon/ingest/writer.h"

struct indexer_thread;

enum { INDEXER_THREAD_LISTENERS_MAX = 2 };

/* Work on the archive's days that must not meet a writer. */
struct indexer_thread_guest {
    bool (*look)(void *context); /* true: there is something to do; reads only */
    void (*act)(void *context);  /* no segment is open for writing */
    void *context;
    int64_t every_us; /* 0: no guest */
};

struct indexer_thread_options {
    const char *dir;
    int compression_level;
    int64_t max_wait_us;    /* the oldest request waits at most this long */
    int64_t merge_after_us; /* its end, a day is merged (schema/index/merger.h) */
    struct writer *writer;
    struct health *health;
    struct wakeup
        *wakeup; /* its own: WAKEUP_WORK looks again, WAKEUP_NOW indexes all that is there */
    /* Of those that go on from there (NULL: none): WAKEUP_WORK after a run, WAKEUP_NOW passed on.
     */
    struct wakeup *next[INDEXER_THREAD_LISTENERS_MAX];
    /* Asked on this thread at the start, every so often and at WAKEUP_NOW, after a run that took
     * all that had come and was settled: no event is in a segment and in the inbox, too. */
    struct indexer_thread_guest guest;
};

/* The pointers must outlive the thread. */
MUST_USE enum status indexer_thread_start(const struct indexer_thread_options *options,
                                          struct indexer_thread **out_thread, struct err *err);
/* Ends the run that goes on, joins, frees. The writer must still run. NULL is fine. */
void indexer_thread_stop(struct indexer_thread *thread);

#endif
