/* Blocks of a segment into an object, in memory. Some blocks are read ahead of the one that is
 * added, so that two threads have work, but not past what is likely to fit. */
#include "daemon/ship/object_build.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/object_packer.h"
#include "schema/segment/segment_map.h"

/* An object under work. */
struct builder {
    const struct object_range *range;
    struct object *object;
    struct object_packer *packer;
    struct digest_stream *digest;
    /* of the segment; those from `next` on, before `end`, are not read yet */
    const struct block_info *blocks;
    size_t next;
    size_t end;
};

void object_fini(struct object *object)
{
    buf_fini(&object->packed);
    *object = (struct object){0};
}

struct parcel object_parcel(const struct object *object, const struct ledger_object *row)
{
    return (struct parcel){
        .key = row->key,
        .codec = object_codec_of(row->codec),
        .content = object->content,
        .packed = buf_span(&object->packed),
        .packed_sha256 = object->packed_sha256,
    };
}

static void read_ahead(struct builder *builder)
{
    struct object_packer *packer = builder->packer;
    while (builder->next < builder->end && object_packer_count(packer) < OBJECT_PACKER_BLOCKS) {
        int64_t size = (int64_t)builder->object->packed.size +
                       object_estimate(object_packer_raw_bytes(packer));
        if (object_packer_count(packer) > 0 && size >= builder->range->bytes_max) {
            return;
        }
        object_packer_add(packer, &builder->blocks[builder->next++]);
    }
}

static void object_add(struct builder *builder, const struct object_packer_block *block)
{
    struct object *object = builder->object;
    object->first_block = object->packed.size ? object->first_block : block->info->number;
    buf_add_span(&object->packed, block->packed);
    object->last_block = block->info->number;
    object->content.events += block->info->n_events;
    object->content.bytes += (int64_t)block->ndjson.size;
    digest_stream_add(builder->digest, block->ndjson);
}

static enum status build_blocks(struct builder *builder, struct err *err)
{
    int64_t bytes_max = builder->range->bytes_max;
    for (read_ahead(builder); object_packer_count(builder->packer) > 0; read_ahead(builder)) {
        struct object_packer_block block;
        int64_t size = (int64_t)builder->object->packed.size;
        enum status status = object_packer_take(builder->packer, &block, err);
        if (status == ERR_CORRUPT && size > 0 && bytes_max < INT64_MAX) {
            return OK; /* what stands before the damage goes out; the next object meets it */
        }
        if (status != OK) {
            return status;
        }
        if (size > 0 && size + (int64_t)block.packed.size > bytes_max) {
            return OK;
        }
        object_add(builder, &block);
    }
    return OK;
}

/* The blocks of the range, which stand one behind the other. */
static void find_blocks(struct builder *builder, const struct segment *segment)
{
    size_t count;
    builder->blocks = segment_blocks(segment, &count);
    while (builder->next < count &&
           builder->blocks[builder->next].number < builder->range->first_block) {
        builder->next++;
    }
    builder->end = builder->next;
    while (builder->end < count &&
           builder->blocks[builder->end].number <= builder->range->last_block) {
        builder->end++;
    }
}

enum status object_build(struct segment *segment, const struct object_range *range,
                         struct object *object, struct err *err)
{
    if (range->first_block > range->last_block) {
        return err_set(err, ERR_CORRUPT, "an object of blocks %lld to %lld: there is none",
                       (long long)range->first_block, (long long)range->last_block);
    }
    struct builder builder = {.range = range, .object = object, .digest = digest_stream_new()};
    if (!builder.digest) {
        return err_nomem(err, "ship");
    }
    buf_clear(&object->packed);
    object->first_block = range->first_block;
    object->last_block = -1;
    object->content = (struct ledger_content){.events = 0};
    find_blocks(&builder, segment);
    enum status status =
        object_packer_new(object_codec_of(range->codec), segment, &builder.packer, err);
    status = THEN(status, build_blocks(&builder, err));
    object_packer_free(builder.packer);
    object->content.sha256 = digest_stream_finish(builder.digest);
    status = THEN(status, buf_status(&object->packed, "ship", err));
    if (status == OK && object->packed.size == 0) {
        char day[CLOCK_TEXT_BYTES];
        status =
            err_set(err, ERR_NOT_FOUND, "segment %s has no block %lld",
                    clock_format_day(segment_day_us(segment), day), (long long)range->first_block);
    }
    if (status == OK) {
        object->packed_sha256 = digest_sha256(buf_span(&object->packed));
    }
    return status;
}

enum status object_build_day(const char *archive_dir, int64_t day_us,
                             const struct object_range *range, struct object *object,
                             struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open_day(archive_dir, day_us, &segment, err);
    status = THEN(status, object_build(segment, range, object, err));
    /* closed before an upload: an open segment holds back its checkpoints */
    segment_close(segment);
    return status;
}

enum status object_build_row(const char *archive_dir, const struct ledger_object *row,
                             struct object *object, struct err *err)
{
    const struct object_range range = {.codec = row->codec,
                                       .first_block = row->first_block,
                                       .last_block = row->last_block,
                                       .bytes_max = INT64_MAX};
    enum status status = object_build_day(archive_dir, row->day_us, &range, object, err);
    if (status == OK &&
        (object->first_block != row->first_block || object->last_block != row->last_block)) {
        return err_set(err, ERR_NOT_FOUND, "%s: not all of its blocks are here", row->key);
    }
    if (status == OK && !ledger_content_equal(&object->content, &row->content)) {
        return err_set(err, ERR_CORRUPT,
                       "%s: its blocks hold other events than were planned: run stele verify",
                       row->key);
    }
    return status;
}

enum status object_key(const char *archive_id, int64_t day_us, enum ledger_codec codec,
                       const struct object *object, char *out, size_t out_bytes, struct err *err)
{
    char day[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    clock_format_day(day_us, day);
    int n = snprintf(out, out_bytes, "dt=%s/%.8s-%.4s%.2s%.2s-%06lld-%06lld-%lld-%.16s.%s", day,
                     archive_id, day, day + 5, day + 8, (long long)object->first_block,
                     (long long)object->last_block, (long long)object->content.events,
                     digest_hex(&object->content.sha256, hex),
                     object_codec_extension(object_codec_of(codec)));
    return n > 0 && (size_t)n < out_bytes ? OK : err_set(err, ERR_LIMIT, "key is too long");
}
