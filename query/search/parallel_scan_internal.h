/* What the workers of a scan share. Part of query/search/parallel_scan.c and
 * query/search/parallel_scan_day.c. */
#ifndef QUERY_SEARCH_PARALLEL_SCAN_INTERNAL_H
#define QUERY_SEARCH_PARALLEL_SCAN_INTERNAL_H

#include "query/search/parallel_scan.h"
#include "schema/base/lock.h"

/* No day. */
#define PARALLEL_SCAN_NONE SIZE_MAX

enum parallel_scan_state {
    PARALLEL_SCAN_NEW,     /* no worker has begun with it */
    PARALLEL_SCAN_OPENING, /* its first worker opens it */
    PARALLEL_SCAN_OPEN /* blocks can be taken; all of it is seen when none is left and no worker is
                        * at it
                        */
};

struct parallel_scan_day {
    enum parallel_scan_state state;
    size_t n_blocks; /* of the first worker's snapshot */
    uint32_t
        *order;  /* the blocks' indexes, as they are to be asked; set before PARALLEL_SCAN_OPEN */
    size_t next; /* place in order from which on blocks are free */
    size_t end;  /* places from here on are not wanted */
    size_t taken_last;            /* how many blocks were taken at once */
    size_t n_workers;             /* that have it open */
    bool is_gone;                 /* its file was deleted: no one else can open it */
    size_t file;                  /* whose leaves it needs */
    struct day_iterator_day left; /* what waits, and the plan of the first worker to leave */
};

/* What was looked up in a file of one or several days: of the first worker that opened it. */
struct parallel_scan_file {
    struct plan_leaves *leaves;
    bool is_opening; /* some worker looks it up */
    bool is_merged;  /* the leaves stay for its other days */
};

/* One thread, and the day it has open; the plan stays from day to day of a merged file. */
struct parallel_scan;
struct parallel_scan_worker {
    struct parallel_scan *scan;
    void *own; /* what the operations get */
    size_t which;
    size_t number; /* of the day, or PARALLEL_SCAN_NONE */
    struct plan *plan;
    size_t from; /* places that it has taken */
    size_t to;
};

struct parallel_scan {
    /* immutable while workers are at work */
    struct day_iterator *iterator;
    const struct parallel_scan_options *options;
    const int64_t *days_us;
    size_t n_days;
    struct parallel_scan_worker
        workers[PARALLEL_SCAN_WORKERS_MAX]; /* each its thread's; the first the caller's */

    /* the caller's thread alone */
    pthread_t threads[PARALLEL_SCAN_WORKERS_MAX];
    size_t n_threads; /* besides the caller */
    bool tried_threads;
    struct plan *shown; /* the plan of a merged file, whose days are being shown */

    /* guarded by lock */
    struct lock lock;
    struct condition changed;
    struct parallel_scan_day *days GUARDED_BY(lock);
    struct parallel_scan_file *files GUARDED_BY(lock); /* by day_iterator_day_file */
    size_t first_new GUARDED_BY(lock);                 /* days before it are begun */
    size_t first_undone GUARDED_BY(lock);              /* days before it went to day_done */
    size_t blocks_taken GUARDED_BY(lock);
    int64_t events_done GUARDED_BY(lock);
    double days_done GUARDED_BY(lock);
    bool stopped GUARDED_BY(lock);
    size_t failed_day GUARDED_BY(lock); /* the first that failed, and how */
    enum status status GUARDED_BY(lock);
    struct err err GUARDED_BY(lock);
};

/* Opens the worker's day: as its first worker, with what waits and the order of the blocks, or as
 * one more. */
MUST_USE enum status parallel_scan_day_open(struct parallel_scan_worker *worker, struct err *err);
MUST_USE enum status parallel_scan_day_join(struct parallel_scan_worker *worker, struct err *err);
/* Asks the blocks that the worker has taken. */
MUST_USE enum status parallel_scan_day_blocks(struct parallel_scan_worker *worker, struct err *err);
/* Ends the worker's part of the day, at which it has seen all that it took. */
MUST_USE enum status parallel_scan_day_leave(struct parallel_scan_worker *worker, struct err *err);

#endif
