/* A ring of blocks. The caller's thread reads a block into it; either thread packs the oldest one
 * that nobody has begun, the caller's only while it waits for a block that is not done. The second
 * thread is started when a second block is under way: most objects of a quiet archive have one. */
#include "daemon/ship/object_packer.h"

#include <stdlib.h>

#include "schema/base/lock.h"

enum slot_state { SLOT_READ, SLOT_PACKING, SLOT_DONE };

struct slot {
    /* of whoever packs it while it is SLOT_PACKING, else of the caller's thread */
    const struct block_info *info;
    struct block_lines lines;
    struct span ndjson;
    struct buf packed;
    enum status status;
    struct err err;
    /* guarded by the lock */
    enum slot_state state;
};

struct object_packer {
    struct segment *segment;
    /* of a thread each: the caller's, the other one's */
    struct object_codec_stream *streams[2];
    /* the caller's thread */
    int64_t raw_bytes;
    pthread_t thread;
    bool has_thread;
    /* from `first` on, `count` of them, and the one that was taken last, which is looked at yet */
    struct slot slots[OBJECT_PACKER_BLOCKS + 1];
    struct lock lock;
    struct condition changed;
    size_t first GUARDED_BY(lock);
    size_t count GUARDED_BY(lock);
    bool stopping GUARDED_BY(lock);
};

enum status object_packer_new(enum object_codec codec, struct segment *segment,
                              struct object_packer **out_packer, struct err *err)
{
    struct object_packer *packer = calloc(1, sizeof *packer);
    if (!packer) {
        return err_nomem(err, "ship");
    }
    packer->segment = segment;
    lock_init(&packer->lock);
    condition_init(&packer->changed);
    enum status status = OK;
    for (size_t i = 0; i <= OBJECT_PACKER_BLOCKS; i++) {
        packer->slots[i].lines = (struct block_lines)BLOCK_LINES_INIT;
    }
    for (size_t i = 0; i < 2; i++) {
        status = THEN(status, object_codec_stream_new(codec, &packer->streams[i], err));
    }
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
    if (packer->has_thread) {
        lock_take(&packer->lock);
        packer->stopping = true;
        condition_broadcast(&packer->changed);
        lock_drop(&packer->lock);
        CHECK(pthread_join(packer->thread, NULL) == 0);
    }
    for (size_t i = 0; i <= OBJECT_PACKER_BLOCKS; i++) {
        block_lines_fini(&packer->slots[i].lines);
        buf_fini(&packer->slots[i].packed);
    }
    object_codec_stream_free(packer->streams[0]);
    object_codec_stream_free(packer->streams[1]);
    condition_fini(&packer->changed);
    lock_fini(&packer->lock);
    free(packer);
}

static struct slot *slot_at(struct object_packer *packer, size_t which)
{
    return &packer->slots[which % (OBJECT_PACKER_BLOCKS + 1)];
}

/* What leaves the house is what came in. */
static void pack(const struct object_packer *packer, struct object_codec_stream *stream,
                 struct slot *slot)
{
    struct digest sha256 = digest_sha256(slot->ndjson);
    if (!digest_equal(&sha256, &slot->info->sha256)) {
        char day[CLOCK_TEXT_BYTES];
        slot->status = err_set(&slot->err, ERR_CORRUPT,
                               "segment %s: block %lld is damaged: it does not match its digest",
                               clock_format_day(segment_day_us(packer->segment), day),
                               (long long)slot->info->id);
        return;
    }
    slot->status = object_codec_stream_add(stream, slot->ndjson, &slot->packed, &slot->err);
}

/* The oldest block that nobody has begun; NULL: none. */
static struct slot *begin_next(struct object_packer *packer) REQUIRES(packer->lock)
{
    for (size_t i = 0; i < packer->count; i++) {
        struct slot *slot = slot_at(packer, packer->first + i);
        if (slot->state == SLOT_READ) {
            slot->state = SLOT_PACKING;
            return slot;
        }
    }
    return NULL;
}

/* Packs one, if there is one to be packed, or waits until something has changed. */
static void pack_or_wait(struct object_packer *packer, struct object_codec_stream *stream)
    REQUIRES(packer->lock)
{
    struct slot *slot = begin_next(packer);
    if (!slot) {
        condition_wait(&packer->changed, &packer->lock);
        return;
    }
    lock_drop(&packer->lock);
    pack(packer, stream, slot);
    lock_take(&packer->lock);
    slot->state = SLOT_DONE;
    condition_broadcast(&packer->changed);
}

static void *packer_main(void *context)
{
    struct object_packer *packer = context;
    lock_take(&packer->lock);
    while (!packer->stopping) {
        pack_or_wait(packer, packer->streams[1]);
    }
    lock_drop(&packer->lock);
    return NULL;
}

size_t object_packer_count(const struct object_packer *packer)
{
    return packer->count; /* changed by this thread alone */
}

int64_t object_packer_raw_bytes(const struct object_packer *packer)
{
    return packer->raw_bytes;
}

void object_packer_add(struct object_packer *packer, const struct block_info *info)
{
    CHECK(packer->count < OBJECT_PACKER_BLOCKS);
    struct slot *slot = slot_at(packer, packer->first + packer->count);
    slot->info = info;
    buf_clear(&slot->packed);
    slot->status =
        segment_ndjson(packer->segment, info->id, &slot->lines, &slot->ndjson, &slot->err);
    packer->raw_bytes += info->raw_bytes;
    lock_take(&packer->lock);
    slot->state = slot->status == OK ? SLOT_READ : SLOT_DONE;
    packer->count++;
    condition_signal(&packer->changed);
    lock_drop(&packer->lock);
    /* without it, taking packs */
    packer->has_thread =
        packer->has_thread ||
        (packer->count > 1 && pthread_create(&packer->thread, NULL, packer_main, packer) == 0);
}

enum status object_packer_take(struct object_packer *packer, struct object_packer_block *out_block,
                               struct err *err)
{
    CHECK(packer->count > 0);
    struct slot *slot = slot_at(packer, packer->first);
    lock_take(&packer->lock);
    while (slot->state != SLOT_DONE) {
        pack_or_wait(packer, packer->streams[0]);
    }
    packer->first++;
    packer->count--;
    lock_drop(&packer->lock);
    packer->raw_bytes -= slot->info->raw_bytes;
    if (slot->status != OK) {
        if (err) {
            *err = slot->err;
        }
        return slot->status;
    }
    *out_block = (struct object_packer_block){
        .info = slot->info, .ndjson = slot->ndjson, .packed = buf_span(&slot->packed)};
    return OK;
}
