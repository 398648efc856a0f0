#include "tools/stele/export/export_block.h"

#include "schema/block/bitmap.h"
#include "schema/crypto/digest.h"

void export_worker_fini(struct export_worker *worker)
{
    object_codec_stream_free(worker->packer);
    day_iterator_plan_close(worker->mine);
}

void export_block_fini(struct export_block *block)
{
    block_lines_fini(&block->lines);
    buf_fini(&block->packed);
    buf_fini(&block->some);
}

/* What leaves the house is what came in. */
static enum status check_digest(const struct export_block *block, struct err *err)
{
    struct digest digest = digest_sha256(buf_span(&block->lines.ndjson));
    if (!digest_equal(&digest, &block->info->sha256)) {
        char day[CLOCK_TEXT_BYTES];
        return err_set(err, ERR_CORRUPT,
                       "segment %s: block %lld is damaged: it does not match its digest",
                       clock_format_day(block->info->day_us, day), (long long)block->info->number);
    }
    return OK;
}

static enum status make_whole(struct export_worker *worker, struct export_block *block,
                              struct segment *segment, struct err *err)
{
    if (block->sizes_only && block->codec == OBJECT_CODEC_NONE) {
        return OK;
    }
    struct span ndjson;
    enum status status = segment_ndjson(segment, block->info->id, &block->lines, &ndjson, err);
    status = THEN(status, check_digest(block, err));
    if (status == OK && block->codec != OBJECT_CODEC_NONE) {
        status = object_codec_stream_add(worker->packer, ndjson, &block->packed, err);
    }
    return status;
}

static enum status make_some(struct export_block *block, struct segment *segment,
                             const struct bitmap *map, struct err *err)
{
    struct block_lines *lines = &block->lines;
    enum status status = segment_lines(segment, block->info->id, lines, err);
    status = THEN(status, check_digest(block, err));
    for (uint32_t slot = 0; status == OK && slot < lines->n_events; slot++) {
        if (bitmap_get(map, slot)) {
            buf_add(&block->some, lines->ndjson.data + lines->start[slot],
                    lines->start[slot + 1] - lines->start[slot]);
        }
    }
    return THEN(status, buf_status(&block->some, "export", err));
}

void export_block_run_with(struct export_worker *worker, struct export_block *block,
                           struct plan *plan)
{
    struct bitmap map;
    block->is_left = false;
    block->matches = 0;
    block->lines.block = -1; /* that of another day may have the number */
    buf_clear(&block->lines.ndjson);
    buf_clear(&block->packed);
    buf_clear(&block->some);
    block->status =
        plan_eval(plan, block->info, block->day->from_us, block->day->to_us, &map, &block->err);
    if (block->status != OK) {
        return;
    }
    block->matches = bitmap_count(&map);
    if (block->matches == block->info->n_events) {
        block->status = make_whole(worker, block, plan_segment(plan), &block->err);
    } else if (block->matches > 0) {
        block->status = make_some(block, plan_segment(plan), &map, &block->err);
    }
}

/* The worker's plan of the day. NULL: what is there now has not the block that was planned; it was
 * deleted, or made anew after that, or cannot be opened once more. */
static struct plan *plan_of(struct export_worker *worker, const struct export_block *block)
{
    struct err why;
    if (worker->is_callers) {
        return block->day->plan;
    }
    if (worker->number != block->number) {
        worker->number = block->number;
        (void)!day_iterator_day_plan(worker->iterator, block->day->day_us, block->leaves,
                                     &worker->mine, &why);
    }
    struct plan *plan = worker->mine;
    const struct block_info *info =
        plan ? segment_block(plan_segment(plan), block->info->id) : NULL;
    return info && digest_equal(&info->sha256, &block->info->sha256) ? plan : NULL;
}

void export_block_run(void *worker, void *slot)
{
    struct export_block *block = slot;
    struct plan *plan = plan_of(worker, block);
    if (plan) {
        export_block_run_with(worker, block, plan);
    } else {
        block->is_left = true;
    }
}
