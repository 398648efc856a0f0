#include "schema/verify/verify_day.h"

#include "schema/archive/archive.h"
#include "schema/block/hash_chain.h"

/* A day of few blocks is one task, with one handle. */
enum { WHOLE_DAY_BLOCKS = 16, BLOCKS_AT_ONCE = 4 };

void verify_day_begin(struct verify_day *day, const struct verify_days *verify, size_t number)
{
    int64_t day_us = verify->days_us[number];
    *day = (struct verify_day){.number = number};
    day->verify = (struct verify_segment){.where = clock_format_day(day_us, day->where),
                                          .day_us = day_us,
                                          .set = verify->set,
                                          .quick = verify->quick,
                                          .report = verify->report};
    day->status = archive_segment_path(verify->dir, day_us, day->path, &day->err);
    day->status = THEN(day->status, segment_open(day->path, &day->segment, &day->err));
    if (day->status == OK) {
        day->blocks = segment_blocks(day->segment, &day->n_blocks);
        day->chain = day->other = hash_chain_start(segment_day_us(day->segment));
    }
    day->blocks_at_once = verify->blocks_at_once              ? verify->blocks_at_once
                          : day->n_blocks <= WHOLE_DAY_BLOCKS ? WHOLE_DAY_BLOCKS
                                                              : BLOCKS_AT_ONCE;
}

bool verify_day_plan(struct verify_day *day, struct verify_task *task)
{
    bool is_first = !day->is_begun;
    size_t left = day->n_blocks - day->planned;
    if (!is_first && left == 0) {
        return false;
    }
    bool is_alone = is_first && left > day->blocks_at_once; /* the file, while others do blocks */
    size_t count = is_alone ? 0 : left < day->blocks_at_once ? left : day->blocks_at_once;
    task->day = day;
    task->has_file = is_first;
    task->from = day->planned;
    task->to = day->planned += count;
    task->is_last = day->planned == day->n_blocks;
    day->is_begun = true;
    return true;
}

/* Sealed blocks that the file does not have; both lists ascend. */
static void find_missing(const struct verify_day *day)
{
    const struct verify_segment *verify = &day->verify;
    size_t n_sealed = 0;
    const struct seal_set_block_row *sealed =
        verify->set ? seal_set_day(verify->set, verify->day_us, &n_sealed) : NULL;
    size_t at = 0;
    for (size_t i = 0; i < n_sealed; i++) {
        while (at < day->n_blocks && day->blocks[at].id < sealed[i].block.block) {
            at++;
        }
        if (at == day->n_blocks || day->blocks[at].id != sealed[i].block.block) {
            verify_say(verify->report, verify->where, sealed[i].block.block,
                       "is missing, with %lld events; seal %lld has it",
                       (long long)sealed[i].block.events, (long long)sealed[i].seal);
        }
    }
}

static void follow_chain(struct verify_day *day, const struct block_info *info,
                         const struct verify_block_outcome *block)
{
    struct digest chain = hash_chain_add(&day->chain, info);
    struct digest other = hash_chain_add(&day->other, info);
    day->chain = block->has_proof && digest_equal(&other, &block->chain) ? other : chain;
    day->other = day->chain;
    if (block->has_proof && !digest_equal(&day->chain, &block->chain)) {
        verify_say(day->verify.report, day->verify.where, info->id,
                   "does not continue the chain of the blocks before it");
        day->other = block->chain; /* which of the two is right, the next block shows */
    }
}

/* What of a task came before its block number i. */
static size_t findings_before(const struct verify_task *task, size_t i)
{
    return i == 0 ? task->n_file_findings : task->blocks.items[i - 1].n_findings_all;
}

/* The block in its place, with what was found in it. */
static void take_block(struct verify_day *day, const struct verify_task *task, size_t i)
{
    const struct verify_segment *verify = &day->verify;
    const struct verify_task_block *block = &task->blocks.items[i];
    const struct block_info *info = &day->blocks[task->from + i];
    bool is_done = task->status == OK || i + 1 < task->blocks.count;
    if (task->from + i > 0 && info->id != info[-1].id + 1) {
        verify_say(verify->report, verify->where, info->id, "follows block %lld",
                   (long long)info[-1].id);
    }
    verify_findings_tell(&task->findings, findings_before(task, i), block->n_findings,
                         verify->report);
    if (is_done) {
        follow_chain(day, info, &block->block);
    }
    verify_findings_tell(&task->findings, block->n_findings, block->n_findings_all, verify->report);
    if (is_done && !verify->quick) {
        verify_beside_follow(&day->lists, verify, info, block->block.whole ? &block->list : NULL);
    }
    if (block->has_words) {
        verify_word_table_want(&day->words, info->id, block->words);
    }
    verify->report->blocks++;
    verify->report->events += info->n_events;
    verify->report->raw_bytes += info->raw_bytes;
}

static enum status take_all(struct verify_day *day, const struct verify_task *task, struct err *err)
{
    struct verify_report *report = day->verify.report;
    if (task->has_file && segment_day_us(day->segment) != day->verify.day_us) {
        char text[CLOCK_TEXT_BYTES];
        verify_say(report, day->where, 0, "is the file of another day, %s",
                   clock_format_day(segment_day_us(day->segment), text));
    }
    verify_findings_tell(&task->findings, 0, task->n_file_findings, report);
    for (size_t i = 0; i < task->blocks.count; i++) {
        take_block(day, task, i);
    }
    report->unsealed_blocks += task->findings.report.unsealed_blocks;
    enum status status = task->status;
    if (status != OK && err) {
        (void)err_copy(err, &task->err);
    }
    if (status == OK && task->is_last && !day->verify.quick) {
        status = verify_word_table_compare(&day->words, &day->verify, err);
        status = THEN(status, verify_beside_end(&day->lists, &day->verify, day->segment, err));
    }
    if (task->is_last || status != OK) {
        find_missing(day);
    }
    return status;
}

enum status verify_day_take(struct verify_day *day, const struct verify_task *task, struct err *err)
{
    struct verify_report *report = day->verify.report;
    report->days += task->has_file;
    if (day->status == ERR_NOT_FOUND) { /* deleted meanwhile, as the next seal will say */
        return OK;
    }
    struct err why = day->err;
    enum status status = day->segment ? take_all(day, task, &why) : day->status;
    return verify_outcome(report, day->where, 0, NULL, status, &why, err);
}

void verify_day_end(struct verify_day *day)
{
    verify_word_table_fini(&day->words);
    segment_close(day->segment);
    day->segment = NULL;
}
