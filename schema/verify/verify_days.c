/* Tasks of days, given in order, done by threads, taken in order. More days than threads are open,
 * so that one thread can begin a day while others end those before it. */
#include "schema/verify/verify_days.h"

#include <stdlib.h>

#include "schema/base/ordered_work.h"
#include "schema/segment/segment_map.h"
#include "schema/verify/verify_day.h"

enum {
    TASKS = 64, /* the file of a day is one task: meanwhile there must be blocks for the others */
    DAYS_MORE = 2
};

struct run {
    const struct verify_days *verify;
    struct verify_pace pace;
    size_t n_workers;
    struct verify_worker workers[ORDERED_WORK_WORKERS_MAX];
    struct ordered_work *work;
    struct verify_day days[ORDERED_WORK_WORKERS_MAX + DAYS_MORE]; /* by number, as a ring */
    struct verify_file *files; /* by the number of their first day */
    size_t *file_of;           /* by day */
    size_t days_begun;
    size_t days_ended;
    struct verify_task tasks[TASKS];
};

static struct verify_day *day_at(struct run *run, size_t number)
{
    return &run->days[number % (run->n_workers + DAYS_MORE)];
}

/* The next task of the day begun last, or the first of one more day; false: there is none now. */
static bool plan_next(struct run *run, struct verify_task *task)
{
    const struct verify_days *verify = run->verify;
    if (run->days_begun > 0 && verify_day_plan(day_at(run, run->days_begun - 1), task)) {
        return true;
    }
    if (run->days_begun == verify->n_days ||
        run->days_begun - run->days_ended == run->n_workers + DAYS_MORE) {
        return false;
    }
    struct verify_day *day = day_at(run, run->days_begun);
    verify_day_begin(day, verify, run->days_begun, &run->files[run->file_of[run->days_begun]]);
    run->days_begun++;
    return verify_day_plan(day, task);
}

static enum status take(struct run *run, struct verify_task *task, struct err *err)
{
    struct verify_day *day = task->day;
    if (task->is_left && day->segment) { /* the tasks before it are done, that of the file too */
        verify_task_run_with(&run->workers[0], task, day->segment);
    }
    enum status status = verify_day_take(day, task, err);
    if (task->is_last) {
        verify_day_end(day);
        run->days_ended++;
    }
    return status;
}

static enum status run_tasks(struct run *run, struct err *err)
{
    enum status status = OK;
    struct verify_task *task = NULL;
    do {
        while ((task = ordered_work_next(run->work)) && plan_next(run, task)) {
            ordered_work_give(run->work);
        }
        task = ordered_work_take(run->work);
        status = task ? take(run, task, err) : OK;
    } while (task && status == OK);
    return status;
}

static void run_free(struct run *run)
{
    ordered_work_free(run->work);
    for (; run->days_ended < run->days_begun; run->days_ended++) {
        verify_day_end(day_at(run, run->days_ended));
    }
    for (size_t i = 0; i < run->n_workers; i++) {
        verify_worker_fini(&run->workers[i]);
    }
    for (size_t i = 0; i < TASKS; i++) {
        verify_task_fini(&run->tasks[i]);
    }
    for (size_t i = 0; run->files && i < run->verify->n_days; i++) {
        verify_file_fini(&run->files[i]);
    }
    free(run->files);
    free(run->file_of);
    free(run);
}

/* Which days are in the same file. One that cannot be asked is said when its days are opened. */
static enum status find_files(struct run *run, struct err *err)
{
    const struct verify_days *verify = run->verify;
    struct segment_map_day *map = NULL;
    size_t count = 0;
    struct err why;
    run->files = calloc(verify->n_days + 1, sizeof *run->files);
    run->file_of = calloc(verify->n_days + 1, sizeof *run->file_of);
    if (!run->files || !run->file_of) {
        return err_nomem(err, "verify");
    }
    if (segment_map_read(verify->dir, &map, &count, &why) != OK) {
        map = NULL;
        count = 0;
    }
    int64_t file = INT64_MIN;
    size_t first = 0;
    for (size_t i = 0, k = 0; i < verify->n_days; i++) {
        while (k < count && map[k].day_us < verify->days_us[i]) {
            k++;
        }
        bool is_merged = k < count && map[k].day_us == verify->days_us[i] && map[k].is_merged;
        run->file_of[i] = is_merged && map[k].file == file ? first : i;
        if (is_merged && map[k].file != file) {
            file = map[k].file;
            first = i;
        }
        run->files[run->file_of[i]].days_left++;
    }
    free(map);
    return OK;
}

enum status verify_days(const struct verify_days *verify, struct err *err)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run) {
        return err_nomem(err, "verify");
    }
    run->verify = verify;
    run->n_workers = ordered_work_threads(verify->threads);
    run->pace.report = verify->report;
    run->pace.n_days = verify->n_days;
    struct ordered_work_options options = {.work = verify_task_run,
                                           .n_workers = run->n_workers,
                                           .slots = run->tasks,
                                           .n_slots = TASKS,
                                           .slot_bytes = sizeof run->tasks[0]};
    for (size_t i = 0; i < run->n_workers; i++) {
        run->workers[i] = (struct verify_worker){
            .pace = &run->pace, .is_callers = i == 0, .lines = BLOCK_LINES_INIT};
        options.workers[i] = &run->workers[i];
    }
    enum status status = find_files(run, err);
    status = THEN(status, ordered_work_new(&options, &run->work, err));
    status = THEN(status, run_tasks(run, err));
    run_free(run);
    return status;
}
