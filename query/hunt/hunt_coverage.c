#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

bool hunt_coverage_add(struct hunt_coverage_builder *coverage, int64_t day_us, int64_t block,
                       const struct digest *sha256)
{
    return vec_push(&coverage->parts, (struct hunt_part){day_us, block, *sha256});
}

void hunt_coverage_times(struct hunt_coverage_builder *coverage, int64_t events, int64_t first_us,
                         int64_t last_us)
{
    if (events > 0) {
        bool first = coverage->events == 0;
        coverage->first_us = first || first_us < coverage->first_us ? first_us : coverage->first_us;
        coverage->last_us = first || last_us > coverage->last_us ? last_us : coverage->last_us;
        coverage->events += events;
    }
}

bool hunt_coverage_merge(struct hunt_coverage_builder *into,
                         const struct hunt_coverage_builder *from)
{
    if (!vec_push_all(&into->parts, from->parts.items, from->parts.count)) {
        return false;
    }
    hunt_coverage_times(into, from->events, from->first_us, from->last_us);
    into->waiting += from->waiting;
    return true;
}

static int by_day(const void *a, const void *b)
{
    const struct hunt_part *x = a;
    const struct hunt_part *y = b;
    if (x->day_us != y->day_us) {
        return x->day_us < y->day_us ? -1 : 1;
    }
    if (x->block != y->block) {
        return x->block < y->block ? -1 : 1;
    }
    return memcmp(x->sha256.bytes, y->sha256.bytes, sizeof x->sha256.bytes);
}

/* Days, and the empty days between them. */
static bool count_days(const struct hunt_coverage_builder *coverage, struct hunt_coverage *out)
{
    out->gaps = calloc(coverage->parts.count + 1, sizeof *out->gaps);
    if (!out->gaps) {
        return false;
    }
    for (size_t i = 0; i < coverage->parts.count; i++) {
        int64_t day_us = coverage->parts.items[i].day_us;
        int64_t next_us = i > 0 ? coverage->parts.items[i - 1].day_us + CLOCK_DAY_US : day_us;
        out->days += i == 0 || day_us >= next_us;
        if (day_us > next_us) {
            out->gaps[out->n_gaps++] =
                (struct hunt_gap){next_us, (day_us - next_us) / CLOCK_DAY_US};
        }
    }
    return true;
}

bool hunt_coverage_end(struct hunt_coverage_builder *coverage, struct hunt_coverage *out)
{
    vec_sort(&coverage->parts, by_day);
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return false;
    }
    for (size_t i = 0; i < coverage->parts.count; i++) {
        digest_stream_add(stream,
                          span_of(coverage->parts.items[i].sha256.bytes, DIGEST_SHA256_BYTES));
    }
    out->sha256 = digest_stream_finish(stream);
    out->events = coverage->events;
    out->waiting = coverage->waiting;
    out->first_us = coverage->first_us;
    out->last_us = coverage->last_us;
    return count_days(coverage, out);
}

void hunt_coverage_fini(struct hunt_coverage_builder *coverage)
{
    vec_fini(&coverage->parts);
    *coverage = (struct hunt_coverage_builder){0};
}
