#include "schema/block/codec.h"

#include <stdlib.h>
#include <zstd.h>

enum {
    TUNE_BYTES = 256 * 1024, /* smaller ones are as well off with zstd's own choice */
    PREFIX_PIECE = 4096
};

struct codec {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
};

struct codec *codec_new(void)
{
    struct codec *codec = calloc(1, sizeof *codec);
    if (!codec) {
        return NULL;
    }
    codec->pack = ZSTD_createCCtx();
    codec->unpack = ZSTD_createDCtx();
    if (!codec->pack || !codec->unpack) {
        codec_free(codec);
        return NULL;
    }
    return codec;
}

void codec_free(struct codec *codec)
{
    if (codec) {
        (void)ZSTD_freeCCtx(codec->pack);
        (void)ZSTD_freeDCtx(codec->unpack);
        free(codec);
    }
}

/* Audit events repeat each other in long strings: at the fast levels, looking for long matches only
 * finds more of them, in less time, and a table that holds a whole block finds them all. */
static void tune_for_events(ZSTD_CCtx *pack, int level)
{
    if (level >= 1 && level <= 4) {
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_strategy, ZSTD_dfast);
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_minMatch, 7);
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_hashLog, 19);
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_chainLog, 18);
    } else if (level == 5) {
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_minMatch, 6);
        (void)ZSTD_CCtx_setParameter(pack, ZSTD_c_hashLog, 19);
    }
}

enum status codec_pack(struct codec *codec, struct span bytes, int level, bool checksum,
                       struct buf *out, struct err *err)
{
    (void)ZSTD_CCtx_reset(codec->pack, ZSTD_reset_session_and_parameters);
    (void)ZSTD_CCtx_setParameter(codec->pack, ZSTD_c_compressionLevel, level);
    (void)ZSTD_CCtx_setParameter(codec->pack, ZSTD_c_checksumFlag, checksum);
    if (bytes.size >= TUNE_BYTES) {
        tune_for_events(codec->pack, level);
    }
    size_t bound = ZSTD_compressBound(bytes.size);
    if (!buf_reserve(out, bound)) {
        return err_nomem(err, "zstd");
    }
    size_t n = ZSTD_compress2(codec->pack, out->data + out->size, bound, bytes.data, bytes.size);
    if (ZSTD_isError(n)) {
        return err_set(err, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(n));
    }
    out->size += n;
    return OK;
}

enum status codec_unpack(struct codec *codec, struct span frame, size_t max_bytes, struct buf *out,
                         struct err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.size);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > max_bytes) {
        return err_set(err, ERR_CORRUPT, "not a zstd frame of at most %zu bytes", max_bytes);
    }
    if (!buf_reserve(out, (size_t)size + 1)) {
        return err_nomem(err, "zstd");
    }
    size_t n = ZSTD_decompressDCtx(codec->unpack, out->data + out->size, (size_t)size, frame.data,
                                   frame.size);
    if (ZSTD_isError(n) || n != size) {
        return err_set(err, ERR_CORRUPT, "zstd: %s",
                       ZSTD_isError(n) ? ZSTD_getErrorName(n) : "cut short");
    }
    out->size += n;
    return OK;
}

enum status codec_unpack_prefix(struct codec *codec, struct span frame, size_t max_bytes,
                                struct buf *out, bool *out_complete, struct err *err)
{
    /* in pieces: of a whole frame the library would give all or nothing */
    ZSTD_inBuffer in = {frame.data, 0, 0};
    size_t end = out->size + max_bytes;
    size_t left = 1;
    *out_complete = false;
    (void)ZSTD_DCtx_reset(codec->unpack, ZSTD_reset_session_only);
    while (left > 0) {
        if (!buf_reserve(out, ZSTD_DStreamOutSize())) {
            return err_nomem(err, "zstd");
        }
        ZSTD_outBuffer to = {out->data + out->size, out->capacity - out->size, 0};
        in.size = frame.size - in.pos > PREFIX_PIECE ? in.pos + PREFIX_PIECE : frame.size;
        size_t before = in.pos;
        left = ZSTD_decompressStream(codec->unpack, &to, &in);
        out->size += ZSTD_isError(left) ? 0 : to.pos;
        if (ZSTD_isError(left) || out->size > end || (to.pos == 0 && in.pos == before)) {
            break;
        }
    }
    *out_complete = left == 0 && in.pos == frame.size && out->size <= end;
    (void)ZSTD_DCtx_reset(codec->unpack, ZSTD_reset_session_only);
    return OK;
}

size_t codec_frame_bytes(struct span bytes)
{
    size_t size = ZSTD_findFrameCompressedSize(bytes.data, bytes.size);
    return ZSTD_isError(size) ? 0 : size;
}
