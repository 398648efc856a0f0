/* A day at a time. Its blocks are asked in the order in which they can hold the wanted events; the
 * places of the matches are collected (with a limit, in a heap that says when the rest of the
 * blocks cannot matter), brought in order, and only then are their bytes unpacked, each block once
 * for RUN_CHUNK hits. */
#include "query/run.h"

#include <stdlib.h>

#include "query/place.h"

struct run {
    struct walk *walk;
    const struct run_options *options;
    struct places places;
    const struct block_info **blocks; /* of the day, in the order they are asked */
    size_t n_blocks;
    int64_t blocks_done;
    int64_t events_done;
    int64_t hits;
    bool stopped;
};

static int newest_first(const void *a, const void *b)
{
    const struct block_info *x = *(const struct block_info *const *)a;
    const struct block_info *y = *(const struct block_info *const *)b;
    if (x->time_max_us != y->time_max_us) {
        return x->time_max_us > y->time_max_us ? -1 : 1;
    }
    return (y->id > x->id) - (y->id < x->id);
}

static int oldest_first(const void *a, const void *b)
{
    const struct block_info *x = *(const struct block_info *const *)a;
    const struct block_info *y = *(const struct block_info *const *)b;
    if (x->time_min_us != y->time_min_us) {
        return x->time_min_us < y->time_min_us ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

static enum status order_blocks(struct run *run, const struct walk_day *day, struct err *err)
{
    const struct block_info *infos = segment_blocks(plan_segment(day->plan), &run->n_blocks);
    free(run->blocks);
    run->blocks = malloc((run->n_blocks + 1) * sizeof(const struct block_info *));
    if (!run->blocks) {
        return err_set(err, ERR_NOMEM, "search: out of memory");
    }
    for (size_t i = 0; i < run->n_blocks; i++) {
        run->blocks[i] = &infos[i];
    }
    qsort(run->blocks, run->n_blocks, sizeof run->blocks[0],
          run->options->search.oldest_first ? oldest_first : newest_first);
    return OK;
}

static enum status collect_block(struct run *run, const struct walk_day *day,
                                 const struct block_info *info, struct err *err)
{
    struct bitmap map;
    enum status status =
        plan_eval(day->plan, info, walk_from_us(run->walk), walk_to_us(run->walk), &map, err);
    const int64_t *times_us = NULL;
    if (status == OK && !bitmap_is_empty(&map)) {
        status = view_times(plan_view(day->plan), &times_us, err);
    }
    if (status != OK || !times_us) {
        return status;
    }
    BITMAP_EACH(&map, slot)
    {
        struct place place = {times_us[slot], info->id, (uint32_t)slot};
        status = places_add(&run->places, place, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static enum status collect_day(struct run *run, const struct walk_day *day, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        struct place place = {day->waiting[i]->event.time_us, PLACE_INBOX, (uint32_t)i};
        status = places_add(&run->places, place, err);
    }
    if (status == OK && day->plan) {
        status = order_blocks(run, day, err);
    }
    for (size_t i = 0; status == OK && day->plan && i < run->n_blocks; i++) {
        const struct block_info *info = run->blocks[i];
        if (places_closed_to(&run->places, info->time_min_us, info->time_max_us)) {
            break;
        }
        status = collect_block(run, day, info, err);
        run->blocks_done++;
        run->events_done += info->n_events;
        if (run->options->progress) {
            run->options->progress(run->options->context, run->blocks_done, run->events_done);
        }
    }
    return status;
}

/* The bytes of up to RUN_CHUNK hits. */
struct chunk {
    struct arena arena;
    struct hit hits[RUN_CHUNK];
    size_t count;
};

static enum status fetch_hit(const struct walk_day *day, const struct place *place,
                             struct chunk *chunk, struct hit *hit, struct err *err)
{
    *hit = (struct hit){.time_us = place->time_us, .day_us = day->day_us};
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
    if (status == OK) {
        status = view_arrivals(plan_view(day->plan), &arrivals_us, err);
    }
    if (status != OK) {
        return status;
    }
    hit->received_us = arrivals_us[place->slot];
    hit->raw = arena_copy(&chunk->arena, line);
    return hit->raw.data ? OK : err_set(err, ERR_NOMEM, "search: out of memory");
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

static enum status emit_day(struct run *run, const struct walk_day *day, struct chunk *chunk,
                            struct err *err)
{
    enum status status = OK;
    for (size_t at = 0; status == OK && !run->stopped && at < run->places.count;
         at += chunk->count) {
        size_t left = run->places.count - at;
        chunk->count = left < RUN_CHUNK ? left : RUN_CHUNK;
        arena_reset(&chunk->arena);
        status = fetch_chunk(day, run->places.items + at, chunk, err);
        for (size_t i = 0; status == OK && !run->stopped && i < chunk->count; i++) {
            run->hits++;
            run->stopped = !run->options->each(run->options->context, &chunk->hits[i]);
        }
    }
    return status;
}

enum status run_query(struct walk *walk, const struct run_options *options, int64_t *out_hits,
                      struct err *err)
{
    struct run run = {.walk = walk, .options = options};
    run.places.oldest_first = options->search.oldest_first;
    struct chunk *chunk = calloc(1, sizeof *chunk);
    enum status status = chunk ? OK : err_set(err, ERR_NOMEM, "search: out of memory");
    while (status == OK && !run.stopped && (options->limit == 0 || run.hits < options->limit)) {
        struct walk_day day;
        bool end;
        places_clear(&run.places);
        run.places.limit = options->limit > 0 ? (size_t)(options->limit - run.hits) : 0;
        status = walk_next(walk, &day, &end, err);
        if (status != OK || end) {
            break;
        }
        status = collect_day(&run, &day, err);
        places_sort(&run.places);
        if (status == OK) {
            status = emit_day(&run, &day, chunk, err);
        }
    }
    places_fini(&run.places);
    free(run.blocks);
    if (chunk) {
        arena_fini(&chunk->arena);
        free(chunk);
    }
    if (status == OK) {
        *out_hits = run.hits;
    }
    return status;
}
