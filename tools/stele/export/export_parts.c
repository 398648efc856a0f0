/* What of a day goes out: whole blocks, each packed by itself, events of other blocks gathered and
 * packed. Blocks are made ready by threads (export_block.h), some ahead of the one that is handed
 * out. */
#include "tools/stele/export/export_parts.h"

#include <stdlib.h>

#include "query/search/parallel_scan.h"
#include "schema/base/ordered_work.h"
#include "tools/stele/export/export_block.h"

enum {
    BLOCKS_MAX = ORDERED_WORK_WORKERS_MAX + 3, /* in memory: two ahead, and the one handed out */
    JOIN_BLOCKS = 8                            /* fewer are not worth one more handle */
};

struct export_parts {
    enum object_codec codec;
    bool sizes_only;
    struct ordered_work *work;
    struct export_worker workers[ORDERED_WORK_WORKERS_MAX]; /* the first is the caller's */
    size_t n_workers;
    struct export_block slots[BLOCKS_MAX];
    struct buf packed; /* the piece handed out, if it is of several blocks */
    struct buf handed; /* its lines */
    struct buf loose;  /* lines of blocks that are not whole, not packed yet */
    struct export_part of_loose;
    /* the day */
    struct export_parts_day day;
    int64_t number;             /* how many were begun */
    struct plan_leaves *leaves; /* what its plan has looked up, for other threads */
    const struct block_info *blocks;
    size_t n_blocks;
    size_t at;                 /* blocks before it are given */
    bool is_alone;             /* the caller's thread does them */
    struct export_block *next; /* the block under work; NULL: it is to be taken */
};

static enum status begin_work(struct export_parts *parts, const struct day_iterator *iterator,
                              struct err *err)
{
    enum status status = OK;
    struct ordered_work_options options = {.work = export_block_run,
                                           .n_workers = parts->n_workers,
                                           .slots = parts->slots,
                                           .n_slots = parts->n_workers + 3,
                                           .slot_bytes = sizeof parts->slots[0]};
    for (size_t i = 0; i < parts->n_workers && status == OK; i++) {
        parts->workers[i] =
            (struct export_worker){.iterator = iterator, .is_callers = i == 0, .number = -1};
        options.workers[i] = &parts->workers[i];
        status = object_codec_stream_new(parts->codec, &parts->workers[i].packer, err);
    }
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        parts->slots[i] = (struct export_block){.lines = BLOCK_LINES_INIT};
    }
    return THEN(status, ordered_work_new(&options, &parts->work, err));
}

enum status export_parts_new(const struct day_iterator *iterator, enum object_codec codec,
                             bool sizes_only, struct export_parts **out_pieces, struct err *err)
{
    struct export_parts *parts = calloc(1, sizeof *parts);
    if (!parts) {
        return err_nomem(err, "export");
    }
    parts->codec = codec;
    parts->sizes_only = sizes_only;
    parts->n_workers = parallel_scan_workers(iterator);
    enum status status = begin_work(parts, iterator, err);
    if (status != OK) {
        export_parts_free(parts);
        return status;
    }
    *out_pieces = parts;
    return OK;
}

void export_parts_free(struct export_parts *parts)
{
    if (parts) {
        ordered_work_free(parts->work);
        plan_leaves_release(parts->leaves);
        for (size_t i = 0; i < parts->n_workers; i++) {
            export_worker_fini(&parts->workers[i]);
        }
        for (size_t i = 0; i < BLOCKS_MAX; i++) {
            export_block_fini(&parts->slots[i]);
        }
        buf_fini(&parts->packed);
        buf_fini(&parts->handed);
        buf_fini(&parts->loose);
        free(parts);
    }
}

static bool is_wanted(const struct export_parts *parts, const struct block_info *info)
{
    const struct export_parts_day *day = &parts->day;
    return info->number > day->after_block && info->number <= day->last_block &&
           info->time_max_us >= day->from_us && info->time_min_us < day->to_us;
}

void export_parts_begin(struct export_parts *parts, const struct export_parts_day *day)
{
    CHECK(ordered_work_count(parts->work) == 0);
    size_t wanted = 0;
    parts->day = *day;
    parts->number++;
    parts->blocks = segment_blocks(plan_segment(day->plan), &parts->n_blocks);
    parts->at = 0;
    parts->next = NULL;
    parts->of_loose = (struct export_part){0};
    buf_clear(&parts->loose);
    for (size_t i = 0; i < parts->n_blocks; i++) {
        wanted += is_wanted(parts, &parts->blocks[i]);
    }
    parts->is_alone = wanted < JOIN_BLOCKS;
    plan_leaves_release(parts->leaves);
    parts->leaves = parts->is_alone ? NULL : plan_leaves_keep(day->plan);
}

