/* Who does what next: under the lock a worker picks a step, without it the step is done
 * (query/search/parallel_scan_day.c). */
#include "query/search/parallel_scan.h"

#include <stdlib.h>

#include "query/search/parallel_scan_internal.h"

enum {
    TAKE_LEAST = 8,  /* blocks at once, when all are wanted */
    TAKE_MOST = 64,  /* bounds what a worker can be late at the end, and a leaf's memory */
    JOIN_BLOCKS = 8, /* fewer are not worth one more handle */
    FEW_BLOCKS = 16  /* asked before a second thread begins, when few may be enough */
};

enum step { STEP_END, STEP_WAIT, STEP_SHOW, STEP_OPEN, STEP_JOIN, STEP_ASK, STEP_LEAVE };

static size_t blocks_left(const struct parallel_scan_day *day)
{
    return day->state == PARALLEL_SCAN_OPEN && day->end > day->next ? day->end - day->next : 0;
}

/* Takes the next blocks of the worker's day; false when none are left. */
static bool take_blocks(struct parallel_scan_worker *worker)
{
    struct parallel_scan *scan = worker->scan;
    struct parallel_scan_day *day = &scan->days[worker->number];
    size_t left = blocks_left(day);
    size_t count = left / (2 * scan->options->n_workers);
    count = count < TAKE_LEAST ? TAKE_LEAST : count > TAKE_MOST ? TAKE_MOST : count;
    if (scan->options->begins_with_few && count > 2 * day->taken_last) {
        count = day->taken_last ? 2 * day->taken_last : 1;
    }
    count = count < left ? count : left;
    worker->from = day->next;
    worker->to = day->next += count;
    day->taken_last = count;
    scan->blocks_taken += count;
    return count > 0;
}

static bool in_order(const struct parallel_scan *scan)
{
    return scan->options->ops->day_done != NULL;
}

/* The next day in order is seen, or has failed. */
static bool can_show(const struct parallel_scan *scan)
{
    if (!in_order(scan) || scan->first_undone == scan->n_days) {
        return false;
    }
    const struct parallel_scan_day *day = &scan->days[scan->first_undone];
    return scan->failed_day == scan->first_undone ||
           (day->state == PARALLEL_SCAN_OPEN && day->n_workers == 0 && blocks_left(day) == 0);
}

/* With an order, no more days are open than there are workers. */
static bool can_begin_day(const struct parallel_scan *scan)
{
    return scan->failed_day == PARALLEL_SCAN_NONE && scan->first_new < scan->n_days &&
           !scan->files[scan->days[scan->first_new].file].is_opening &&
           (!in_order(scan) || scan->first_new < scan->first_undone + scan->options->n_workers);
}

/* A day with work for one more: the first in order, or the one with the most left. */
static size_t day_to_join(const struct parallel_scan *scan)
{
    size_t best = PARALLEL_SCAN_NONE;
    size_t most = JOIN_BLOCKS - 1;
    for (size_t i = scan->first_undone; i < scan->first_new; i++) {
        size_t left = scan->days[i].is_gone ? 0 : blocks_left(&scan->days[i]);
        if (left > most) {
            best = i;
            most = left;
            if (in_order(scan)) {
                break;
            }
        }
    }
    return best;
}

/* May there be work later that there is not now? */
static bool can_come(const struct parallel_scan_worker *worker)
{
    const struct parallel_scan *scan = worker->scan;
    if (in_order(scan) && (worker->which == 0 || scan->first_new < scan->n_days)) {
        return scan->first_undone < scan->n_days;
    }
    for (size_t i = scan->first_undone; i < scan->first_new; i++) {
        if (scan->days[i].state == PARALLEL_SCAN_OPENING) {
            return true;
        }
    }
    return false;
}

