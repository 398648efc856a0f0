/* libdeflate unpacks a stream whole, into room that must be there. The size is not known (gzip's
 * own is modulo 4 GiB and the sender's word): begin with a guess and double it up to the limit.
 * The largest ratio of deflate is about 1,032: no more than that times the input is ever tried. */
#include "daemon/receive/content_encoding.h"

#include <libdeflate.h>
#include <stdlib.h>

struct content_encoding {
    struct libdeflate_decompressor *inner;
};

enum { DEFLATE_RATIO_MAX = 1040 };

struct content_encoding *content_encoding_new(void)
{
    struct content_encoding *decoder = malloc(sizeof *decoder);
    if (!decoder) {
        return NULL;
    }
    decoder->inner = libdeflate_alloc_decompressor();
    if (!decoder->inner) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

void content_encoding_free(struct content_encoding *decoder)
{
    if (decoder) {
        libdeflate_free_decompressor(decoder->inner);
        free(decoder);
    }
}

enum content_form { FORM_GZIP, FORM_ZLIB, FORM_BARE };

static enum libdeflate_result unpack(struct content_encoding *decoder, enum content_form form,
                                     struct span in, char *out, size_t room, size_t *out_in,
                                     size_t *out_out)
{
    switch (form) {
    case FORM_GZIP:
        return libdeflate_gzip_decompress_ex(decoder->inner, in.data, in.size, out, room, out_in,
                                             out_out);
    case FORM_ZLIB:
        return libdeflate_zlib_decompress_ex(decoder->inner, in.data, in.size, out, room, out_in,
                                             out_out);
    case FORM_BARE:
        return libdeflate_deflate_decompress_ex(decoder->inner, in.data, in.size, out, room, out_in,
                                                out_out);
    }
    return LIBDEFLATE_BAD_DATA;
}

/* One stream from the start of *in (moved behind it), appended to out. */
static enum status unpack_one(struct content_encoding *decoder, enum content_form form,
                              struct span *in, size_t bytes_max, struct buf *out, struct err *err)
{
    size_t left = bytes_max - out->size;
    size_t most = in->size > left / DEFLATE_RATIO_MAX ? left : in->size * DEFLATE_RATIO_MAX;
    size_t room = in->size > most / 8 ? most : in->size * 8;
    for (;;) {
        room = room < most ? room : most;
        if (!buf_reserve(out, room + 1)) {
            return err_nomem(err, "unpack");
        }
        size_t taken = 0;
        size_t made = 0;
        enum libdeflate_result result =
            unpack(decoder, form, *in, out->data + out->size, room, &taken, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            out->size += made;
            *in = span_from(*in, taken);
            return OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            return err_set(err, ERR_FORMAT, "unpack: damaged or cut short");
        }
        if (room == most) {
            return most < left
                       ? err_set(err, ERR_FORMAT, "unpack: damaged")
                       : err_set(err, ERR_LIMIT, "unpack: larger than %zu bytes", bytes_max);
        }
        room *= 2;
    }
}

static enum status unpack_gzip(struct content_encoding *decoder, struct span in, size_t bytes_max,
                               struct buf *out, struct err *err)
{
    enum status status = OK;
    do {
        status = unpack_one(decoder, FORM_GZIP, &in, bytes_max, out, err);
    } while (status == OK && in.size > 0);
    return status;
}

static enum status unpack_deflate(struct content_encoding *decoder, struct span in,
                                  size_t bytes_max, struct buf *out, struct err *err)
{
    struct span rest = in;
    enum status status = unpack_one(decoder, FORM_ZLIB, &rest, bytes_max, out, err);
    if (status == ERR_FORMAT) {
        rest = in;
        status = unpack_one(decoder, FORM_BARE, &rest, bytes_max, out, err);
    }
    if (status == OK && rest.size > 0) {
        status = err_set(err, ERR_FORMAT, "unpack: %zu bytes behind the end", rest.size);
    }
    return status;
}

enum status content_encoding_decode(struct content_encoding *decoder,
                                    enum http_request_encoding encoding, struct span packed,
                                    size_t bytes_max, struct buf *out, struct err *err)
{
    buf_clear(out);
    switch (encoding) {
    case HTTP_REQUEST_GZIP:
        return unpack_gzip(decoder, packed, bytes_max, out, err);
    case HTTP_REQUEST_DEFLATE:
        return unpack_deflate(decoder, packed, bytes_max, out, err);
    case HTTP_REQUEST_IDENTITY:
        buf_add_span(out, packed);
        return buf_status(out, "unpack", err);
    case HTTP_REQUEST_ENCODING_UNKNOWN:
        break;
    }
    return err_set(err, ERR_FORMAT, "unpack: unknown Content-Encoding");
}