/* Fills the slot with the next block that is wanted; false when there is none. */
static bool plan_block(struct export_parts *parts, struct export_block *block)
{
    while (parts->at < parts->n_blocks && !is_wanted(parts, &parts->blocks[parts->at])) {
        parts->at++;
    }
    if (parts->at == parts->n_blocks) {
        return false;
    }
    block->info = &parts->blocks[parts->at++];
    block->day = &parts->day;
    block->number = parts->number;
    block->leaves = parts->leaves;
    block->codec = parts->codec;
    block->sizes_only = parts->sizes_only;
    return true;
}

/* The next block, made ready; NULL at the end of the day. */
static struct export_block *take_block(struct export_parts *parts)
{
    struct export_block *block = &parts->slots[0];
    if (parts->is_alone) {
        if (!plan_block(parts, block)) {
            return NULL;
        }
        export_block_run(&parts->workers[0], block);
        return block;
    }
    while ((block = ordered_work_next(parts->work)) && plan_block(parts, block)) {
        ordered_work_give(parts->work);
    }
    block = ordered_work_take(parts->work);
    if (block && block->is_left) {
        export_block_run_with(&parts->workers[0], block, parts->day.plan);
    }
    return block;
}

static void hand_whole(const struct export_block *block, struct export_part *out_piece)
{
    struct span ndjson = buf_span(&block->lines.ndjson);
    bool is_packed = block->codec != OBJECT_CODEC_NONE;
    *out_piece = (struct export_part){
        .first_block = block->info->number,
        .last_block = block->info->number,
        .events = block->info->n_events,
        .raw_bytes = block->info->raw_bytes,
        .packed_bytes = is_packed ? (int64_t)block->packed.size : block->info->raw_bytes,
        .ndjson = ndjson,
        .packed = is_packed ? buf_span(&block->packed) : ndjson,
    };
}

static enum status pack_loose(struct export_parts *parts, struct export_part *out_piece,
                              struct err *err)
{
    struct buf handed = parts->handed;
    parts->handed = parts->loose;
    parts->loose = handed;
    buf_clear(&parts->loose);
    buf_clear(&parts->packed);
    struct span ndjson = buf_span(&parts->handed);
    enum status status =
        object_codec_stream_add(parts->workers[0].packer, ndjson, &parts->packed, err);
    *out_piece = parts->of_loose;
    out_piece->raw_bytes = (int64_t)ndjson.size;
    out_piece->ndjson = ndjson;
    out_piece->packed = buf_span(&parts->packed);
    out_piece->packed_bytes = (int64_t)parts->packed.size;
    parts->of_loose = (struct export_part){0};
    return status;
}

/* Adds what of the block matches to the loose lines, unless they are full (*out_full). */
static enum status add_loose(struct export_parts *parts, const struct export_block *block,
                             bool *out_full, struct err *err)
{
    struct export_part *of = &parts->of_loose;
    *out_full = of->events > 0 && parts->loose.size + block->some.size > BLOCK_RAW_BYTES_MAX;
    if (*out_full) {
        return OK;
    }
    buf_add_span(&parts->loose, buf_span(&block->some));
    of->first_block = of->events > 0 ? of->first_block : block->info->number;
    of->last_block = block->info->number;
    of->events += (int64_t)block->matches;
    return buf_status(&parts->loose, "export", err);
}

/* The block under work. *out_made: *out_piece is to be handed out. */
static enum status step(struct export_parts *parts, struct export_part *out_piece, bool *out_made,
                        struct err *err)
{
    struct export_block *block = parts->next;
    enum status status = block->status;
    bool loose = parts->of_loose.events > 0;
    bool full = false; /* the loose lines go first, the block is met again */
    if (status == ERR_CORRUPT) {
        full = loose; /* what stands before the damage */
    } else if (status == OK && block->matches == block->info->n_events) {
        full = loose;
        *out_made = !full;
        hand_whole(block, out_piece);
    } else if (status == OK && block->matches > 0) {
        status = add_loose(parts, block, &full, err);
    }
    if (full) {
        *out_made = true;
        return pack_loose(parts, out_piece, err);
    }
    if (block->status != OK && err) {
        (void)err_copy(err, &block->err);
    }
    parts->next = NULL;
    return status;
}

enum status export_parts_next(struct export_parts *parts, struct export_part *out_piece,
                              bool *out_end, struct err *err)
{
    enum status status = OK;
    bool made = false;
    while (status == OK && !made) {
        parts->next = parts->next ? parts->next : take_block(parts);
        if (!parts->next) {
            break;
        }
        status = step(parts, out_piece, &made, err);
    }
    *out_end = status == OK && !made && parts->of_loose.events == 0;
    return status == OK && !made && !*out_end ? pack_loose(parts, out_piece, err) : status;
}
