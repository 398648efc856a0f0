#include "query/aggregate.h"

#include <stdlib.h>

enum status aggregate_count(struct walk *walk, int64_t *out_count, struct err *err)
{
    int64_t total = 0;
    for (;;) {
        struct walk_day day;
        bool end;
        enum status status = walk_next(walk, &day, &end, err);
        if (status != OK) {
            return status;
        }
        if (end) {
            *out_count = total;
            return OK;
        }
        total += (int64_t)day.n_waiting;
        size_t n_blocks = 0;
        const struct block_info *blocks =
            day.plan ? segment_blocks(plan_segment(day.plan), &n_blocks) : NULL;
        for (size_t i = 0; i < n_blocks; i++) {
            struct bitmap map;
            status =
                plan_eval(day.plan, &blocks[i], walk_from_us(walk), walk_to_us(walk), &map, err);
            if (status != OK) {
                return status;
            }
            total += (int64_t)bitmap_count(&map);
        }
    }
}

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
    if (size > HISTOGRAM_BUCKETS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d buckets: take longer ones, or a shorter time",
                       HISTOGRAM_BUCKETS_MAX);
    }
    int64_t base = first - size / 2;
    size_t capacity = (size_t)size * 2 + 1;
    int64_t *counts = calloc(capacity, sizeof *counts);
    if (!counts) {
        return err_set(err, ERR_NOMEM, "histogram: out of memory");
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
    while (buckets->automatic && last - first >= HISTOGRAM_AUTO_BUCKETS &&
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

static enum status histogram_block(struct walk *walk, struct plan *plan,
                                   const struct block_info *info, struct buckets *buckets,
                                   struct err *err)
{
    struct bitmap map;
    enum status status = plan_eval(plan, info, walk_from_us(walk), walk_to_us(walk), &map, err);
    if (status != OK || bitmap_is_empty(&map)) {
        return status;
    }
    if (!buckets->automatic && floor_div(info->time_min_us, buckets->bucket_us) ==
                                   floor_div(info->time_max_us, buckets->bucket_us)) {
        return buckets_add(buckets, info->time_min_us, (int64_t)bitmap_count(&map), err);
    }
    const int64_t *times_us;
    status = view_times(plan_view(plan), &times_us, err);
    if (status == OK) {
        BITMAP_EACH(&map, slot)
        {
            status = buckets_add(buckets, times_us[slot], 1, err);
            if (status != OK) {
                return status;
            }
        }
    }
    return status;
}

static enum status histogram_day(struct walk *walk, const struct walk_day *day,
                                 struct buckets *buckets, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        status = buckets_add(buckets, day->waiting[i]->event.time_us, 1, err);
    }
    size_t n_blocks = 0;
    const struct block_info *blocks =
        day->plan ? segment_blocks(plan_segment(day->plan), &n_blocks) : NULL;
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        status = histogram_block(walk, day->plan, &blocks[i], buckets, err);
    }
    return status;
}

enum status aggregate_histogram(struct walk *walk, int64_t bucket_us,
                                struct histogram *out_histogram, struct err *err)
{
    struct buckets buckets = {.bucket_us = bucket_us > 0 ? bucket_us : CLOCK_SECOND_US,
                              .automatic = bucket_us <= 0,
                              .last = -1};
    enum status status = OK;
    for (bool end = false; status == OK && !end;) {
        struct walk_day day;
        status = walk_next(walk, &day, &end, err);
        if (status == OK && !end) {
            status = histogram_day(walk, &day, &buckets, err);
        }
    }
    if (status != OK) {
        free(buckets.counts);
        return status;
    }
    size_t n_buckets = (size_t)(buckets.last - buckets.first + 1);
    if (n_buckets > HISTOGRAM_BUCKETS_MAX) {
        free(buckets.counts);
        return err_set(err, ERR_LIMIT, "more than %d buckets: take longer ones, or a shorter time",
                       HISTOGRAM_BUCKETS_MAX);
    }
    if (n_buckets > 0) {
        memmove(buckets.counts, buckets.counts + (buckets.first - buckets.base),
                n_buckets * sizeof *buckets.counts);
    }
    *out_histogram = (struct histogram){.start_us = buckets.first * buckets.bucket_us,
                                        .bucket_us = buckets.bucket_us,
                                        .counts = buckets.counts,
                                        .n_buckets = n_buckets,
                                        .total = buckets.total};
    return OK;
}

void histogram_fini(struct histogram *histogram)
{
    free(histogram->counts);
    *histogram = (struct histogram){0};
}
