/* The blocks of a day are asked in the order in which they can hold the wanted events; the places
 * of the matches are collected (with a limit, in a heap that says when the rest of the blocks
 * cannot matter), brought in order, and only then are their bytes unpacked, each block once for
 * SEARCH_RUN_CHUNK hits. Several threads collect (query/search/parallel_scan.h); days are shown one
 * after the other by the caller's.
 */
#include "query/search/search_run.h"

#include <stdlib.h>

#include "query/search/hit_heap.h"
#include "query/search/parallel_scan.h"
#include "schema/base/lock.h"
#include "schema/block/bitmap.h"

/* The bytes of up to SEARCH_RUN_CHUNK hits. */
struct search_chunk {
    struct arena arena;
    struct search_hit hits[SEARCH_RUN_CHUNK];
    size_t count;
};

/* What one worker has of the day it is at, and a day has of all its workers. */
struct search_worker {
    struct search_job *run;
    struct hit_heap heap;
};

struct search_job {
    const struct search_run_options *options;
    struct search_worker workers[PARALLEL_SCAN_WORKERS_MAX];
    struct lock lock;      /* guards days */
    struct hit_heap *days; /* by number */
    int64_t hits;
    bool stopped;
    struct search_chunk *chunk;
};

static enum status take_waiting(void *worker, const struct day_iterator_day *day, struct err *err)
{
    struct search_worker *own = worker;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        struct hit_heap_entry place = {day->waiting[i]->event.time_us, HIT_HEAP_INBOX, (uint32_t)i};
        status = hit_heap_add(&own->heap, place, err);
    }
    return status;
}

