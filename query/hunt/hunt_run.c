/* Each worker of the scan has a pass of its own: matches of the event at hand, hits, coverage.
 * Of a block, only the events that have an observable of the set are read (query/eval); events of
 * the inbox are read one by one. When all threads have ended, the caller's thread puts the passes
 * together. */
#include "query/hunt/hunt_run.h"

#include <stdlib.h>

#include "query/hunt/hunt_internal.h"
#include "query/search/parallel_scan.h"
#include "schema/archive/archive.h"
#include "schema/block/bitmap.h"

static enum status hunt_inbox(void *worker, const struct day_iterator_day *day, struct err *err)
{
    struct hunt_pass *pass = worker;
    enum status status = OK;
    if (pass->hunt->options->after_block) {
        return OK;
    }
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        const struct event *event = &day->waiting[i]->event;
        status = hunt_event_match(pass, event, err);
        pass->coverage.waiting++;
        struct digest digest = digest_sha256(event->raw);
        if (status == OK && !hunt_coverage_add(&pass->coverage, day->day_us, INT64_MAX, &digest)) {
            status = err_nomem(err, "hunt");
        }
        hunt_coverage_times(&pass->coverage, 1, event->time_us, event->time_us);
    }
    return status;
}

static int64_t skipped_blocks(const struct hunt *hunt, int64_t day_us)
{
    const struct hunt_options *options = hunt->options;
    return options->after_block ? options->after_block(options->context, day_us) : 0;
}

static int compare_days(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A block of a copy can have events of several days: it is a part of each. */
static enum status cover_days(struct hunt_pass *pass, struct block_view *view,
                              const struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    const int64_t *times_us;
    int64_t days[BLOCK_EVENTS_MAX];
    size_t count = 0;
    enum status status = block_view_times(view, &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        days[count++] = clock_day_start(times_us[slot]);
    }
    qsort(days, count, sizeof days[0], compare_days);
    for (size_t i = 0; i < count; i++) {
        if ((i == 0 || days[i] != days[i - 1]) &&
            !hunt_coverage_add(&pass->coverage, days[i], info->number, &info->sha256)) {
            return err_nomem(err, "hunt");
        }
    }
    return OK;
}

/* The block's events of the search, for the coverage. */
static enum status cover_block(struct hunt_pass *pass, struct block_view *view,
                               const struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    size_t count = bitmap_count(map);
    int64_t day_us = clock_day_start(info->time_min_us);
    if (info->time_max_us >= day_us + CLOCK_DAY_US) {
        enum status status = cover_days(pass, view, map, err);
        if (status != OK) {
            return status;
        }
    } else if (!hunt_coverage_add(&pass->coverage, day_us, info->number, &info->sha256)) {
        return err_nomem(err, "hunt");
    }
    if (count == info->n_events) {
        hunt_coverage_times(&pass->coverage, (int64_t)count, info->time_min_us, info->time_max_us);
        return OK;
    }
    const int64_t *times_us;
    enum status status = block_view_times(view, &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        hunt_coverage_times(&pass->coverage, 1, times_us[slot], times_us[slot]);
    }
    return OK;
}

static enum status hunt_block(void *worker, struct plan *plan, const struct block_info *info,
                              const struct bitmap *map, struct err *err)
{
    struct hunt_pass *pass = worker;
    struct block_view *view = plan_view(plan);
    if (info->number <= skipped_blocks(pass->hunt, info->day_us)) {
        return OK;
    }
    struct bitmap hits;
    enum status status = cover_block(pass, view, map, err);
    status = THEN(status, observable_lookup_block(&pass->lookup, view, &hits, err));
    if (status != OK) {
        return status;
    }
    bitmap_and(&hits, map);
    BITMAP_EACH(&hits, slot)
    {
        struct event event;
        status = block_view_event(view, slot, &event, err);
        status = THEN(status, hunt_event_match(pass, &event, err));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static void pass_free(struct hunt_pass *pass)
{
    if (pass) {
        observable_scanner_fini(&pass->scanner);
        observable_lookup_fini(&pass->lookup);
        hunt_hits_fini(&pass->hits);
        hunt_coverage_fini(&pass->coverage);
        hunt_matches_fini(&pass->matches);
        free(pass);
    }
}

static enum status sum_passes(struct hunt *hunt, size_t n_passes, struct hunt_result *out,
                              struct err *err)
{
    struct hunt_hits hits = {0};
    struct hunt_coverage_builder coverage = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < n_passes; i++) {
        ok = hunt_hits_merge(&hits, &hunt->passes[i]->hits) &&
             hunt_coverage_merge(&coverage, &hunt->passes[i]->coverage);
    }
    ok = ok && hunt_coverage_end(&coverage, &out->coverage);
    hunt_coverage_fini(&coverage);
    if (!ok) {
        hunt_hits_fini(&hits);
        return err_nomem(err, "hunt");
    }
    hunt_hits_end(&hits, out);
    return OK;
}

enum status hunt_run(struct day_iterator *iterator, const struct indicator_set *set,
                     const struct hunt_options *how, struct hunt_result *out_result,
                     struct err *err)
{
    static const struct parallel_scan_ops ops = {.waiting = hunt_inbox, .block = hunt_block};
    struct parallel_scan_options options = {.ops = &ops,
                                            .n_workers = parallel_scan_workers(iterator)};
    struct hunt hunt = {.set = set, .options = how};
    enum status status = OK;
    *out_result = (struct hunt_result){0};
    lock_init(&hunt.lock);
    for (size_t i = 0; status == OK && i < options.n_workers; i++) {
        hunt.passes[i] = calloc(1, sizeof *hunt.passes[i]);
        options.workers[i] = hunt.passes[i];
        if (hunt.passes[i]) {
            hunt.passes[i]->hunt = &hunt;
            hunt.passes[i]->lookup.ops = indicator_set_lookup_ops(set);
        } else {
            status = err_nomem(err, "hunt");
        }
    }
    status = THEN(status, parallel_scan_run(iterator, &options, err));
    status = THEN(status, sum_passes(&hunt, options.n_workers, out_result, err));
    if (status == OK && day_iterator_archive(iterator)) {
        int64_t counters[EVENT_COUNTER_COUNT];
        status = archive_counters(day_iterator_archive(iterator), counters, err);
        out_result->coverage.quarantined = status == OK ? counters[EVENT_COUNTER_quarantined] : 0;
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        pass_free(hunt.passes[i]);
    }
    lock_fini(&hunt.lock);
    if (status != OK) {
        hunt_fini(out_result);
    }
    return status;
}

void hunt_fini(struct hunt_result *result)
{
    free(result->hits);
    free(result->coverage.gaps);
    arena_fini(&result->arena);
    *result = (struct hunt_result){0};
}
