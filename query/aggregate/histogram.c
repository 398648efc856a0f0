/* Each worker counts into buckets of its own, which are put together at the end. A block that lies
 * within one bucket is counted without its times: buckets only ever grow wider, along lengths that
 * divide each other, and so it stays within one. */
#include <stdlib.h>

#include "query/aggregate/aggregate.h"
#include "query/search/parallel_scan.h"
#include "schema/block/bitmap.h"

/* Counts by number of bucket, with room at both ends. With `automatic` the buckets are made wider
 * along a ladder of round lengths whenever there are too many. */
struct buckets {
    int64_t bucket_us;
    bool automatic;
    int64_t base; /* number of the bucket counts[0] stands for */
    size_t capacity;
    int64_t *counts;
    int64_t first; /* of the buckets in use; first > last: none yet */
    int64_t last;
    int64_t total;
};

static const int64_t ladder_s[] = {1,     10,    60,     300,     900,     3600,
                                   21600, 86400, 604800, 2419200, 31449600};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The next length that the one now divides; 0: none. */
static int64_t coarser(int64_t bucket_us)
{
    for (size_t i = 0; i < sizeof ladder_s / sizeof ladder_s[0]; i++) {
        int64_t us = ladder_s[i] * CLOCK_SECOND_US;
        if (us > bucket_us && us % bucket_us == 0) {
            return us;
        }
    }
    return 0;
}

/* Makes room from first to last. */
static enum status buckets_spread(struct buckets *buckets, int64_t first, int64_t last,
                                  struct err *err)
{
    int64_t size = last - first + 1;
    if (size > AGGREGATE_BUCKETS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d buckets: take longer ones, or a shorter time",
                       AGGREGATE_BUCKETS_MAX);
    }
    int64_t base = first - size / 2;
    size_t capacity = (size_t)size * 2 + 1;
    int64_t *counts = calloc(capacity, sizeof *counts);
    if (!counts) {
        return err_nomem(err, "histogram");
    }
    for (int64_t i = buckets->first; i <= buckets->last; i++) {
        counts[i - base] = buckets->counts[i - buckets->base];
    }
    free(buckets->counts);
    buckets->counts = counts;
    buckets->base = base;
    buckets->capacity = capacity;
    return OK;
}

static void buckets_coarsen(struct buckets *buckets, int64_t bucket_us)
{
    int64_t factor = bucket_us / buckets->bucket_us;
    int64_t base = floor_div(buckets->base, factor);
    /* Goes up in place: a wide bucket never lies behind the narrow ones it takes. */
    for (size_t i = 0; i < buckets->capacity; i++) {
        int64_t count = buckets->counts[i];
        buckets->counts[i] = 0;
        buckets->counts[floor_div(buckets->base + (int64_t)i, factor) - base] += count;
    }
    buckets->base = base;
    buckets->first = floor_div(buckets->first, factor);
    buckets->last = floor_div(buckets->last, factor);
    buckets->bucket_us = bucket_us;
}

static enum status buckets_add(struct buckets *buckets, int64_t time_us, int64_t count,
                               struct err *err)
{
    int64_t at = floor_div(time_us, buckets->bucket_us);
    bool none = buckets->first > buckets->last;
    int64_t first = none || at < buckets->first ? at : buckets->first;
    int64_t last = none || at > buckets->last ? at : buckets->last;
    int64_t wider = 0;
    while (buckets->automatic && last - first >= AGGREGATE_AUTO_BUCKETS &&
           (wider = coarser(buckets->bucket_us)) != 0) {
        int64_t factor = wider / buckets->bucket_us;
        buckets_coarsen(buckets, wider);
        at = floor_div(at, factor);
        first = floor_div(first, factor);
        last = floor_div(last, factor);
    }
    if (first < buckets->base || last >= buckets->base + (int64_t)buckets->capacity) {
        enum status status = buckets_spread(buckets, first, last, err);
        if (status != OK) {
            return status;
        }
    }
    buckets->first = first;
    buckets->last = last;
    buckets->counts[at - buckets->base] += count;
    buckets->total += count;
    return OK;
}

