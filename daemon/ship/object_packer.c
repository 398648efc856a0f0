/* A ring of blocks (schema/base/ordered_work.h): the caller's thread reads a block into it, either
 * thread packs. */
#include "daemon/ship/object_packer.h"

#include <stdlib.h>

#include "schema/base/ordered_work.h"

enum { PACKERS = 2, SLOTS = OBJECT_PACKER_BLOCKS + 1 }; /* one more: the block taken last */

struct slot {
    const struct block_info *info;
    int64_t day_us;
    struct block_lines lines;
    struct span ndjson;
    struct buf packed;
    enum status status;
    struct err err;
};

struct object_packer {
    struct segment *segment;
    struct object_codec_stream *streams[PACKERS]; /* of a thread each */
    struct ordered_work *work;
    struct slot slots[SLOTS];
    int64_t raw_bytes;
};

/* What leaves the house is what came in. */
static void pack(void *worker, void *work)
{
    struct object_codec_stream *stream = worker;
    struct slot *slot = work;
    if (slot->status != OK) {
        return;
    }
    struct digest sha256 = digest_sha256(slot->ndjson);
    if (!digest_equal(&sha256, &slot->info->sha256)) {
        char day[CLOCK_TEXT_BYTES];
        slot->status = err_set(&slot->err, ERR_CORRUPT,
                               "segment %s: block %lld is damaged: it does not match its digest",
                               clock_format_day(slot->day_us, day), (long long)slot->info->number);
        return;
    }
    slot->status = object_codec_stream_add(stream, slot->ndjson, &slot->packed, &slot->err);
}

enum status object_packer_new(enum object_codec codec, struct segment *segment,
                              struct object_packer **out_packer, struct err *err)
{
    struct object_packer *packer = calloc(1, sizeof *packer);
    if (!packer) {
        return err_nomem(err, "ship");
    }
    packer->segment = segment;
    enum status status = OK;
    struct ordered_work_options options = {.work = pack,
                                           .n_workers = PACKERS,
                                           .slots = packer->slots,
                                           .n_slots = SLOTS,
                                           .slot_bytes = sizeof packer->slots[0]};
    for (size_t i = 0; i < SLOTS; i++) {
        packer->slots[i].lines = (struct block_lines)BLOCK_LINES_INIT;
    }
    for (size_t i = 0; i < PACKERS; i++) {
        status = THEN(status, object_codec_stream_new(codec, &packer->streams[i], err));
        options.workers[i] = packer->streams[i];
    }
    status = THEN(status, ordered_work_new(&options, &packer->work, err));
    if (status != OK) {
        object_packer_free(packer);
        return status;
    }
    *out_packer = packer;
    return OK;
}

void object_packer_free(struct object_packer *packer)
{
    if (!packer) {
        return;
    }
    ordered_work_free(packer->work);
    for (size_t i = 0; i < SLOTS; i++) {
        block_lines_fini(&packer->slots[i].lines);
        buf_fini(&packer->slots[i].packed);
    }
    for (size_t i = 0; i < PACKERS; i++) {
        object_codec_stream_free(packer->streams[i]);
    }
    free(packer);
}

size_t object_packer_count(const struct object_packer *packer)
{
    return ordered_work_count(packer->work);
}

int64_t object_packer_raw_bytes(const struct object_packer *packer)
{
    return packer->raw_bytes;
}

void object_packer_add(struct object_packer *packer, const struct block_info *info)
{
    struct slot *slot = ordered_work_next(packer->work);
    CHECK(slot);
    slot->info = info;
    slot->day_us = info->day_us;
    buf_clear(&slot->packed);
    slot->status =
        segment_ndjson(packer->segment, info->id, &slot->lines, &slot->ndjson, &slot->err);
    packer->raw_bytes += info->raw_bytes;
    ordered_work_give(packer->work);
}

enum status object_packer_take(struct object_packer *packer, struct object_packer_block *out_block,
                               struct err *err)
{
    struct slot *slot = ordered_work_take(packer->work);
    CHECK(slot);
    packer->raw_bytes -= slot->info->raw_bytes;
    if (slot->status != OK) {
        if (err) {
            (void)err_copy(err, &slot->err);
        }
        return slot->status;
    }
    *out_block = (struct object_packer_block){
        .info = slot->info, .ndjson = slot->ndjson, .packed = buf_span(&slot->packed)};
    return OK;
}