static enum step next_step(struct parallel_scan_worker *worker)
{
    struct parallel_scan *scan = worker->scan;
    if (scan->stopped) {
        return STEP_END;
    }
    if (worker->which == 0 && can_show(scan)) {
        return STEP_SHOW;
    }
    if (worker->number != PARALLEL_SCAN_NONE) {
        return worker->plan && take_blocks(worker) ? STEP_ASK : STEP_LEAVE;
    }
    if (can_begin_day(scan)) {
        worker->number = scan->first_new++;
        struct parallel_scan_file *file = &scan->files[scan->days[worker->number].file];
        file->is_opening = !file->leaves;
        scan->days[worker->number].state = PARALLEL_SCAN_OPENING;
        scan->days[worker->number].n_workers = 1;
        return STEP_OPEN;
    }
    worker->number = day_to_join(scan);
    if (worker->number != PARALLEL_SCAN_NONE) {
        scan->days[worker->number].n_workers++;
        return STEP_JOIN;
    }
    return can_come(worker) ? STEP_WAIT : STEP_END;
}

/* Closes what the worker has open; at the end that of a merged file, too. */
static void put_down(struct parallel_scan_worker *worker, bool at_end)
{
    worker->number = PARALLEL_SCAN_NONE;
    if (at_end || !day_iterator_plan_is_merged(worker->plan)) {
        day_iterator_plan_close(worker->plan);
        worker->plan = NULL;
    }
}

/* Without an order one failure ends all; with one, what comes before is still shown. */
static void note_failure(struct parallel_scan *scan, size_t number, enum status status,
                         const struct err *err)
{
    lock_take(&scan->lock);
    if (number < scan->failed_day) {
        scan->failed_day = number;
        scan->status = status;
        scan->err = *err;
    }
    scan->days[number].end = 0;
    scan->files[scan->days[number].file].is_opening = false;
    scan->stopped = scan->stopped || !in_order(scan);
    condition_broadcast(&scan->changed);
    lock_drop(&scan->lock);
}

static void leave(struct parallel_scan_worker *worker)
{
    struct parallel_scan *scan = worker->scan;
    size_t number = worker->number;
    put_down(worker, false);
    lock_take(&scan->lock);
    struct plan_leaves *done = NULL;
    struct parallel_scan_file *file = &scan->files[scan->days[number].file];
    if (--scan->days[number].n_workers == 0 && !file->is_merged) {
        done = file->leaves;
        file->leaves = NULL;
    }
    condition_broadcast(&scan->changed);
    lock_drop(&scan->lock);
    plan_leaves_release(done);
}

static enum status show_day(struct parallel_scan *scan, struct err *err)
{
    lock_take(&scan->lock);
    size_t number = scan->first_undone;
    enum status status = scan->failed_day == number ? scan->status : OK;
    struct day_iterator_day day = {0};
    if (status == OK) {
        day = scan->days[number].left;
        scan->days[number].left = (struct day_iterator_day){0};
    } else {
        (void)err_copy(err, &scan->err);
    }
    const struct parallel_scan_file *file = &scan->files[scan->days[number].file];
    struct plan_leaves *leaves = file->is_merged ? file->leaves : NULL;
    lock_drop(&scan->lock);
    bool stop = false;
    if (status == OK && !day.plan && leaves) {
        status = day_iterator_day_plan(scan->iterator, day.day_us, leaves, &scan->shown, err);
        day.plan = scan->shown;
        day.is_lent = true;
    }
    if (status == OK) {
        day_iterator_hold(scan->iterator, &day);
        status = scan->options->ops->day_done(scan->options->context, number, &day, &stop, err);
    }
    lock_take(&scan->lock);
    scan->first_undone++;
    scan->stopped = scan->stopped || stop || status != OK;
    condition_broadcast(&scan->changed);
    lock_drop(&scan->lock);
    return status;
}

static enum status do_step(struct parallel_scan_worker *worker, enum step step, struct err *err)
{
    switch (step) {
    case STEP_OPEN:
        return parallel_scan_day_open(worker, err);
    case STEP_JOIN:
        return parallel_scan_day_join(worker, err);
    case STEP_ASK:
        return parallel_scan_day_blocks(worker, err);
    case STEP_LEAVE:
        return parallel_scan_day_leave(worker, err);
    case STEP_SHOW:
        return show_day(worker->scan, err);
    case STEP_END:
    case STEP_WAIT:
        break;
    }
    return OK;
}

static void *run_worker(void *context);

static bool is_time_for_threads(const struct parallel_scan_worker *worker)
{
    const struct parallel_scan *scan = worker->scan;
    return worker->which == 0 && !scan->tried_threads &&
           (!scan->options->begins_with_few || scan->blocks_taken >= FEW_BLOCKS);
}

