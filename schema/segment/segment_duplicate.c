/* The question whether a segment holds an event already. */
#include <stdlib.h>

#include "schema/block/batch.h"
#include "schema/segment/segment_internal.h"

/* A batch of events by identity hash: chains in an open table, with a bitmap in front that turns
 * most of a block's hashes away at once. */
enum { KNOWN_BUCKETS = 8192, KNOWN_FILTER_BITS = 1 << 18 };

struct duplicate_check {
    const struct event *events;
    const uint32_t *hashes;
    size_t count;
    int64_t time_min_us;
    int64_t time_max_us;
    bool any_arrival; /* some event has no time of its own: every block can hold it */
    uint64_t filter[KNOWN_FILTER_BITS / 64];
    uint16_t first[KNOWN_BUCKETS]; /* index + 1 */
    uint16_t next[BLOCK_EVENTS_MAX];
    struct arena arena;
};

static struct duplicate_check *known_new(const struct event *events, const uint32_t *hashes,
                                         size_t count)
{
    CHECK(count <= BLOCK_EVENTS_MAX);
    struct duplicate_check *known = calloc(1, sizeof *known);
    if (!known) {
        return NULL;
    }
    known->events = events;
    known->hashes = hashes;
    known->count = count;
    known->time_min_us = INT64_MAX;
    known->time_max_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = hashes[i];
        uint32_t bit = hash % KNOWN_FILTER_BITS;
        known->filter[bit / 64] |= UINT64_C(1) << bit % 64;
        known->next[i] = known->first[hash % KNOWN_BUCKETS];
        known->first[hash % KNOWN_BUCKETS] = (uint16_t)(i + 1);
        known->any_arrival |= events[i].time_is_arrival;
        int64_t time_us = events[i].time_us;
        known->time_min_us = time_us < known->time_min_us ? time_us : known->time_min_us;
        known->time_max_us = time_us > known->time_max_us ? time_us : known->time_max_us;
    }
    return known;
}

static enum status known_compare(struct segment *segment, struct duplicate_check *known,
                                 int64_t block, size_t slot, size_t i, const int64_t *arrivals_us,
                                 struct bitmap *out_known, struct err *err)
{
    enum status status = segment_lines(segment, block, &segment->lines, err);
    if (status != OK) {
        return status;
    }
    struct event stored;
    arena_reset(&known->arena);
    if (!event_parse(block_line(&segment->lines, slot), arrivals_us[slot], &known->arena,
                     &stored)) {
        return segment_corrupt(segment, block, err);
    }
    if (event_same(&known->events[i], &stored)) {
        bitmap_set(out_known, i);
    }
    return OK;
}

static enum status known_in_block(struct segment *segment, struct duplicate_check *known,
                                  const struct block_info *info, struct bitmap *out_known,
                                  struct err *err)
{
    uint32_t hashes[BLOCK_EVENTS_MAX];
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t arrivals_us[BLOCK_EVENTS_MAX];
    bool have_times = false;
    enum status status = segment_identities(segment, info->id, hashes, err);
    for (size_t slot = 0; status == OK && slot < info->n_events; slot++) {
        uint32_t hash = hashes[slot];
        uint32_t bit = hash % KNOWN_FILTER_BITS;
        if (!(known->filter[bit / 64] >> bit % 64 & 1)) {
            continue;
        }
        for (uint16_t at = known->first[hash % KNOWN_BUCKETS]; status == OK && at != 0;
             at = known->next[at - 1]) {
            size_t i = at - 1u;
            if (known->hashes[i] != hash || bitmap_get(out_known, i)) {
                continue;
            }
            if (!have_times) {
                status = segment_times(segment, info->id, times_us, err);
                status = THEN(status, segment_arrivals(segment, info->id, arrivals_us, err));
                have_times = true;
            }
            if (status == OK &&
                (known->events[i].time_is_arrival || known->events[i].time_us == times_us[slot])) {
                status =
                    known_compare(segment, known, info->id, slot, i, arrivals_us, out_known, err);
            }
        }
    }
    return status;
}

static bool is_unread(const struct segment *segment, int64_t block)
{
    for (size_t i = 0; i < segment->unread.count; i++) {
        if (segment->unread.items[i] == block) {
            return true;
        }
    }
    return false;
}

enum status segment_duplicate_events(struct segment *segment, const struct event *events,
                                     const uint32_t *hashes, size_t count, struct bitmap *out_known,
                                     struct err *err)
{
    memset(out_known, 0, sizeof *out_known);
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    if (count == 0 || n_blocks == 0) {
        return OK;
    }
    struct duplicate_check *known = known_new(events, hashes, count);
    if (!known) {
        return err_nomem(err, segment->path);
    }
    enum status status = OK;
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        const struct block_info *info = &blocks[i];
        bool may_have = known->any_arrival || (info->time_min_us <= known->time_max_us &&
                                               info->time_max_us >= known->time_min_us);
        if (may_have && !is_unread(segment, info->id)) {
            status = known_in_block(segment, known, info, out_known, err);
            status = status == ERR_CORRUPT ? OK : status; /* rather twice than not at all */
        }
    }
    arena_fini(&known->arena);
    free(known);
    return status;
}

enum status segment_duplicate_batch(struct segment *segment, const struct batch *batch,
                                    const struct bitmap *ask, struct bitmap *known, struct err *err)
{
    size_t count = 0;
    uint32_t hashes[BLOCK_EVENTS_MAX] = {0};
    uint16_t index[BLOCK_EVENTS_MAX];
    struct event *events = calloc(batch_count(batch) + 1, sizeof *events);
    if (!events) {
        return err_nomem(err, segment->path);
    }
    for (size_t i = 0; i < batch_count(batch); i++) {
        if (bitmap_get(ask, i)) {
            events[count] = batch_at(batch, i)->event;
            hashes[count] = batch_at(batch, i)->hash;
            index[count++] = (uint16_t)i;
        }
    }
    struct bitmap found = {0};
    enum status status = segment_duplicate_events(segment, events, hashes, count, &found, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        if (bitmap_get(&found, i)) {
            bitmap_set(known, index[i]);
        }
    }
    free(events);
    return status;
}
