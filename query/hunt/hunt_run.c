#include "query/hunt/hunt_run.h"

#include <stdlib.h>

#include "query/hunt/hunt_internal.h"
#include "query/search/parallel_scan.h"
#include "schema/archive/archive.h"
#include "schema/block/bitmap.h"

static enum status hunt_waiting(void *worker, const struct walk_day *day, struct err *err)
{
    struct hunter *hunter = worker;
    enum status status = OK;
    if (hunter->hunt->options->after_block) {
        return OK;
    }
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        const struct event *event = &day->waiting[i]->event;
        status = hunt_look(hunter, event, err);
        hunter->seen.waiting++;
        struct digest digest = digest_sha256(event->raw);
        if (status == OK && !hunt_seen_add(&hunter->seen, day->day_us, INT64_MAX, &digest)) {
            status = err_nomem(err, "hunt");
        }
        hunt_seen_times(&hunter->seen, 1, event->time_us, event->time_us);
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
static enum status see_days(struct hunter *hunter, struct block_view *view,
                            const struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    const int64_t *times_us;
    int64_t days[BLOCK_EVENTS_MAX];
    size_t count = 0;
    enum status status = view_times(view, &times_us, err);
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
            !hunt_seen_add(&hunter->seen, days[i], info->id, &info->sha256)) {
            return err_nomem(err, "hunt");
        }
    }
    return OK;
}

/* The block's events of the search, for the coverage. */
static enum status see_block(struct hunter *hunter, struct block_view *view,
                             const struct bitmap *map, struct err *err)
{
    const struct block_info *info = view->info;
    size_t count = bitmap_count(map);
    int64_t day_us = clock_day_start(info->time_min_us);
    if (info->time_max_us >= day_us + CLOCK_DAY_US) {
        enum status status = see_days(hunter, view, map, err);
        if (status != OK) {
            return status;
        }
    } else if (!hunt_seen_add(&hunter->seen, day_us, info->id, &info->sha256)) {
        return err_nomem(err, "hunt");
    }
    if (count == info->n_events) {
        hunt_seen_times(&hunter->seen, (int64_t)count, info->time_min_us, info->time_max_us);
        return OK;
    }
    const int64_t *times_us;
    enum status status = view_times(view, &times_us, err);
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        hunt_seen_times(&hunter->seen, 1, times_us[slot], times_us[slot]);
    }
    return OK;
}

static enum status hunt_block(void *worker, struct plan *plan, const struct block_info *info,
                              const struct bitmap *map, struct err *err)
{
    struct hunter *hunter = worker;
    struct block_view *view = plan_view(plan);
    if (info->id <= skipped_blocks(hunter->hunt, segment_day_us(view->segment))) {
        return OK;
    }
    struct bitmap sure;
    struct bitmap may_have;
    enum status status = see_block(hunter, view, map, err);
    status = THEN(status, kept_block(&hunter->kept, view, &sure, &may_have, err));
    if (status != OK) {
        return status;
    }
    bitmap_or(&may_have, &sure);
    bitmap_and(&may_have, map);
    BITMAP_EACH(&may_have, slot)
    {
        struct event event;
        status = view_event(view, slot, &event, err);
        status = THEN(status, hunt_look(hunter, &event, err));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

static enum status hunt_leave(void *worker, size_t number, struct plan *plan, struct err *err)
{
    struct hunter *hunter = worker;
    (void)number;
    (void)plan;
    (void)err;
    kept_leave(&hunter->kept);
    return OK;
}

static void hunter_free(struct hunter *hunter)
{
    if (hunter) {
        observer_fini(&hunter->observer);
        kept_fini(&hunter->kept);
        hunt_tally_fini(&hunter->tally);
        hunt_seen_fini(&hunter->seen);
        hunt_finds_fini(&hunter->finds);
        free(hunter);
    }
}

static enum status hunt_sum(struct hunt *hunt, size_t n_hunters, struct hunt_result *out,
                            struct err *err)
{
    struct hunt_tally tally = {0};
    struct hunt_seen seen = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < n_hunters; i++) {
        ok = hunt_tally_merge(&tally, &hunt->hunters[i]->tally) &&
             hunt_seen_merge(&seen, &hunt->hunters[i]->seen);
    }
    ok = ok && hunt_seen_end(&seen, &out->coverage);
    hunt_seen_fini(&seen);
    if (!ok) {
        hunt_tally_fini(&tally);
        return err_nomem(err, "hunt");
    }
    hunt_tally_end(&tally, out);
    return OK;
}

enum status hunt_run(struct walk *walk, const struct indicator_set *set,
                     const struct hunt_options *how, struct hunt_result *out_result,
                     struct err *err)
{
    static const struct sweep_hands hands = {
        .waiting = hunt_waiting, .block = hunt_block, .leave = hunt_leave};
    struct sweep_options options = {.hands = &hands, .n_workers = sweep_workers(walk)};
    struct hunt hunt = {.set = set, .options = how};
    enum status status = OK;
    *out_result = (struct hunt_result){0};
    lock_init(&hunt.lock);
    for (size_t i = 0; status == OK && i < options.n_workers; i++) {
        hunt.hunters[i] = calloc(1, sizeof *hunt.hunters[i]);
        options.workers[i] = hunt.hunters[i];
        if (hunt.hunters[i]) {
            hunt.hunters[i]->hunt = &hunt;
            hunt.hunters[i]->kept.asker = indicator_set_asker(set);
        } else {
            status = err_nomem(err, "hunt");
        }
    }
    status = THEN(status, sweep_run(walk, &options, err));
    status = THEN(status, hunt_sum(&hunt, options.n_workers, out_result, err));
    if (status == OK && walk_archive(walk)) {
        int64_t counters[EVENT_COUNTER_COUNT];
        status = archive_counters(walk_archive(walk), counters, err);
        out_result->coverage.quarantined = status == OK ? counters[EVENT_COUNTER_quarantined] : 0;
    }
    for (size_t i = 0; i < options.n_workers; i++) {
        hunter_free(hunt.hunters[i]);
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
