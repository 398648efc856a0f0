/* Blocks of a segment into the bytes of an object, in memory. The same range gives the same bytes
 * at any time: that is what a plan in the ledger promises. */
#include "daemon/ship/object_build.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/ship/object_codec.h"
#include "schema/file/file.h"
#include "schema/segment/segment.h"

/* What building needs besides the object. */
struct builder {
    struct segment *segment;
    struct object_codec_stream *packer;
    struct block_lines lines;
    struct buf piece; /* one block, compressed */
};

void object_fini(struct object *object)
{
    buf_fini(&object->bytes);
    *object = (struct object){0};
}

struct target_object object_put(const struct object *object, const struct ledger_object *row)
{
    return (struct target_object){
        .key = row->key,
        .bytes = buf_span(&object->bytes),
        .sha256 = &row->sha256,
        .content_type = object_codec_content_type(row->codec == LEDGER_GZIP ? OBJECT_CODEC_GZIP
                                                                            : OBJECT_CODEC_ZSTD),
    };
}

static enum status build_piece(struct builder *builder, const struct block_info *info,
                               struct err *err)
{
    buf_clear(&builder->piece);
    struct span ndjson;
    enum status status = segment_ndjson(builder->segment, info->id, &builder->lines, &ndjson, err);
    return THEN(status, object_codec_stream_add(builder->packer, ndjson, &builder->piece, err));
}

static void object_add(struct object *object, const struct block_info *info, struct span piece)
{
    object->first_block = object->bytes.size ? object->first_block : info->id;
    buf_add_span(&object->bytes, piece);
    object->last_block = info->id;
    object->events += info->n_events;
    object->raw_bytes += info->raw_bytes;
}

static enum status build_blocks(struct builder *builder, const struct object_range *range,
                                struct object *object, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(builder->segment, &count);
    enum status status = OK;
    for (size_t i = 0; i < count && status == OK; i++) {
        const struct block_info *info = &blocks[i];
        if (info->id < range->first_block || info->id > range->last_block) {
            continue;
        }
        bool first = object->bytes.size == 0;
        int64_t size = (int64_t)object->bytes.size;
        status = build_piece(builder, info, err);
        if (status == ERR_CORRUPT && !first && range->bytes_max < INT64_MAX) {
            return OK; /* what stands before the damage goes out; the next object meets it */
        }
        if (status == OK && !first && size + (int64_t)builder->piece.size > range->bytes_max) {
            break;
        }
        if (status == OK) {
            object_add(object, info, buf_span(&builder->piece));
        }
    }
    return status;
}

enum status object_build(struct segment *segment, const struct object_range *range,
                         struct object *object, struct err *err)
{
    CHECK(range->first_block <= range->last_block);
    struct builder builder = {.segment = segment, .lines = BLOCK_LINES_INIT};
    buf_clear(&object->bytes);
    object->first_block = range->first_block;
    object->last_block = -1;
    object->events = 0;
    object->raw_bytes = 0;
    enum object_codec codec = range->codec == LEDGER_GZIP ? OBJECT_CODEC_GZIP : OBJECT_CODEC_ZSTD;
    enum status status = object_codec_stream_new(codec, &builder.packer, err);
    status = THEN(status, build_blocks(&builder, range, object, err));
    object_codec_stream_free(builder.packer);
    block_lines_fini(&builder.lines);
    buf_fini(&builder.piece);
    status = THEN(status, buf_status(&object->bytes, "ship", err));
    if (status == OK && object->bytes.size == 0) {
        char day[CLOCK_TEXT_BYTES];
        status =
            err_set(err, ERR_NOT_FOUND, "segment %s has no block %lld",
                    clock_format_day(segment_day_us(segment), day), (long long)range->first_block);
    }
    if (status == OK) {
        object->sha256 = digest_sha256(buf_span(&object->bytes));
    }
    return status;
}

enum status object_build_day(const char *archive_dir, int64_t day_us,
                             const struct object_range *range, struct object *object,
                             struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    enum status status = archive_segment_path(archive_dir, day_us, path, err);
    status = THEN(status, segment_open(path, &segment, err));
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
    return object_build_day(archive_dir, row->day_us, &range, object, err);
}

enum status object_key(const char *archive_id, int64_t day_us, enum ledger_codec codec,
                       const struct object *object, char *out, size_t out_bytes, struct err *err)
{
    char day[CLOCK_TEXT_BYTES];
    char hex[DIGEST_HEX_BYTES];
    clock_format_day(day_us, day);
    int n = snprintf(out, out_bytes, "dt=%s/%.8s-%.4s%.2s%.2s-%06lld-%06lld-%.16s.ndjson.%s", day,
                     archive_id, day, day + 5, day + 8, (long long)object->first_block,
                     (long long)object->last_block, digest_hex(&object->sha256, hex),
                     codec == LEDGER_GZIP ? "gz" : "zst");
    return n > 0 && (size_t)n < out_bytes ? OK : err_set(err, ERR_LIMIT, "key is too long");
}
