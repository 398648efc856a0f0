/* Streams of zlib and libzstd: objects that another version or program may have packed come in
 * pieces, whole or not. */
#include "daemon/ship/object_unpack.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
    GZIP_WINDOW = 15 + 16, /* the largest window, with a gzip header */
    OUT_BYTES = 128 * 1024,
};

struct object_unpack {
    enum object_codec codec;
    int64_t bytes_max;
    struct ledger_content content; /* so far; its digest is in `digest` */
    struct digest_stream *digest;
    bool is_open; /* inside a frame or member */
    bool is_damaged;
    z_stream gzip;
    bool has_gzip;
    ZSTD_DStream *zstd;
    char out[OUT_BYTES];
};

enum status object_unpack_new(enum object_codec codec, int64_t bytes_max,
                              struct object_unpack **out_unpack, struct err *err)
{
    struct object_unpack *unpack = calloc(1, sizeof *unpack);
    if (!unpack) {
        return err_nomem(err, "ship");
    }
    unpack->codec = codec;
    unpack->bytes_max = bytes_max;
    unpack->digest = digest_stream_new();
    unpack->has_gzip =
        codec == OBJECT_CODEC_GZIP && inflateInit2(&unpack->gzip, GZIP_WINDOW) == Z_OK;
    unpack->zstd = codec == OBJECT_CODEC_ZSTD ? ZSTD_createDStream() : NULL;
    bool ready = unpack->has_gzip || unpack->zstd || codec == OBJECT_CODEC_NONE;
    if (!unpack->digest || !ready) {
        object_unpack_free(unpack);
        return err_nomem(err, "ship");
    }
    *out_unpack = unpack;
    return OK;
}

void object_unpack_free(struct object_unpack *unpack)
{
    if (unpack) {
        if (unpack->digest) {
            (void)digest_stream_finish(unpack->digest);
        }
        if (unpack->has_gzip) {
            (void)inflateEnd(&unpack->gzip);
        }
        (void)ZSTD_freeDStream(unpack->zstd);
        free(unpack);
    }
}

static enum status damaged(struct object_unpack *unpack, struct err *err)
{
    unpack->is_damaged = true;
    return err_set(err, ERR_CORRUPT, "it does not unpack to what it should hold");
}

static void take_ndjson(struct object_unpack *unpack, struct span ndjson)
{
    digest_stream_add(unpack->digest, ndjson);
    unpack->content.bytes += (int64_t)ndjson.size;
    for (const char *at = ndjson.data, *end = at + ndjson.size; at < end; at++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at) {
            break;
        }
        unpack->content.events++;
    }
}

/* One step: some of *packed in, some out. False: damaged. */
static bool step_zstd(struct object_unpack *unpack, struct span *packed, size_t *out_size)
{
    ZSTD_inBuffer in = {packed->data, packed->size, 0};
    ZSTD_outBuffer out = {unpack->out, OUT_BYTES, 0};
    size_t left = ZSTD_decompressStream(unpack->zstd, &out, &in);
    *packed = span_from(*packed, in.pos);
    *out_size = out.pos;
    unpack->is_open = left != 0;
    return !ZSTD_isError(left);
}

static bool step_gzip(struct object_unpack *unpack, struct span *packed, size_t *out_size)
{
    z_stream *gzip = &unpack->gzip;
    unsigned size = packed->size < OUT_BYTES ? (unsigned)packed->size : OUT_BYTES;
    if (!unpack->is_open && inflateReset(gzip) != Z_OK) {
        return false;
    }
    gzip->next_in = (Bytef *)(uintptr_t)packed->data;
    gzip->avail_in = size;
    gzip->next_out = (Bytef *)unpack->out;
    gzip->avail_out = OUT_BYTES;
    int rc = inflate(gzip, Z_NO_FLUSH);
    *packed = span_from(*packed, size - gzip->avail_in);
    *out_size = OUT_BYTES - gzip->avail_out;
    unpack->is_open = rc != Z_STREAM_END;
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR;
}

static bool step(struct object_unpack *unpack, struct span *packed, size_t *out_size)
{
    return unpack->codec == OBJECT_CODEC_ZSTD ? step_zstd(unpack, packed, out_size)
                                              : step_gzip(unpack, packed, out_size);
}

enum status object_unpack_add(struct object_unpack *unpack, struct span packed, struct err *err)
{
    if (unpack->codec == OBJECT_CODEC_NONE) {
        take_ndjson(unpack, packed);
        packed.size = 0;
    }
    /* what was not given out for want of room comes without more input */
    for (size_t out_size = 0; packed.size > 0 || (unpack->is_open && out_size == OUT_BYTES);) {
        if (unpack->is_damaged || !step(unpack, &packed, &out_size)) {
            return damaged(unpack, err);
        }
        take_ndjson(unpack, span_of(unpack->out, out_size));
        if (unpack->content.bytes > unpack->bytes_max) {
            break;
        }
    }
    return unpack->content.bytes > unpack->bytes_max ? damaged(unpack, err) : OK;
}

enum status object_unpack_finish(struct object_unpack *unpack, struct ledger_content *out_content,
                                 struct err *err)
{
    if (unpack->is_damaged || unpack->is_open) {
        return damaged(unpack, err);
    }
    *out_content = unpack->content;
    out_content->sha256 = digest_stream_finish(unpack->digest);
    unpack->digest = NULL;
    return OK;
}
