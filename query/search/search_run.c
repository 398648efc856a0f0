/* The blocks of a day are asked in the order in which they can hold the wanted events; the places
 * of the matches are collected (with a limit, in a heap that says when the rest of the blocks
 * cannot matter), brought in order, and only then are their bytes unpacked, each block once for
 * RUN_CHUNK hits. Several threads collect (query/search/parallel_scan.h); days are shown one after
 * the other by the caller's.
 */
#include "query/search/search_run.h"

#include <stdlib.h>

#include "query/search/hit_heap.h"
#include "query/search/parallel_scan.h"
#include "schema/base/lock.h"
#include "schema/block/bitmap.h"

/* The bytes of up to RUN_CHUNK hits. */
struct chunk {
    struct arena arena;
    struct hit hits[RUN_CHUNK];
    size_t count;
};

/* What one worker has of the day it is at, and a day has of all its workers. */
struct run_worker {
    struct run *run;
    struct places places;
};

struct run {
    const struct run_options *options;
    struct run_worker workers[SWEEP_WORKERS_MAX];
    struct lock lock;    /* guards days */
    struct places *days; /* by number */
    int64_t hits;
    bool stopped;
    struct chunk *chunk;
};

static enum status take_waiting(void *worker, const struct walk_day *day, struct err *err)
{
    struct run_worker *own = worker;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        struct place place = {day->waiting[i]->event.time_us, PLACE_INBOX, (uint32_t)i};
        status = places_add(&own->places, place, err);
    }
    return status;
}

static enum status take_block(void *worker, struct plan *plan, const struct block_info *info,
                              const struct bitmap *map, struct err *err)
{
    struct run_worker *own = worker;
    const int64_t *times_us;
    enum status status = view_times(plan_view(plan), &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        struct place place = {times_us[slot], info->id, (uint32_t)slot};
        status = places_add(&own->places, place, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static bool is_enough(const void *worker, const struct block_info *info)
{
    const struct run_worker *own = worker;
    return places_closed_to(&own->places, info->time_min_us, info->time_max_us);
}

/* A day's places are those of its workers together. */
static enum status leave_day(void *worker, size_t number, struct plan *plan, struct err *err)
{
    (void)plan;
    struct run_worker *own = worker;
    struct run *run = own->run;
    enum status status = OK;
    lock_take(&run->lock);
    for (size_t i = 0; status == OK && i < own->places.count; i++) {
        status = places_add(&run->days[number], own->places.items[i], err);
    }
    lock_drop(&run->lock);
    places_clear(&own->places);
    return status;
}

static enum status fetch_hit(const struct walk_day *day, const struct place *place,
                             struct chunk *chunk, struct hit *hit, struct err *err)
{
    *hit = (struct hit){.time_us = place->time_us, .day_us = clock_day_start(place->time_us)};
    if (place->block == PLACE_INBOX) {
        const struct waiting_event *waiting = day->waiting[place->slot];
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
    enum status status = view_line(plan_view(day->plan), place->slot, &line, err);
    status = THEN(status, view_arrivals(plan_view(day->plan), &arrivals_us, err));
    if (status != OK) {
        return status;
    }
    hit->received_us = arrivals_us[place->slot];
    hit->raw = arena_copy(&chunk->arena, line);
    return hit->raw.data ? OK : err_nomem(err, "search");
}

static const struct block_info *find_block(const struct walk_day *day, int64_t block)
{
    size_t count = 0;
    const struct block_info *infos = segment_blocks(plan_segment(day->plan), &count);
    for (size_t i = 0; i < count; i++) {
        if (infos[i].id == block) {
            return &infos[i];
        }
    }
    return NULL;
}

/* Fetches block by block, each unpacked once. */
static enum status fetch_chunk(const struct walk_day *day, const struct place *places,
                               struct chunk *chunk, struct err *err)
{
    bool done[RUN_CHUNK] = {false};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < chunk->count; i++) {
        if (done[i]) {
            continue;
        }
        int64_t block = places[i].block;
        if (block != PLACE_INBOX) {
            const struct block_info *info = find_block(day, block);
            CHECK(info);
            view_move(plan_view(day->plan), info);
        }
        for (size_t j = i; status == OK && j < chunk->count; j++) {
            if (!done[j] && places[j].block == block) {
                status = fetch_hit(day, &places[j], chunk, &chunk->hits[j], err);
                done[j] = true;
            }
        }
    }
    return status;
}

static enum status emit_day(void *context, size_t number, const struct walk_day *day,
                            bool *out_stop, struct err *err)
{
    struct run *run = context;
    int64_t limit = run->options->limit;
    lock_take(&run->lock);
    struct places places = run->days[number];
    run->days[number] = (struct places){0};
    lock_drop(&run->lock);
    places_sort(&places);
    enum status status = OK;
    for (size_t at = 0; status == OK && !run->stopped && at < places.count;
         at += run->chunk->count) {
        size_t left = places.count - at;
        left = limit > 0 && left > (size_t)(limit - run->hits) ? (size_t)(limit - run->hits) : left;
        run->chunk->count = left < RUN_CHUNK ? left : RUN_CHUNK;
        arena_reset(&run->chunk->arena);
        status = fetch_chunk(day, places.items + at, run->chunk, err);
        for (size_t i = 0; status == OK && !run->stopped && i < run->chunk->count; i++) {
            run->hits++;
            run->stopped = !run->options->each(run->options->context, &run->chunk->hits[i]) ||
                           (limit > 0 && run->hits == limit);
        }
    }
    places_fini(&places);
    *out_stop = run->stopped;
    return status;
}

static enum status run_days(struct run *run, struct walk *walk, struct err *err)
{
    static const struct sweep_hands hands = {.waiting = take_waiting,
                                             .block = take_block,
                                             .leave = leave_day,
                                             .is_enough = is_enough,
                                             .day_done = emit_day};
    struct sweep_options options = {.hands = &hands,
                                    .n_workers = sweep_workers(walk),
                                    .context = run,
                                    .begins_with_few = run->options->limit > 0};
    struct places none = {.limit = (size_t)run->options->limit,
                          .oldest_first = run->options->search.oldest_first};
    size_t n_days;
    (void)walk_days(walk, &n_days);
    run->days = calloc(n_days + 1, sizeof *run->days);
    run->chunk = calloc(1, sizeof *run->chunk);
    if (!run->days || !run->chunk) {
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < n_days; i++) {
        run->days[i] = none;
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        run->workers[i] = (struct run_worker){.run = run, .places = none};
        options.workers[i] = &run->workers[i];
    }
    enum status status = sweep_run(walk, &options, err);
    for (size_t i = 0; i < n_days; i++) {
        places_fini(&run->days[i]);
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        places_fini(&run->workers[i].places);
    }
    return status;
}

enum status run_query(struct walk *walk, const struct run_options *options, int64_t *out_hits,
                      struct err *err)
{
    struct run run = {.options = options};
    lock_init(&run.lock);
    enum status status = run_days(&run, walk, err);
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
