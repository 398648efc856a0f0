/* What a worker does with a day: no decisions here, and the lock is held for moments only. */
#include <stdlib.h>

#include "query/search/hit_heap.h"
#include "query/search/parallel_scan_internal.h"
#include "schema/block/bitmap.h"

static struct plan_leaves *leaves_of(const struct parallel_scan_worker *worker)
{
    struct parallel_scan *scan = worker->scan;
    lock_take(&scan->lock);
    struct plan_leaves *leaves = scan->files[scan->days[worker->number].file].leaves;
    lock_drop(&scan->lock);
    return leaves;
}

enum status parallel_scan_day_open(struct parallel_scan_worker *worker, struct err *err)
{
    struct parallel_scan *scan = worker->scan;
    struct day_iterator_day day = {.day_us = scan->days_us[worker->number]};
    uint32_t *order = NULL;
    struct plan_leaves *leaves = leaves_of(worker);
    enum status status =
        day_iterator_day_plan(scan->iterator, day.day_us, leaves, &worker->plan, err);
    if (status == OK && !worker->plan && leaves) { /* another file has the day by now */
        status = day_iterator_day_plan(scan->iterator, day.day_us, NULL, &worker->plan, err);
    }
    status = THEN(status, day_iterator_day_waiting(scan->iterator, day.day_us, worker->plan,
                                                   &day.waiting, &day.n_waiting, err));
    size_t count = 0;
    const struct block_info *infos =
        worker->plan ? segment_blocks(plan_segment(worker->plan), &count) : NULL;
    enum hit_heap_order by = !scan->options->ops->is_enough ? HIT_HEAP_AS_STORED
                             : day_iterator_options_of(scan->iterator)->oldest_first
                                 ? HIT_HEAP_OLDEST_FIRST
                                 : HIT_HEAP_NEWEST_FIRST;
    status = THEN(status, hit_heap_order_blocks(infos, count, by, &order, err));
    if (status == OK && day.n_waiting > 0) {
        status = scan->options->ops->waiting(worker->own, &day, err);
    }
    lock_take(&scan->lock);
    struct parallel_scan_day *shared = &scan->days[worker->number];
    shared->order = order;
    struct parallel_scan_file *file = &scan->files[shared->file];
    if (worker->plan && !file->leaves) {
        file->leaves = plan_leaves_keep(worker->plan);
        file->is_merged = day_iterator_plan_is_merged(worker->plan);
    }
    file->is_opening = false;
    shared->n_blocks = shared->end = count;
    shared->left = day;
    shared->state = PARALLEL_SCAN_OPEN;
    day_iterator_note(scan->iterator, worker->plan);
    condition_broadcast(&scan->changed);
    lock_drop(&scan->lock);
    return status;
}

enum status parallel_scan_day_join(struct parallel_scan_worker *worker, struct err *err)
{
    struct parallel_scan *scan = worker->scan;
    enum status status = day_iterator_day_plan(scan->iterator, scan->days_us[worker->number],
                                               leaves_of(worker), &worker->plan, err);
    if (status == OK && !worker->plan) {
        lock_take(&scan->lock);
        scan->days[worker->number].is_gone = true;
        lock_drop(&scan->lock);
    }
    return status;
}

/* Is the block at this place still wanted? The block before, when there is one, is done. */
static const uint32_t *next_block(struct parallel_scan_worker *worker, size_t place,
                                  const struct block_info *done)
{
    struct parallel_scan *scan = worker->scan;
    const struct day_iterator_options *search = day_iterator_options_of(scan->iterator);
    lock_take(&scan->lock);
    const struct parallel_scan_day *day = &scan->days[worker->number];
    if (done) {
        scan->events_done += done->n_events;
        scan->days_done += 1.0 / (double)day->n_blocks;
    }
    bool wanted = !scan->stopped && place < day->end && place < worker->to;
    const uint32_t *at = wanted ? day->order + place : NULL;
    int64_t events = scan->events_done;
    int64_t thousandths = (int64_t)(scan->days_done * 1000 / (double)scan->n_days);
    lock_drop(&scan->lock);
    if (done && worker->which == 0 && search->progress) {
        search->progress(search->progress_context, thousandths, events);
    }
    return at;
}

static void end_day_at(struct parallel_scan_worker *worker, size_t place)
{
    struct parallel_scan *scan = worker->scan;
    lock_take(&scan->lock);
    struct parallel_scan_day *day = &scan->days[worker->number];
    day->end = place < day->end ? place : day->end;
    lock_drop(&scan->lock);
}

enum status parallel_scan_day_blocks(struct parallel_scan_worker *worker, struct err *err)
{
    struct parallel_scan *scan = worker->scan;
    const struct parallel_scan_ops *ops = scan->options->ops;
    size_t count = 0;
    const struct block_info *infos = segment_blocks(plan_segment(worker->plan), &count);
    const struct block_info *done = NULL;
    const uint32_t *at = next_block(worker, worker->from, NULL);
    enum status status = OK;
    for (size_t place = worker->from; at; at = next_block(worker, ++place, done)) {
        CHECK(*at < count);
        const struct block_info *info = &infos[*at];
        if (ops->is_enough && ops->is_enough(worker->own, info)) {
            end_day_at(worker, place);
            return OK;
        }
        struct bitmap map;
        status = plan_eval(worker->plan, info, day_iterator_from_us(scan->iterator),
                           day_iterator_to_us(scan->iterator), &map, err);
        if (status == OK && !bitmap_is_empty(&map)) {
            status = ops->block(worker->own, worker->plan, info, &map, err);
            status = segment_name_damage(plan_segment(worker->plan), info->id, status, err);
        }
        if (status != OK) {
            return status;
        }
        done = info;
    }
    return OK;
}

enum status parallel_scan_day_leave(struct parallel_scan_worker *worker, struct err *err)
{
    struct parallel_scan *scan = worker->scan;
    const struct parallel_scan_ops *ops = scan->options->ops;
    enum status status = OK;
    if (ops->leave) {
        status = ops->leave(worker->own, worker->number, worker->plan, err);
    }
    if (status != OK || !ops->day_done) {
        return status;
    }
    lock_take(&scan->lock);
    struct day_iterator_day *left = &scan->days[worker->number].left;
    if (!left->plan && !day_iterator_plan_is_merged(worker->plan)) {
        left->plan = worker->plan;
        worker->plan = NULL;
    }
    lock_drop(&scan->lock);
    return OK;
}
