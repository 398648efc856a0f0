#include "schema/verify/verify_segment.h"

#include "schema/block/hash_chain.h"
#include "schema/verify/verify_beside.h"
#include "schema/verify/verify_block.h"
#include "schema/verify/verify_pages.h"
#include "schema/verify/verify_words.h"

enum { PAGE_FAULTS_MAX = 3 }; /* the rest follows from the first */

/* Sealed blocks that the file does not have; both lists ascend. */
static void find_missing(const struct verify_segment *verify, const struct block_info *blocks,
                         size_t n_blocks)
{
    size_t n_sealed = 0;
    const struct seal_set_block_row *sealed =
        verify->set ? seal_set_day(verify->set, verify->day_us, &n_sealed) : NULL;
    size_t at = 0;
    for (size_t i = 0; i < n_sealed; i++) {
        while (at < n_blocks && blocks[at].id < sealed[i].block.block) {
            at++;
        }
        if (at == n_blocks || blocks[at].id != sealed[i].block.block) {
            verify_say(verify->report, verify->where, sealed[i].block.block,
                       "is missing, with %lld events; seal %lld has it",
                       (long long)sealed[i].block.events, (long long)sealed[i].seal);
        }
    }
}

static enum status check_blocks(const struct verify_segment *verify, struct segment *segment,
                                struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    struct verify_block work = {
        .verify = verify, .segment = segment, .chain = hash_chain_start(segment_day_us(segment))};
    work.other = work.chain;
    struct verify_words *words = NULL;
    struct verify_beside beside = {.next_value = 0};
    enum status status = verify->quick ? OK : verify_words_new(verify, segment, &words, err);
    for (size_t i = 0; i < count && status == OK; i++) {
        bool whole = false;
        if (i > 0 && blocks[i].id != blocks[i - 1].id + 1) {
            verify_say(verify->report, verify->where, blocks[i].id, "follows block %lld",
                       (long long)blocks[i - 1].id);
        }
        status = verify_block(&work, &blocks[i], &whole, err);
        if (status == OK && words && whole) {
            status = verify_words_block(words, &blocks[i], err);
            status = THEN(status, verify_beside_block(&beside, verify, segment, &blocks[i], err));
        }
        beside.is_gap |= !whole;
        verify->report->blocks++;
        verify->report->events += blocks[i].n_events;
        verify->report->raw_bytes += blocks[i].raw_bytes;
        if (verify->step) {
            verify->step(verify->context);
        }
    }
    if (status == OK && words) {
        status = verify_words_compare(words, err);
        status = THEN(status, verify_beside_end(&beside, verify, segment, err));
    }
    verify_beside_fini(&beside);
    verify_words_free(words);
    verify_block_fini(&work);
    find_missing(verify, blocks, count);
    return status;
}

enum status verify_segment(const struct verify_segment *verify, struct err *err)
{
    struct segment *segment = NULL;
    struct err why;
    enum status status = segment_open(verify->path, &segment, &why);
    if (status == ERR_NOT_FOUND) { /* deleted meanwhile, as the next seal will say */
        return OK;
    }
    if (status != OK) {
        return verify_outcome(verify->report, verify->where, 0, NULL, status, &why, err);
    }
    if (segment_day_us(segment) != verify->day_us) {
        char day[CLOCK_TEXT_BYTES];
        verify_say(verify->report, verify->where, 0, "is the file of another day, %s",
                   clock_format_day(segment_day_us(segment), day));
    }
    status =
        verify_pages(segment_db(segment), verify->where, PAGE_FAULTS_MAX, verify->report, &why);
    status = THEN(status, check_blocks(verify, segment, &why));
    segment_close(segment);
    return verify_outcome(verify->report, verify->where, 0, NULL, status, &why, err);
}