static enum status take_block(void *worker, struct plan *plan, const struct block_info *info,
                              const struct bitmap *map, struct err *err)
{
    struct search_worker *own = worker;
    const int64_t *times_us;
    enum status status = block_view_times(plan_view(plan), &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        struct hit_heap_entry place = {times_us[slot], info->id, (uint32_t)slot};
        status = hit_heap_add(&own->heap, place, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static bool is_enough(const void *worker, const struct block_info *info)
{
    const struct search_worker *own = worker;
    return hit_heap_is_closed_to(&own->heap, info->time_min_us, info->time_max_us);
}

/* A day's places are those of its workers together. */
static enum status leave_day(void *worker, size_t number, struct plan *plan, struct err *err)
{
    (void)plan;
    struct search_worker *own = worker;
    struct search_job *run = own->run;
    enum status status = OK;
    lock_take(&run->lock);
    for (size_t i = 0; status == OK && i < own->heap.count; i++) {
        status = hit_heap_add(&run->days[number], own->heap.items[i], err);
    }
    lock_drop(&run->lock);
    hit_heap_clear(&own->heap);
    return status;
}

static enum status fetch_hit(const struct day_iterator_day *day, const struct hit_heap_entry *place,
                             struct search_chunk *chunk, struct search_hit *hit, struct err *err)
{
    *hit =
        (struct search_hit){.time_us = place->time_us, .day_us = clock_day_start(place->time_us)};
    if (place->block == HIT_HEAP_INBOX) {
        const struct inbox_scan_event *waiting = day->waiting[place->slot];
        hit->in_inbox = true;
        hit->received_us = waiting->received_us;
        hit->raw = waiting->event.raw;
        hit->source = waiting->source;
        return OK;
    }
    hit->block = place->block;
    hit->slot = place->slot;
    struct span line;
    const int64_t *arrivals_us = NULL;
    enum status status = block_view_line(plan_view(day->plan), place->slot, &line, err);
    status = THEN(status, block_view_arrivals(plan_view(day->plan), &arrivals_us, err));
    if (status != OK) {
        return status;
    }
    hit->received_us = arrivals_us[place->slot];
    hit->raw = arena_copy(&chunk->arena, line);
    return hit->raw.data ? OK : err_nomem(err, "search");
}

/* Fetches block by block, each unpacked once. */
static enum status fetch_chunk(const struct day_iterator_day *day,
                               const struct hit_heap_entry *heap, struct search_chunk *chunk,
                               struct err *err)
{
    bool done[SEARCH_RUN_CHUNK] = {false};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < chunk->count; i++) {
        if (done[i]) {
            continue;
        }
        int64_t block = heap[i].block;
        if (block != HIT_HEAP_INBOX) {
            const struct block_info *info = segment_block(plan_segment(day->plan), block);
            CHECK(info);
            block_view_move(plan_view(day->plan), info);
        }
        for (size_t j = i; status == OK && j < chunk->count; j++) {
            if (!done[j] && heap[j].block == block) {
                status = fetch_hit(day, &heap[j], chunk, &chunk->hits[j], err);
                done[j] = true;
            }
        }
    }
    return status;
}

static enum status emit_day(void *context, size_t number, const struct day_iterator_day *day,
                            bool *out_stop, struct err *err)
{
    struct search_job *run = context;
    int64_t limit = run->options->limit;
    lock_take(&run->lock);
    struct hit_heap heap = run->days[number];
    run->days[number] = (struct hit_heap){0};
    lock_drop(&run->lock);
    hit_heap_sort(&heap);
    enum status status = OK;
    for (size_t at = 0; status == OK && !run->stopped && at < heap.count; at += run->chunk->count) {
        size_t left = heap.count - at;
        left = limit > 0 && left > (size_t)(limit - run->hits) ? (size_t)(limit - run->hits) : left;
        run->chunk->count = left < SEARCH_RUN_CHUNK ? left : SEARCH_RUN_CHUNK;
        arena_reset(&run->chunk->arena);
        status = fetch_chunk(day, heap.items + at, run->chunk, err);
        for (size_t i = 0; status == OK && !run->stopped && i < run->chunk->count; i++) {
            run->hits++;
            run->stopped = !run->options->each(run->options->context, &run->chunk->hits[i]) ||
                           (limit > 0 && run->hits == limit);
        }
    }
    hit_heap_fini(&heap);
    *out_stop = run->stopped;
    return status;
}

static enum status run_days(struct search_job *run, struct day_iterator *iterator, struct err *err)
{
    static const struct parallel_scan_ops ops = {.waiting = take_waiting,
                                                 .block = take_block,
                                                 .leave = leave_day,
                                                 .is_enough = is_enough,
                                                 .day_done = emit_day};
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator),
                                            .context = run,
                                            .begins_with_few = run->options->limit > 0};
    struct hit_heap none = {.limit = (size_t)run->options->limit,
                            .oldest_first = run->options->search.oldest_first};
    size_t n_days;
    (void)day_iterator_days(iterator, &n_days);
    run->days = calloc(n_days + 1, sizeof *run->days);
    run->chunk = calloc(1, sizeof *run->chunk);
    if (!run->days || !run->chunk) {
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < n_days; i++) {
        run->days[i] = none;
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        run->workers[i] = (struct search_worker){.run = run, .heap = none};
        options.workers[i] = &run->workers[i];
    }
    enum status status = parallel_scan_run(iterator, &options, err);
    for (size_t i = 0; i < n_days; i++) {
        hit_heap_fini(&run->days[i]);
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        hit_heap_fini(&run->workers[i].heap);
    }
    return status;
}

enum status search_run_query(struct day_iterator *iterator,
                             const struct search_run_options *options, int64_t *out_hits,
                             struct err *err)
{
    struct search_job run = {.options = options};
    lock_init(&run.lock);
    enum status status = run_days(&run, iterator, err);
    lock_fini(&run.lock);
    free(run.days);
    if (run.chunk) {
        arena_fini(&run.chunk->arena);
        free(run.chunk);
    }
    if (status == OK) {
        *out_hits = run.hits;
    }
    return status;
}