/* Adds the other one's counts, in the coarser of the two lengths. */
static enum status buckets_merge(struct buckets *buckets, struct buckets *other, struct err *err)
{
    enum status status = OK;
    if (other->first > other->last) {
        return OK;
    }
    if (other->bucket_us < buckets->bucket_us) {
        buckets_coarsen(other, buckets->bucket_us);
    } else if (other->bucket_us > buckets->bucket_us) {
        buckets_coarsen(buckets, other->bucket_us);
    }
    int64_t bucket_us = other->bucket_us; /* buckets may become coarser on the way */
    for (int64_t i = other->first; status == OK && i <= other->last; i++) {
        int64_t count = other->counts[i - other->base];
        status = count > 0 ? buckets_add(buckets, i * bucket_us, count, err) : OK;
    }
    return status;
}

static enum status histogram_waiting(void *worker, const struct day_iterator_day *day,
                                     struct err *err)
{
    struct buckets *buckets = worker;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        status = buckets_add(buckets, day->waiting[i]->event.time_us, 1, err);
    }
    return status;
}

/* Events mostly come in the order of time: those of one bucket are added together. */
static enum status add_times(struct buckets *buckets, const int64_t *times_us,
                             const struct bitmap *map, struct err *err)
{
    int64_t low_us = 0;
    int64_t high_us = 0;
    int64_t count = 0;
    enum status status = OK;
    BITMAP_EACH(map, slot)
    {
        int64_t time_us = times_us[slot];
        if (time_us < low_us || time_us >= high_us) {
            status = count > 0 ? buckets_add(buckets, low_us, count, err) : OK;
            if (status != OK) {
                return status;
            }
            low_us = floor_div(time_us, buckets->bucket_us) * buckets->bucket_us;
            high_us = low_us + buckets->bucket_us;
            count = 0;
        }
        count++;
    }
    return count > 0 ? buckets_add(buckets, low_us, count, err) : OK;
}

static enum status histogram_block(void *worker, struct plan *plan, const struct block_info *info,
                                   const struct bitmap *map, struct err *err)
{
    struct buckets *buckets = worker;
    if (floor_div(info->time_min_us, buckets->bucket_us) ==
        floor_div(info->time_max_us, buckets->bucket_us)) {
        return buckets_add(buckets, info->time_min_us, (int64_t)bitmap_count(map), err);
    }
    const int64_t *times_us;
    enum status status = block_view_times(plan_view(plan), &times_us, err);
    return THEN(status, add_times(buckets, times_us, map, err));
}

static enum status make_histogram(struct buckets *buckets,
                                  struct aggregate_histogram *out_histogram, struct err *err)
{
    size_t n_buckets = (size_t)(buckets->last - buckets->first + 1);
    if (n_buckets > AGGREGATE_BUCKETS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d buckets: take longer ones, or a shorter time",
                       AGGREGATE_BUCKETS_MAX);
    }
    if (n_buckets > 0) {
        memmove(buckets->counts, buckets->counts + (buckets->first - buckets->base),
                n_buckets * sizeof *buckets->counts);
    }
    *out_histogram = (struct aggregate_histogram){.start_us = buckets->first * buckets->bucket_us,
                                                  .bucket_us = buckets->bucket_us,
                                                  .counts = buckets->counts,
                                                  .n_buckets = n_buckets,
                                                  .total = buckets->total};
    buckets->counts = NULL;
    return OK;
}

enum status aggregate_histogram(struct day_iterator *iterator, int64_t bucket_us,
                                struct aggregate_histogram *out_histogram, struct err *err)
{
    static const struct parallel_scan_ops ops = {.waiting = histogram_waiting,
                                                 .block = histogram_block};
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator)};
    struct buckets workers[PARALLEL_SCAN_WORKERS_MAX];
    for (size_t i = 0; i < options.n_workers; i++) {
        workers[i] = (struct buckets){.bucket_us = bucket_us > 0 ? bucket_us : CLOCK_SECOND_US,
                                      .automatic = bucket_us <= 0,
                                      .last = -1};
        options.workers[i] = &workers[i];
    }
    enum status status = parallel_scan_run(iterator, &options, err);
    for (size_t i = 1; i < options.n_workers; i++) {
        status = THEN(status, buckets_merge(&workers[0], &workers[i], err));
        free(workers[i].counts);
    }
    status = THEN(status, make_histogram(&workers[0], out_histogram, err));
    free(workers[0].counts);
    return status;
}

void aggregate_histogram_fini(struct aggregate_histogram *histogram)
{
    free(histogram->counts);
    *histogram = (struct aggregate_histogram){0};
}