/* The others; the work gets done with fewer, too. */
static void begin_threads(struct parallel_scan *scan)
{
    scan->tried_threads = true;
    while (scan->n_threads + 1 < scan->options->n_workers &&
           pthread_create(&scan->threads[scan->n_threads], NULL, run_worker,
                          &scan->workers[scan->n_threads + 1]) == 0) {
        scan->n_threads++;
    }
}

/* Steps until nothing is left. Only showing fails here, in the caller's thread: what fails in a day
 * is noted with it. */
static enum status work(struct parallel_scan_worker *worker, struct err *err)
{
    struct parallel_scan *scan = worker->scan;
    enum status shown = OK;
    for (;;) {
        lock_take(&scan->lock);
        enum step step;
        while ((step = next_step(worker)) == STEP_WAIT) {
            condition_wait(&scan->changed, &scan->lock);
        }
        bool begin = is_time_for_threads(worker) && step != STEP_END;
        lock_drop(&scan->lock);
        if (step == STEP_END) {
            break;
        }
        if (begin) {
            begin_threads(scan);
        }
        struct err failure;
        enum status status = do_step(worker, step, &failure);
        if (step == STEP_SHOW && status != OK) {
            shown = status;
            (void)err_copy(err, &failure);
        } else if (status != OK) {
            note_failure(scan, worker->number, status, &failure);
        }
        if (step == STEP_LEAVE || (status != OK && step != STEP_SHOW)) {
            leave(worker);
        }
    }
    put_down(worker, true);
    return shown;
}

static void *run_worker(void *context)
{
    struct err err;
    CHECK(work(context, &err) == OK);
    return NULL;
}

size_t parallel_scan_workers(const struct day_iterator *iterator)
{
    return ordered_work_threads(day_iterator_options_of(iterator)->threads);
}

static enum status scan_end(struct parallel_scan *scan, enum status shown, struct err *err)
{
    for (size_t i = 0; i < scan->n_threads; i++) {
        CHECK(pthread_join(scan->threads[i], NULL) == 0);
    }
    for (size_t i = 0; i < scan->n_days; i++) {
        free(scan->days[i].order);
        plan_leaves_release(scan->files[i].leaves);
        day_iterator_day_close(&scan->days[i].left);
    }
    if (scan->shown) {
        const struct day_iterator_day nothing = {.plan = NULL};
        day_iterator_hold(scan->iterator, &nothing);
        day_iterator_plan_close(scan->shown);
    }
    lock_fini(&scan->lock);
    condition_fini(&scan->changed);
    enum status status = in_order(scan) ? shown : scan->status;
    if (status != OK && !in_order(scan) && err) {
        (void)err_copy(err, &scan->err);
    }
    free(scan->days);
    free(scan->files);
    free(scan);
    return status;
}

enum status parallel_scan_run(struct day_iterator *iterator,
                              const struct parallel_scan_options *options, struct err *err)
{
    CHECK(options->n_workers >= 1 && options->n_workers <= PARALLEL_SCAN_WORKERS_MAX);
    struct parallel_scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return err_nomem(err, "search");
    }
    *scan = (struct parallel_scan){
        .iterator = iterator, .options = options, .failed_day = PARALLEL_SCAN_NONE};
    scan->days_us = day_iterator_days(iterator, &scan->n_days);
    scan->days = calloc(scan->n_days + 1, sizeof *scan->days);
    scan->files = calloc(scan->n_days + 1, sizeof *scan->files);
    if (!scan->days || !scan->files) {
        free(scan->days);
        free(scan->files);
        free(scan);
        return err_nomem(err, "search");
    }
    for (size_t i = 0; i < scan->n_days; i++) {
        scan->days[i].file = day_iterator_day_file(iterator, i);
    }
    lock_init(&scan->lock);
    condition_init(&scan->changed);
    for (size_t i = 0; i < options->n_workers; i++) {
        scan->workers[i] = (struct parallel_scan_worker){
            .scan = scan, .own = options->workers[i], .which = i, .number = PARALLEL_SCAN_NONE};
    }
    struct err shown_err = {.text = ""};
    enum status shown = work(&scan->workers[0], &shown_err);
    if (shown != OK && err) {
        (void)err_copy(err, &shown_err);
    }
    return scan_end(scan, shown, err);
}
