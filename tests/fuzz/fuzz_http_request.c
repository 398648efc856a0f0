/* A request byte stream, whole and in pieces: both ways must give the same request. The first byte
 * says how large the pieces are. */
#include "daemon/receive/http_request.h"
#include "tests/fuzz/fuzz_target.h"

static const struct http_request_limits limits = {.head_bytes_max = 4096, .body_bytes_max = 65536};

static enum http_request_step feed(struct span bytes, size_t piece, struct http_request *request,
                                   struct buf *in)
{
    enum http_request_step step = HTTP_REQUEST_MORE;
    size_t at = 0;
    while (step == HTTP_REQUEST_MORE && at < bytes.size) {
        size_t n = bytes.size - at < piece ? bytes.size - at : piece;
        buf_add(in, bytes.data + at, n);
        at += n;
        step = http_request_feed(request, in, &limits);
    }
    MUST_HOLD(step != HTTP_REQUEST_DONE || request->body_at + request->body_size <= in->size);
    MUST_HOLD(step != HTTP_REQUEST_DONE || request->end <= in->size);
    MUST_HOLD(step != HTTP_REQUEST_DONE || request->body_size <= limits.body_bytes_max);
    MUST_HOLD(step != HTTP_REQUEST_REFUSE || request->refusal >= 400);
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct span bytes = span_of(data + 1, size - 1);
    struct http_request whole = {0};
    struct http_request pieces = {0};
    struct buf in_whole = BUF_INIT;
    struct buf in_pieces = BUF_INIT;
    enum http_request_step a = feed(bytes, bytes.size, &whole, &in_whole);
    enum http_request_step b = feed(bytes, 1 + data[0] % 64, &pieces, &in_pieces);
    if (a == HTTP_REQUEST_DONE && b == HTTP_REQUEST_DONE) {
        MUST_HOLD(whole.body_size == pieces.body_size);
        MUST_HOLD(whole.body_size == 0 ||
                  memcmp(in_whole.data + whole.body_at, in_pieces.data + pieces.body_at,
                         whole.body_size) == 0);
    }
    /* A refusal may be seen sooner in pieces, but never is one whole and the other not. */
    MUST_HOLD((a == HTTP_REQUEST_DONE) == (b == HTTP_REQUEST_DONE));
    buf_fini(&in_whole);
    buf_fini(&in_pieces);
    return 0;
}
