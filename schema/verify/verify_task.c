#include "schema/verify/verify_task.h"

#include "schema/segment/segment_map.h"
#include "schema/verify/verify_day.h"
#include "schema/verify/verify_pages.h"

enum { PAGE_FAULTS_MAX = 3 }; /* the rest follows from the first */
#define BILLION INT64_C(1000000000)

void verify_worker_fini(struct verify_worker *worker)
{
    segment_close(worker->segment);
    block_lines_fini(&worker->lines);
    verify_words_fini(&worker->words);
    verify_beside_fini(&worker->beside);
}

void verify_task_fini(struct verify_task *task)
{
    verify_findings_fini(&task->findings);
    vec_fini(&task->blocks);
}

static void step(struct verify_worker *worker, const struct verify_day *day,
                 const struct block_info *info)
{
    struct verify_pace *pace = worker->pace;
    int64_t share = BILLION / (int64_t)(pace->n_days * day->n_blocks);
    int64_t events = atomic_fetch_add(&pace->events, info->n_events) + info->n_events;
    int64_t billionths = atomic_fetch_add(&pace->billionths, share) + share;
    if (worker->is_callers && pace->report->progress) {
        pace->report->progress(pace->report->context, billionths / (BILLION / 1000), events);
    }
}

static enum status check_block(struct verify_worker *worker, struct verify_task *task,
                               struct segment *segment, const struct verify_segment *verify,
                               const struct block_info *info, struct err *err)
{
    struct verify_task_block *out = vec_add(&task->blocks);
    if (!out) {
        return err_nomem(err, "verify");
    }
    *out = (struct verify_task_block){.n_findings = 0};
    worker->lines.block = -1; /* that of another day may have the number */
    enum status status = verify_block(verify, segment, &worker->lines, info, &out->block, err);
    out->n_findings = task->findings.kept.count;
    if (status == OK && out->block.whole && !verify->quick) {
        status = verify_words_block(&worker->words, verify, segment, info, &out->words,
                                    &out->has_words, err);
        status = THEN(status,
                      verify_beside_block(&worker->beside, verify, segment, info, &out->list, err));
    }
    out->n_findings_all = task->findings.kept.count;
    return status;
}

void verify_task_run_with(struct verify_worker *worker, struct verify_task *task,
                          struct segment *segment)
{
    struct verify_day *day = task->day;
    struct verify_segment verify = day->verify;
    verify.report = &task->findings.report;
    verify_findings_begin(&task->findings);
    vec_clear(&task->blocks);
    task->is_left = false;
    task->status = OK;
    if (task->has_file) {
        task->status = verify_pages(segment_db(segment), verify.where, PAGE_FAULTS_MAX,
                                    verify.report, &task->err);
        task->status =
            THEN(task->status, verify_rows(segment, verify.where, verify.report, &task->err));
    }
    task->n_file_findings = task->findings.kept.count;
    for (size_t i = task->from; i < task->to && task->status == OK; i++) {
        task->status = check_block(worker, task, segment, &verify, &day->blocks[i], &task->err);
        step(worker, day, &day->blocks[i]);
    }
    if (task->status == OK && task->has_file && !verify.quick) {
        verify_word_table_read(&day->file->words, segment);
    }
    if (task->status == OK && task->findings.nomem) {
        task->status = err_nomem(&task->err, "verify");
    }
}

/* The worker's handle of the day. NULL: what is there now is not what was planned; it was deleted,
 * or made anew after that. */
static struct segment *open_day(struct verify_worker *worker, const struct verify_day *day)
{
    if (worker->segment && worker->day == day->number) {
        return worker->segment;
    }
    struct err why;
    struct segment *had = worker->segment;
    worker->day = day->number;
    if (segment_open_day(day->dir, day->verify.day_us, &worker->segment, &why) != OK) {
        return NULL;
    }
    if (worker->segment != had) {
        verify_file_share(day->file, worker->segment);
    }
    for (size_t i = 0; i < day->n_blocks; i++) {
        const struct block_info *info = segment_block(worker->segment, day->blocks[i].id);
        if (!info || !digest_equal(&info->sha256, &day->blocks[i].sha256)) {
            segment_close(worker->segment);
            worker->segment = NULL;
            break;
        }
    }
    return worker->segment;
}

void verify_task_run(void *context, void *slot)
{
    struct verify_worker *worker = context;
    struct verify_task *task = slot;
    struct verify_day *day = task->day;
    struct segment *segment = task->has_file ? day->segment : open_day(worker, day);
    if (segment) {
        verify_task_run_with(worker, task, segment);
    } else {
        task->is_left = true;
    }
}
