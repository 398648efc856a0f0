#include "tools/stele/verify/object_blocks.h"

#include <stdlib.h>
#include <zlib.h>

#include "schema/block/codec.h"

enum { GZIP_WINDOW = 15 + 16, PIECE = 256 * 1024 };

struct object_blocks {
    enum ledger_codec kind;
    struct codec *zstd;
};

struct object_blocks *object_blocks_new(enum ledger_codec codec)
{
    struct object_blocks *parts = calloc(1, sizeof *parts);
    if (parts) {
        parts->kind = codec;
        parts->zstd = codec_new();
        if (!parts->zstd) {
            free(parts);
            return NULL;
        }
    }
    return parts;
}

void object_blocks_free(struct object_blocks *parts)
{
    if (parts) {
        codec_free(parts->zstd);
        free(parts);
    }
}

/* inflate() says Z_STREAM_END at the end of the member only, when its CRC is right. */
static enum status read_member(struct span bytes, size_t max_bytes, struct buf *ndjson,
                               struct object_block *out_part, struct err *err)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        return err_nomem(err, "gzip");
    }
    stream.next_in = (Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = bytes.size > UINT32_MAX ? UINT32_MAX : (uInt)bytes.size;
    int rc = Z_OK;
    while (rc == Z_OK && ndjson->size <= max_bytes) {
        if (!buf_reserve(ndjson, PIECE)) {
            (void)inflateEnd(&stream);
            return err_nomem(err, "gzip");
        }
        stream.next_out = (Bytef *)ndjson->data + ndjson->size;
        stream.avail_out = PIECE;
        rc = inflate(&stream, Z_NO_FLUSH);
        ndjson->size += PIECE - stream.avail_out;
    }
    out_part->complete = rc == Z_STREAM_END && ndjson->size <= max_bytes;
    out_part->packed_bytes = rc == Z_STREAM_END ? bytes.size - stream.avail_in : 0;
    (void)inflateEnd(&stream);
    return OK;
}

enum status object_blocks_read(struct object_blocks *parts, struct span bytes, size_t max_bytes,
                               struct buf *ndjson, struct object_block *out_part, struct err *err)
{
    buf_clear(ndjson);
    *out_part = (struct object_block){0};
    if (parts->kind == LEDGER_GZIP) {
        return read_member(bytes, max_bytes, ndjson, out_part, err);
    }
    size_t size = codec_frame_bytes(bytes);
    struct span frame = span_of(bytes.data, size > 0 ? size : bytes.size);
    out_part->packed_bytes = size;
    return codec_unpack_prefix(parts->zstd, frame, max_bytes, ndjson, &out_part->complete, err);
}
