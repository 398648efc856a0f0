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
    struct search_job *job;
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

static enum status add_inbox_hits(void *worker, const struct day_iterator_day *day, struct err *err)
{
    struct search_worker *own = worker;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        struct hit_heap_entry entry = {day->waiting[i]->event.time_us, HIT_HEAP_INBOX, (uint32_t)i};
        status = hit_heap_add(&own->heap, entry, err);
    }
    return status;
}

static enum status add_block_hits(void *worker, struct plan *plan, const struct block_info *info,
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
        struct hit_heap_entry entry = {times_us[slot], info->id, (uint32_t)slot};
        status = hit_heap_add(&own->heap, entry, err);
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
    struct search_job *job = own->job;
    enum status status = OK;
    lock_take(&job->lock);
    for (size_t i = 0; status == OK && i < own->heap.count; i++) {
        status = hit_heap_add(&job->days[number], own->heap.items[i], err);
    }
    lock_drop(&job->lock);
    hit_heap_clear(&own->heap);
    return status;
}

static enum status fetch_hit(const struct day_iterator_day *day, const struct hit_heap_entry *entry,
                             struct search_chunk *chunk, struct search_hit *hit, struct err *err)
{
    *hit =
        (struct search_hit){.time_us = entry->time_us, .day_us = clock_day_start(entry->time_us)};
    if (entry->block == HIT_HEAP_INBOX) {
        const struct inbox_scan_event *waiting = day->waiting[entry->slot];
        hit->in_inbox = true;
        hit->received_us = waiting->received_us;
        hit->raw = waiting->event.raw;
        hit->source = waiting->source;
        return OK;
    }
    hit->block = entry->block;
    hit->number = segment_block(plan_segment(day->plan), entry->block)->number;
    hit->slot = entry->slot;
    struct span line;
    const int64_t *arrivals_us = NULL;
    enum status status = block_view_line(plan_view(day->plan), entry->slot, &line, err);
    status = THEN(status, block_view_arrivals(plan_view(day->plan), &arrivals_us, err));
    if (status != OK) {
        return status;
    }
    hit->received_us = arrivals_us[entry->slot];
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
    struct search_job *job = context;
    int64_t limit = job->options->limit;
    lock_take(&job->lock);
    struct hit_heap heap = job->days[number];
    job->days[number] = (struct hit_heap){0};
    lock_drop(&job->lock);
    hit_heap_sort(&heap);
    enum status status = OK;
    for (size_t at = 0; status == OK && !job->stopped && at < heap.count; at += job->chunk->count) {
        size_t left = heap.count - at;
        left = limit > 0 && left > (size_t)(limit - job->hits) ? (size_t)(limit - job->hits) : left;
        job->chunk->count = left < SEARCH_RUN_CHUNK ? left : SEARCH_RUN_CHUNK;
        arena_reset(&job->chunk->arena);
        status = fetch_chunk(day, heap.items + at, job->chunk, err);
        for (size_t i = 0; status == OK && !job->stopped && i < job->chunk->count; i++) {
            job->hits++;
            job->stopped = !job->options->each(job->options->context, &job->chunk->hits[i]) ||
                           (limit > 0 && job->hits == limit);
        }
    }
    hit_heap_fini(&heap);
    *out_stop = job->stopped;
    return status;
}

static enum status run_days(struct search_job *job, struct day_iterator *iterator, struct err *err)
{
    static const struct parallel_scan_ops ops = {.waiting = add_inbox_hits,
                                                 .block = add_block_hits,
                                                 .leave = leave_day,
                                                 .is_enough = is_enough,
                                                 .day_done = emit_day};
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator),
                                            .context = job,
                                            .begins_with_few = job->options->limit > 0};
    struct hit_heap none = {.limit = (size_t)job->options->limit,
                            .oldest_first = job->options->search.oldest_first};
    size_t n_days;
    (void)day_iterator_days(iterator, &n_days);
    job->days = calloc(n_days + 1, sizeof *job->days);
    job->chunk = calloc(1, sizeof *job->chunk);
    if (!job->days || !job->chunk) {
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < n_days; i++) {
        job->days[i] = none;
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        job->workers[i] = (struct search_worker){.job = job, .heap = none};
        options.workers[i] = &job->workers[i];
    }
    enum status status = parallel_scan_run(iterator, &options, err);
    for (size_t i = 0; i < n_days; i++) {
        hit_heap_fini(&job->days[i]);
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        hit_heap_fini(&job->workers[i].heap);
    }
    return status;
}

enum status search_run_query(struct day_iterator *iterator,
                             const struct search_run_options *options, int64_t *out_hits,
                             struct err *err)
{
    struct search_job job = {.options = options};
    lock_init(&job.lock);
    enum status status = run_days(&job, iterator, err);
    lock_fini(&job.lock);
    free(job.days);
    if (job.chunk) {
        arena_fini(&job.chunk->arena);
        free(job.chunk);
    }
    if (status == OK) {
        *out_hits = job.hits;
    }
    return status;
}
