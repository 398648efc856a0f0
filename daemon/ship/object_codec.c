#include "daemon/ship/object_codec.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "schema/block/codec.h"

/* gzip at 5: 174 MB/s a core and a ratio of 5.48 of events; 6: 145 and 5.66; 4: 188 and 5.35. */
enum { ZSTD_LEVEL = 3, GZIP_LEVEL = 5 };

struct object_codec_stream {
    enum object_codec codec;
    struct libdeflate_compressor *gzip;
    struct codec *zstd;
};

enum status object_codec_stream_new(enum object_codec codec,
                                    struct object_codec_stream **out_packer, struct err *err)
{
    struct object_codec_stream *packer = calloc(1, sizeof *packer);
    if (!packer) {
        return err_nomem(err, "ship");
    }
    packer->codec = codec;
    packer->gzip = codec == OBJECT_CODEC_GZIP ? libdeflate_alloc_compressor(GZIP_LEVEL) : NULL;
    packer->zstd = codec == OBJECT_CODEC_ZSTD ? codec_new() : NULL;
    if (codec != OBJECT_CODEC_NONE && !packer->gzip && !packer->zstd) {
        object_codec_stream_free(packer);
        return err_nomem(err, "ship");
    }
    *out_packer = packer;
    return OK;
}

void object_codec_stream_free(struct object_codec_stream *packer)
{
    if (packer) {
        libdeflate_free_compressor(packer->gzip);
        codec_free(packer->zstd);
        free(packer);
    }
}

static enum status add_gzip(struct object_codec_stream *packer, struct span ndjson, struct buf *out,
                            struct err *err)
{
    size_t bound = libdeflate_gzip_compress_bound(packer->gzip, ndjson.size);
    if (!buf_reserve(out, bound)) {
        return buf_status(out, "ship", err);
    }
    size_t size = libdeflate_gzip_compress(packer->gzip, ndjson.data, ndjson.size,
                                           out->data + out->size, bound);
    CHECK(size > 0);
    out->size += size;
    return OK;
}

enum status object_codec_stream_add(struct object_codec_stream *packer, struct span ndjson,
                                    struct buf *out, struct err *err)
{
    switch (packer->codec) {
    case OBJECT_CODEC_ZSTD:
        return codec_pack(packer->zstd, ndjson, ZSTD_LEVEL, true, out, err);
    case OBJECT_CODEC_GZIP:
        return add_gzip(packer, ndjson, out, err);
    case OBJECT_CODEC_NONE:
    default:
        buf_add_span(out, ndjson);
        return buf_status(out, "ship", err);
    }
}

const char *object_codec_library(enum object_codec codec, char out[OBJECT_CODEC_LIBRARY_BYTES])
{
    bool zstd = codec == OBJECT_CODEC_ZSTD;
    int n =
        codec == OBJECT_CODEC_NONE
            ? 0
            : snprintf(out, OBJECT_CODEC_LIBRARY_BYTES, "%s %.20s", zstd ? "zstd" : "libdeflate",
                       zstd ? ZSTD_versionString() : LIBDEFLATE_VERSION_STRING);
    CHECK(n >= 0 && n < OBJECT_CODEC_LIBRARY_BYTES);
    out[n] = '\0';
    return out;
}

const char *object_codec_extension(enum object_codec codec)
{
    return codec == OBJECT_CODEC_ZSTD   ? "ndjson.zst"
           : codec == OBJECT_CODEC_GZIP ? "ndjson.gz"
                                        : "ndjson";
}

const char *object_codec_content_type(enum object_codec codec)
{
    return codec == OBJECT_CODEC_ZSTD   ? "application/zstd"
           : codec == OBJECT_CODEC_GZIP ? "application/gzip"
                                        : "application/x-ndjson";
}
