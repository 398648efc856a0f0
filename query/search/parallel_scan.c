/* Who does what next: under the lock a worker picks a step, without it the step is done
 * (query/search/parallel_scan_day.c). */
#include "query/search/parallel_scan.h"

#include <sched.h>
#include <stdlib.h>

#include "query/search/parallel_scan_internal.h"

enum {
    TAKE_LEAST = 8,  /* blocks at once, when all are wanted */
    TAKE_MOST = 64,  /* bounds what a worker can be late at the end, and a leaf's memory */
    JOIN_BLOCKS = 8, /* fewer are not worth one more handle */
    FEW_BLOCKS = 16  /* asked before a second thread begins, when few may be enough */
};

enum step { STEP_END, STEP_WAIT, STEP_SHOW, STEP_OPEN, STEP_JOIN, STEP_ASK, STEP_LEAVE };

static size_t blocks_left(const struct sweep_day *day)
{
    return day->state == SWEEP_OPEN && day->end > day->next ? day->end - day->next : 0;
}

/* Takes the next blocks of the worker's day; false when none are left. */
static bool take_blocks(struct sweep_worker *worker)
{
    struct sweep *sweep = worker->sweep;
    struct sweep_day *day = &sweep->days[worker->number];
    size_t left = blocks_left(day);
    size_t count = left / (2 * sweep->options->n_workers);
    count = count < TAKE_LEAST ? TAKE_LEAST : count > TAKE_MOST ? TAKE_MOST : count;
    if (sweep->options->begins_with_few && count > 2 * day->taken_last) {
        count = day->taken_last ? 2 * day->taken_last : 1;
    }
    count = count < left ? count : left;
    worker->from = day->next;
    worker->to = day->next += count;
    day->taken_last = count;
    sweep->blocks_taken += count;
    return count > 0;
}

static bool in_order(const struct sweep *sweep)
{
    return sweep->options->hands->day_done != NULL;
}

/* The next day in order is seen, or has failed. */
static bool can_show(const struct sweep *sweep)
{
    if (!in_order(sweep) || sweep->first_undone == sweep->n_days) {
        return false;
    }
    const struct sweep_day *day = &sweep->days[sweep->first_undone];
    return sweep->failed_day == sweep->first_undone ||
           (day->state == SWEEP_OPEN && day->n_workers == 0 && blocks_left(day) == 0);
}

/* With an order, no more days are open than there are workers. */
static bool can_begin_day(const struct sweep *sweep)
{
    return sweep->failed_day == SWEEP_NONE && sweep->first_new < sweep->n_days &&
           (!in_order(sweep) || sweep->first_new < sweep->first_undone + sweep->options->n_workers);
}

/* A day with work for one more: the first in order, or the one with the most left. */
static size_t day_to_join(const struct sweep *sweep)
{
    size_t best = SWEEP_NONE;
    size_t most = JOIN_BLOCKS - 1;
    for (size_t i = sweep->first_undone; i < sweep->first_new; i++) {
        size_t left = sweep->days[i].is_gone ? 0 : blocks_left(&sweep->days[i]);
        if (left > most) {
            best = i;
            most = left;
            if (in_order(sweep)) {
                break;
            }
        }
    }
    return best;
}

/* May there be work later that there is not now? */
static bool may_come(const struct sweep_worker *worker)
{
    const struct sweep *sweep = worker->sweep;
    if (in_order(sweep) && (worker->which == 0 || sweep->first_new < sweep->n_days)) {
        return sweep->first_undone < sweep->n_days;
    }
    for (size_t i = sweep->first_undone; i < sweep->first_new; i++) {
        if (sweep->days[i].state == SWEEP_OPENING) {
            return true;
        }
    }
    return false;
}

static enum step next_step(struct sweep_worker *worker)
{
    struct sweep *sweep = worker->sweep;
    if (sweep->stopped) {
        return STEP_END;
    }
    if (worker->which == 0 && can_show(sweep)) {
        return STEP_SHOW;
    }
    if (worker->number != SWEEP_NONE) {
        return worker->plan && take_blocks(worker) ? STEP_ASK : STEP_LEAVE;
    }
    if (can_begin_day(sweep)) {
        worker->number = sweep->first_new++;
        sweep->days[worker->number].state = SWEEP_OPENING;
        sweep->days[worker->number].n_workers = 1;
        return STEP_OPEN;
    }
    worker->number = day_to_join(sweep);
    if (worker->number != SWEEP_NONE) {
        sweep->days[worker->number].n_workers++;
        return STEP_JOIN;
    }
    return may_come(worker) ? STEP_WAIT : STEP_END;
}

/* Closes what the worker has open. */
static void put_down(struct sweep_worker *worker)
{
    struct walk_day day = {.plan = worker->plan};
    walk_day_close(&day);
    worker->plan = NULL;
    worker->number = SWEEP_NONE;
}

/* Without an order one failure ends all; with one, what comes before is still shown. */
static void note_failure(struct sweep *sweep, size_t number, enum status status,
                         const struct err *err)
{
    lock_take(&sweep->lock);
    if (number < sweep->failed_day) {
        sweep->failed_day = number;
        sweep->status = status;
        sweep->err = *err;
    }
    sweep->days[number].end = 0;
    sweep->stopped = sweep->stopped || !in_order(sweep);
    condition_broadcast(&sweep->changed);
    lock_drop(&sweep->lock);
}

static void leave(struct sweep_worker *worker)
{
    struct sweep *sweep = worker->sweep;
    size_t number = worker->number;
    put_down(worker);
    lock_take(&sweep->lock);
    sweep->days[number].n_workers--;
    condition_broadcast(&sweep->changed);
    lock_drop(&sweep->lock);
}

