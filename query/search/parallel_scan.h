/* The blocks of a day iterator's days, evaluated by as many threads as there are cores. A worker is
 * a thread with a handle and a plan of its own for the day it is at; workers take runs of blocks
 * from a day, begin further days when nothing is left to take, and help with a day that another one
 * has opened when no day is left. What they find is put together by the operations that the caller
 * gives.
 *
 * A day is what its first worker sees of it: later handles of the same file see all of those blocks
 * and perhaps more, which are left out. So a day is one snapshot, whoever looks at it. */
#ifndef QUERY_SEARCH_PARALLEL_SCAN_H
#define QUERY_SEARCH_PARALLEL_SCAN_H

#include "query/search/day_iterator.h"
#include "schema/base/ordered_work.h"

enum { PARALLEL_SCAN_WORKERS_MAX = ORDERED_WORK_WORKERS_MAX };

/* `worker` is what parallel_scan_options.workers has for the thread that calls. A failure ends the
 * scan.
 */
struct parallel_scan_ops {
    /* Events of the day that wait in the inbox and satisfy the query; called once a day. */
    enum status (*waiting)(void *worker, const struct day_iterator_day *day, struct err *err);
    /* The matches of a block, when there are any. */
    enum status (*block)(void *worker, struct plan *plan, const struct block_info *info,
                         const struct bitmap *map, struct err *err);
    /* May be NULL. The worker has done its part of the day; the plan may be NULL; `number` counts
     * days from 0, in the order of the iterator. */
    enum status (*leave)(void *worker, size_t number, struct plan *plan, struct err *err);
    /* May be NULL, else the days come in the order of the iterator. True when neither this block
     * nor any that comes after it in time can matter to what the worker has of the day. */
    bool (*is_enough)(const void *worker, const struct block_info *info);
    /* With is_enough: all of the day has been seen; called in the caller's thread, by days in
     * order. The plan is open until it returns (NULL: no segment). *out_stop: no further day is
     * wanted. */
    enum status (*day_done)(void *context, size_t number, const struct day_iterator_day *day,
                            bool *out_stop, struct err *err);
};

struct parallel_scan_options {
    const struct parallel_scan_ops *ops;
    void *workers[PARALLEL_SCAN_WORKERS_MAX];
    size_t n_workers;
    void *context;        /* of day_done */
    bool begins_with_few; /* a few blocks may be all that is needed: no second thread before that */
};

/* How many workers a scan over this iterator may have. */
size_t parallel_scan_workers(const struct day_iterator *iterator);

/* Goes over all days of the iterator, which must be new. Returns when all threads have ended. */
MUST_USE enum status parallel_scan_run(struct day_iterator *iterator,
                                       const struct parallel_scan_options *options,
                                       struct err *err);

#endif
