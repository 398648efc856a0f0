#include "schema/verify/verify_day.h"

#include "schema/block/hash_chain.h"
#include "schema/segment/segment_map.h"

/* A day of few blocks is one task, with one handle. */
enum { WHOLE_DAY_BLOCKS = 16, BLOCKS_AT_ONCE = 4 };

/* The handles of a file have its vocabulary in common. */
static void share(struct verify_file *file, struct segment *segment)
{
    if (!file->shared) {
        file->shared = segment_share_vocabulary(segment);
        file->created_us = segment_created_us(segment);
    }
    verify_file_share(file, segment);
}

void verify_file_share(const struct verify_file *file, struct segment *segment)
{
    if (file->created_us == segment_created_us(segment)) { /* else the day has just moved */
        segment_use_vocabulary(segment, file->shared);
    }
}

void verify_file_fini(struct verify_file *file)
{
    verify_word_table_fini(&file->words);
    segment_vocabulary_release(file->shared);
}

void verify_day_begin(struct verify_day *day, const struct verify_days *verify, size_t number,
                      struct verify_file *file)
{
    int64_t day_us = verify->days_us[number];
    *day = (struct verify_day){.number = number, .dir = verify->dir};
    day->verify = (struct verify_segment){.where = clock_format_day(day_us, day->where),
                                          .day_us = day_us,
                                          .set = verify->set,
                                          .quick = verify->quick,
                                          .report = verify->report};
    day->status = segment_open_day(verify->dir, day_us, &day->segment, &day->err);
    if (day->status == OK) {
        day->file = file;
        share(file, day->segment);
        day->blocks = segment_blocks(day->segment, &day->n_blocks);
        day->chain = day->other = hash_chain_start(segment_day_us(day->segment));
        day->has_file = !file->is_begun;
        file->is_begun = true;
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
    bool is_alone = is_first && day->has_file &&
                    left > day->blocks_at_once; /* the file, while others do blocks */
    size_t count = is_alone ? 0 : left < day->blocks_at_once ? left : day->blocks_at_once;
    task->day = day;
    task->is_first = is_first;
    task->has_file = is_first && day->has_file;
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
        while (at < day->n_blocks && day->blocks[at].number < sealed[i].block.block) {
            at++;
        }
        if (at == day->n_blocks || day->blocks[at].number != sealed[i].block.block) {
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
        verify_say(day->verify.report, day->verify.where, info->number,
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
    if (task->from + i > 0 && info->number != info[-1].number + 1) {
        verify_say(verify->report, verify->where, info->number, "follows block %lld",
                   (long long)info[-1].number);
    }
    verify_findings_tell(&task->findings, findings_before(task, i), block->n_findings,
                         verify->report);
    if (is_done) {
        follow_chain(day, info, &block->block);
    }
    verify_findings_tell(&task->findings, block->n_findings, block->n_findings_all, verify->report);
    if (is_done && !verify->quick) {
        verify_beside_follow(&day->file->lists, verify, info,
                             block->block.whole ? &block->list : NULL);
    }
    if (block->has_words) {
        verify_word_table_want(&day->file->words, info->id, block->words);
    }
    verify->report->blocks++;
    verify->report->events += info->n_events;
    verify->report->raw_bytes += info->raw_bytes;
}

static enum status take_all(struct verify_day *day, const struct verify_task *task, struct err *err)
{
    struct verify_report *report = day->verify.report;
    int64_t file_us = segment_first_day_us(day->segment);
    if (task->is_first && !segment_is_merged(day->segment) && file_us != day->verify.day_us) {
        char text[CLOCK_TEXT_BYTES];
        verify_say(report, day->where, 0, "is the file of another day, %s",
                   clock_format_day(file_us, text));
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
    if (status == OK && task->is_last && !day->verify.quick && --day->file->days_left == 0) {
        status = verify_word_table_compare(&day->file->words, &day->verify, err);
        status =
            THEN(status, verify_beside_end(&day->file->lists, &day->verify, day->segment, err));
    }
    if (task->is_last || status != OK) {
        find_missing(day);
    }
    return status;
}

enum status verify_day_take(struct verify_day *day, const struct verify_task *task, struct err *err)
{
    struct verify_report *report = day->verify.report;
    report->days += task->is_first;
    if (day->status == ERR_NOT_FOUND) { /* deleted meanwhile, as the next seal will say */
        return OK;
    }
    struct err why = day->err;
    enum status status = day->segment ? take_all(day, task, &why) : day->status;
    return verify_outcome(report, day->where, 0, NULL, status, &why, err);
}

void verify_day_end(struct verify_day *day)
{
    segment_close(day->segment);
    day->segment = NULL;
}