static enum status show_day(struct sweep *sweep, struct err *err)
{
    lock_take(&sweep->lock);
    size_t number = sweep->first_undone;
    enum status status = sweep->failed_day == number ? sweep->status : OK;
    struct walk_day day = {0};
    if (status == OK) {
        day = sweep->days[number].left;
        sweep->days[number].left = (struct walk_day){0};
    } else {
        *err = sweep->err;
    }
    lock_drop(&sweep->lock);
    bool stop = false;
    if (status == OK) {
        walk_hold(sweep->walk, &day);
        status = sweep->options->hands->day_done(sweep->options->context, number, &day, &stop, err);
    }
    lock_take(&sweep->lock);
    sweep->first_undone++;
    sweep->stopped = sweep->stopped || stop || status != OK;
    condition_broadcast(&sweep->changed);
    lock_drop(&sweep->lock);
    return status;
}

static enum status do_step(struct sweep_worker *worker, enum step step, struct err *err)
{
    switch (step) {
    case STEP_OPEN:
        return sweep_day_open(worker, err);
    case STEP_JOIN:
        return sweep_day_join(worker, err);
    case STEP_ASK:
        return sweep_day_ask(worker, err);
    case STEP_LEAVE:
        return sweep_day_leave(worker, err);
    case STEP_SHOW:
        return show_day(worker->sweep, err);
    case STEP_END:
    case STEP_WAIT:
        break;
    }
    return OK;
}

static void *run_worker(void *context);

static bool is_time_for_threads(const struct sweep_worker *worker)
{
    const struct sweep *sweep = worker->sweep;
    return worker->which == 0 && !sweep->tried_threads &&
           (!sweep->options->begins_with_few || sweep->blocks_taken >= FEW_BLOCKS);
}

/* The others; the work gets done with fewer, too. */
static void begin_threads(struct sweep *sweep)
{
    sweep->tried_threads = true;
    while (sweep->n_threads + 1 < sweep->options->n_workers &&
           pthread_create(&sweep->threads[sweep->n_threads], NULL, run_worker,
                          &sweep->workers[sweep->n_threads + 1]) == 0) {
        sweep->n_threads++;
    }
}

/* Steps until nothing is left. Only showing fails here, in the caller's thread: what fails in a day
 * is noted with it. */
static enum status work(struct sweep_worker *worker, struct err *err)
{
    struct sweep *sweep = worker->sweep;
    enum status shown = OK;
    for (;;) {
        lock_take(&sweep->lock);
        enum step step;
        while ((step = next_step(worker)) == STEP_WAIT) {
            condition_wait(&sweep->changed, &sweep->lock);
        }
        bool begin = is_time_for_threads(worker) && step != STEP_END;
        lock_drop(&sweep->lock);
        if (step == STEP_END) {
            break;
        }
        if (begin) {
            begin_threads(sweep);
        }
        struct err failure;
        enum status status = do_step(worker, step, &failure);
        if (step == STEP_SHOW && status != OK) {
            shown = status;
            *err = failure;
        } else if (status != OK) {
            note_failure(sweep, worker->number, status, &failure);
        }
        if (step == STEP_LEAVE || (status != OK && step != STEP_SHOW)) {
            leave(worker);
        }
    }
    put_down(worker);
    return shown;
}

static void *run_worker(void *context)
{
    struct err err;
    CHECK(work(context, &err) == OK);
    return NULL;
}

size_t sweep_workers(const struct walk *walk)
{
    size_t count = walk_search(walk)->threads;
    cpu_set_t cores;
    if (count == 0) {
        count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (size_t)CPU_COUNT(&cores) : 1;
    }
    return count < 1 ? 1 : count > SWEEP_WORKERS_MAX ? SWEEP_WORKERS_MAX : count;
}

static enum status sweep_end(struct sweep *sweep, enum status shown, struct err *err)
{
    for (size_t i = 0; i < sweep->n_threads; i++) {
        CHECK(pthread_join(sweep->threads[i], NULL) == 0);
    }
    for (size_t i = 0; i < sweep->n_days; i++) {
        free(sweep->days[i].order);
        walk_day_close(&sweep->days[i].left);
    }
    lock_fini(&sweep->lock);
    condition_fini(&sweep->changed);
    enum status status = in_order(sweep) ? shown : sweep->status;
    if (status != OK && !in_order(sweep) && err) {
        *err = sweep->err;
    }
    free(sweep->days);
    free(sweep);
    return status;
}

enum status sweep_run(struct walk *walk, const struct sweep_options *options, struct err *err)
{
    CHECK(options->n_workers >= 1 && options->n_workers <= SWEEP_WORKERS_MAX);
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep) {
        return err_nomem(err, "search");
    }
    *sweep = (struct sweep){.walk = walk, .options = options, .failed_day = SWEEP_NONE};
    sweep->days_us = walk_days(walk, &sweep->n_days);
    sweep->days = calloc(sweep->n_days + 1, sizeof *sweep->days);
    if (!sweep->days) {
        free(sweep);
        return err_nomem(err, "search");
    }
    lock_init(&sweep->lock);
    condition_init(&sweep->changed);
    for (size_t i = 0; i < options->n_workers; i++) {
        sweep->workers[i] = (struct sweep_worker){
            .sweep = sweep, .own = options->workers[i], .which = i, .number = SWEEP_NONE};
    }
    struct err shown_err = {.text = ""};
    enum status shown = work(&sweep->workers[0], &shown_err);
    if (shown != OK && err) {
        *err = shown_err;
    }
    return sweep_end(sweep, shown, err);
}
