/* A packed body: unpacked within its limit or refused. The first byte picks the encoding. */
#include "daemon/receive/content_encoding.h"
#include "tests/fuzz/fuzz_target.h"

enum { BODY_BYTES_MAX = 256 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct content_encoding *decoder = content_encoding_new();
    struct buf out = BUF_INIT;
    struct err err = {0};
    MUST_HOLD(decoder);
    enum http_request_encoding encoding = data[0] % 2 ? HTTP_REQUEST_GZIP : HTTP_REQUEST_DEFLATE;
    enum status status = content_encoding_decode(decoder, encoding, span_of(data + 1, size - 1),
                                                 BODY_BYTES_MAX, &out, &err);
    MUST_HOLD(status != OK || out.size <= BODY_BYTES_MAX);
    MUST_HOLD(status == OK || status == ERR_FORMAT || status == ERR_LIMIT);
    buf_fini(&out);
    content_encoding_free(decoder);
    return 0;
}
