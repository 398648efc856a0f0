#include <stdlib.h>

#include "query/hunt/hunt_internal.h"

enum { SEEN_MIN = 256 };

bool hunt_coverage_add(struct hunt_coverage_builder *seen, int64_t day_us, int64_t block,
                       const struct digest *sha256)
{
    if (seen->count == seen->capacity) {
        size_t capacity = seen->capacity ? seen->capacity * 2 : SEEN_MIN;
        struct hunt_part *parts = realloc(seen->parts, capacity * sizeof *parts);
        if (!parts) {
            return false;
        }
        seen->parts = parts;
        seen->capacity = capacity;
    }
    seen->parts[seen->count++] = (struct hunt_part){day_us, block, *sha256};
    return true;
}

void hunt_coverage_times(struct hunt_coverage_builder *seen, int64_t events, int64_t first_us,
                         int64_t last_us)
{
    if (events > 0) {
        bool first = seen->events == 0;
        seen->first_us = first || first_us < seen->first_us ? first_us : seen->first_us;
        seen->last_us = first || last_us > seen->last_us ? last_us : seen->last_us;
        seen->events += events;
    }
}

bool hunt_coverage_merge(struct hunt_coverage_builder *into,
                         const struct hunt_coverage_builder *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct hunt_part *part = &from->parts[i];
        if (!hunt_coverage_add(into, part->day_us, part->block, &part->sha256)) {
            return false;
        }
    }
    hunt_coverage_times(into, from->events, from->first_us, from->last_us);
    into->waiting += from->waiting;
    return true;
}

static int by_place(const void *a, const void *b)
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
static bool count_days(const struct hunt_coverage_builder *seen, struct hunt_coverage *out)
{
    out->gaps = calloc(seen->count + 1, sizeof *out->gaps);
    if (!out->gaps) {
        return false;
    }
    for (size_t i = 0; i < seen->count; i++) {
        int64_t day_us = seen->parts[i].day_us;
        int64_t next_us = i > 0 ? seen->parts[i - 1].day_us + CLOCK_DAY_US : day_us;
        out->days += i == 0 || day_us >= next_us;
        if (day_us > next_us) {
            out->gaps[out->n_gaps++] =
                (struct hunt_gap){next_us, (day_us - next_us) / CLOCK_DAY_US};
        }
    }
    return true;
}

bool hunt_coverage_end(struct hunt_coverage_builder *seen, struct hunt_coverage *out)
{
    if (seen->count > 0) {
        qsort(seen->parts, seen->count, sizeof *seen->parts, by_place);
    }
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return false;
    }
    for (size_t i = 0; i < seen->count; i++) {
        digest_stream_add(stream, span_of(seen->parts[i].sha256.bytes, DIGEST_SHA256_BYTES));
    }
    out->sha256 = digest_stream_finish(stream);
    out->events = seen->events;
    out->waiting = seen->waiting;
    out->first_us = seen->first_us;
    out->last_us = seen->last_us;
    return count_days(seen, out);
}

void hunt_coverage_fini(struct hunt_coverage_builder *seen)
{
    free(seen->parts);
    *seen = (struct hunt_coverage_builder){0};
}
