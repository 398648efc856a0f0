/* The parts of a request, in the order in which they come: head (request line, headers), body or
 * chunks, trailer. Each reader takes what is there and returns HTTP_REQUEST_MORE when its part is
 * cut short; what was read is not read again, but for the line that is cut. */
#include "daemon/receive/http_request.h"

#include <strings.h>

#include "schema/text/ascii.h"

static enum http_request_step refuse(struct http_request *request, int status)
{
    request->refusal = status;
    return HTTP_REQUEST_REFUSE;
}

static bool is_token(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_same(struct span text, const char *lower)
{
    return text.size == strlen(lower) && strncasecmp(text.data, lower, text.size) == 0;
}

/* True when the comma-separated list holds the word (any case). */
static bool list_has(struct span list, const char *lower)
{
    while (list.size > 0) {
        const char *comma = memchr(list.data, ',', list.size);
        size_t n = comma ? (size_t)(comma - list.data) : list.size;
        if (is_same(ascii_trim(span_of(list.data, n), " \t"), lower)) {
            return true;
        }
        list = span_from(list, n + 1);
    }
    return false;
}

/* The line at *at (moved behind it), without its CRLF. False: not one that ends in CRLF, or it
 * holds a NUL or a bare CR. The head is known to be whole. */
static bool next_line(struct span head, size_t *at, struct span *out_line)
{
    const char *start = head.data + *at;
    const char *end = memchr(start, '\n', head.size - *at);
    if (!end || end == start || end[-1] != '\r') {
        return false;
    }
    *out_line = span_of(start, (size_t)(end - start) - 1);
    *at += (size_t)(end - start) + 1;
    return memchr(out_line->data, '\r', out_line->size) == NULL &&
           memchr(out_line->data, '\0', out_line->size) == NULL;
}

/* METHOD SP target SP HTTP/1.x */
static int read_request_line(struct http_request *request, struct span line, const char *base)
{
    const char *space = memchr(line.data, ' ', line.size);
    if (!space || space == line.data) {
        return 400;
    }
    struct span method = span_of(line.data, (size_t)(space - line.data));
    for (size_t i = 0; i < method.size; i++) {
        if (!is_token(method.data[i])) {
            return 400;
        }
    }
    struct span rest = span_from(line, method.size + 1);
    space = memchr(rest.data, ' ', rest.size);
    if (!space || space == rest.data) {
        return 400;
    }
    struct span target = span_of(rest.data, (size_t)(space - rest.data));
    struct span version = span_from(rest, target.size + 1);
    if (version.size != 8 || !span_starts(version, "HTTP/") || version.data[6] != '.') {
        return 400;
    }
    if (version.data[5] != '1') {
        return 505;
    }
    request->is_1_0 = version.data[7] == '0';
    request->keep_alive = !request->is_1_0;
    request->no_content =
        span_is(method, "GET") || span_is(method, "HEAD") || span_is(method, "OPTIONS");
    request->method_size = method.size;
    request->path_at = (size_t)(target.data - base);
    request->path_size = target.size;
    return 0;
}

struct headers {
    bool has_length;
    bool chunked;
    bool close;
    bool keep;
    size_t length;
};

static int read_length(struct span value, struct headers *headers)
{
    size_t length = 0;
    if (value.size == 0) {
        return 400;
    }
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return 400;
        }
        /* Far over any limit, and no overflow. */
        length = length > SIZE_MAX / 20 ? length : length * 10 + (size_t)(value.data[i] - '0');
    }
    if (headers->has_length && headers->length != length) {
        return 400;
    }
    headers->has_length = true;
    headers->length = length;
    return 0;
}

static enum http_request_encoding encoding_of(struct span value)
{
    if (value.size == 0 || is_same(value, "identity")) {
        return HTTP_REQUEST_IDENTITY;
    }
    if (is_same(value, "gzip") || is_same(value, "x-gzip")) {
        return HTTP_REQUEST_GZIP;
    }
    return is_same(value, "deflate") ? HTTP_REQUEST_DEFLATE : HTTP_REQUEST_ENCODING_UNKNOWN;
}

static int read_header(struct http_request *request, struct span line, const char *base,
                       struct headers *headers)
{
    const char *colon = memchr(line.data, ':', line.size);
    if (!colon || colon == line.data) {
        return 400;
    }
    struct span name = span_of(line.data, (size_t)(colon - line.data));
    for (size_t i = 0; i < name.size; i++) {
        if (!is_token(name.data[i])) {
            return 400; /* also a folded line and a space before the colon */
        }
    }
    struct span value = ascii_trim(span_from(line, name.size + 1), " \t");
    if (is_same(name, "content-length")) {
        return read_length(value, headers);
    }
    if (is_same(name, "transfer-encoding")) {
        if (headers->chunked || !is_same(value, "chunked")) {
            return 501;
        }
        headers->chunked = true;
    } else if (is_same(name, "connection")) {
        headers->close = headers->close || list_has(value, "close");
        headers->keep = headers->keep || list_has(value, "keep-alive");
    } else if (is_same(name, "content-encoding")) {
        request->encoding = request->encoding == HTTP_REQUEST_IDENTITY
                                ? encoding_of(value)
                                : HTTP_REQUEST_ENCODING_UNKNOWN;
    } else if (is_same(name, "expect")) {
        if (!is_same(value, "100-continue")) {
            return 417;
        }
        request->wants_continue = true;
    } else if (is_same(name, "host")) {
        request->several_hosts = request->host_at != 0;
        request->host_at = (size_t)(value.data - base);
        request->host_size = value.size;
    }
    return 0;
}

static enum http_request_step read_head(struct http_request *request, struct span head,
                                        const struct http_request_limits *limits)
{
    size_t at = 0;
    struct span line;
    struct headers headers = {0};
    if (!next_line(head, &at, &line)) {
        return refuse(request, 400);
    }
    int wrong = read_request_line(request, line, head.data);
    while (wrong == 0) {
        if (!next_line(head, &at, &line)) {
            return refuse(request, 400);
        }
        if (line.size == 0) {
            break;
        }
        wrong = read_header(request, line, head.data, &headers);
    }
    if (wrong == 0 && headers.chunked && headers.has_length) {
        wrong = 400;
    }
    if (wrong == 0 && headers.length > limits->body_bytes_max) {
        wrong = 413;
    }
    if (wrong != 0) {
        return refuse(request, wrong);
    }
    request->keep_alive = (request->keep_alive || headers.keep) && !headers.close;
    request->body_at = head.size;
    request->chunked = headers.chunked;
    request->left = headers.length;
    request->state = headers.chunked ? HTTP_REQUEST_STATE_CHUNK_SIZE : HTTP_REQUEST_STATE_BODY;
    return HTTP_REQUEST_DONE;
}

/* Finds the end of the head; empty lines before a request are skipped. */
static enum http_request_step find_head(struct http_request *request, struct buf *in,
                                        const struct http_request_limits *limits)
{
    size_t blank = 0;
    while (blank + 1 < in->size && in->data[blank] == '\r' && in->data[blank + 1] == '\n') {
        blank += 2;
    }
    if (blank > 0) {
        memmove(in->data, in->data + blank, in->size - blank);
        in->size -= blank;
        request->scanned = 0;
    }
    size_t from = request->scanned > 3 ? request->scanned - 3 : 0;
    const char *end =
        in->size > from ? memmem(in->data + from, in->size - from, "\r\n\r\n", 4) : NULL;
    size_t head_size = end ? (size_t)(end - in->data) + 4 : in->size;
    if (head_size > limits->head_bytes_max) {
        return refuse(request, 431);
    }
    if (!end) {
        /* A bare LF will never become the end of a head: say so now. */
        const char *lf = in->size > from ? memchr(in->data + from, '\n', in->size - from) : NULL;
        if (lf && (lf == in->data || lf[-1] != '\r')) {
            return refuse(request, 400);
        }
        request->scanned = in->size;
        return HTTP_REQUEST_MORE;
    }
    return read_head(request, span_of(in->data, head_size), limits);
}

/* The line that rest begins with, without its CRLF. */
static enum http_request_step find_line(struct http_request *request, struct span rest,
                                        size_t bytes_max, int too_long, struct span *out_line)
{
    const char *end = memchr(rest.data, '\n', rest.size);
    size_t size = end ? (size_t)(end - rest.data) + 1 : rest.size;
    if (size > bytes_max) {
        return refuse(request, too_long);
    }
    if (!end) {
        return HTTP_REQUEST_MORE;
    }
    if (size < 2 || rest.data[size - 2] != '\r') {
        return refuse(request, 400);
    }
    *out_line = span_of(rest.data, size - 2);
    return HTTP_REQUEST_DONE;
}

/* Hexadecimal digits, and perhaps an extension, which is not looked at. */
static bool parse_chunk_size(struct span line, size_t *out_size)
{
    size_t size = 0;
    size_t i = 0;
    for (; i < line.size && ascii_hex_digit(line.data[i]) >= 0; i++) {
        /* Far over any limit, and no overflow. */
        size = size > SIZE_MAX / 32 ? size : size * 16 + (size_t)ascii_hex_digit(line.data[i]);
    }
    *out_size = size;
    return i > 0 && (i == line.size || memchr(" \t;", line.data[i], 3) != NULL);
}

static enum http_request_step read_chunk_size(struct http_request *request, struct span text,
                                              size_t *at, const struct http_request_limits *limits)
{
    enum { CHUNK_LINE_MAX = 256 };
    struct span line;
    size_t size;
    enum http_request_step step =
        find_line(request, span_from(text, *at), CHUNK_LINE_MAX, 400, &line);
    if (step != HTTP_REQUEST_DONE) {
        return step;
    }
    if (!parse_chunk_size(line, &size)) {
        return refuse(request, 400);
    }
    if (size > limits->body_bytes_max - request->body_size) {
        return refuse(request, 413);
    }
    *at += line.size + 2;
    request->left = size;
    request->state = size == 0 ? HTTP_REQUEST_STATE_TRAILER : HTTP_REQUEST_STATE_CHUNK_DATA;
    return HTTP_REQUEST_DONE;
}

/* Trailer lines are read over, up to the empty one. */
static enum http_request_step read_trailer(struct http_request *request, struct span text,
                                           size_t *at, const struct http_request_limits *limits)
{
    struct span line;
    enum http_request_step step = find_line(
        request, span_from(text, *at), limits->head_bytes_max - request->trailer_bytes, 431, &line);
    if (step != HTTP_REQUEST_DONE) {
        return step;
    }
    request->trailer_bytes += line.size + 2;
    *at += line.size + 2;
    if (line.size == 0) {
        request->state = HTTP_REQUEST_STATE_DONE;
    }
    return HTTP_REQUEST_DONE;
}

static enum http_request_step read_chunk_end(struct http_request *request, struct span text,
                                             size_t *at)
{
    struct span rest = span_from(text, *at);
    if (rest.size < 2) {
        return rest.size == 1 && rest.data[0] != '\r' ? refuse(request, 400) : HTTP_REQUEST_MORE;
    }
    if (!span_starts(rest, "\r\n")) {
        return refuse(request, 400);
    }
    *at += 2;
    request->state = HTTP_REQUEST_STATE_CHUNK_SIZE;
    return HTTP_REQUEST_DONE;
}

static void take_chunk_data(struct http_request *request, struct buf *in, size_t *at)
{
    size_t n = in->size - *at < request->left ? in->size - *at : request->left;
    memmove(in->data + request->body_at + request->body_size, in->data + *at, n);
    request->body_size += n;
    request->left -= n;
    *at += n;
    if (request->left == 0) {
        request->state = HTTP_REQUEST_STATE_CHUNK_END;
    }
}

static enum http_request_step read_chunks(struct http_request *request, struct buf *in,
                                          const struct http_request_limits *limits)
{
    size_t at = request->body_at + request->body_size;
    enum http_request_step step = HTTP_REQUEST_DONE;
    while (step == HTTP_REQUEST_DONE && request->state != HTTP_REQUEST_STATE_DONE &&
           at < in->size) {
        struct span text = buf_span(in);
        if (request->state == HTTP_REQUEST_STATE_CHUNK_SIZE) {
            step = read_chunk_size(request, text, &at, limits);
        } else if (request->state == HTTP_REQUEST_STATE_CHUNK_DATA) {
            take_chunk_data(request, in, &at);
        } else if (request->state == HTTP_REQUEST_STATE_CHUNK_END) {
            step = read_chunk_end(request, text, &at);
        } else {
            step = read_trailer(request, text, &at, limits);
        }
    }
    size_t end = request->body_at + request->body_size;
    memmove(in->data + end, in->data + at, in->size - at);
    in->size -= at - end;
    if (step == HTTP_REQUEST_REFUSE) {
        return step;
    }
    return request->state == HTTP_REQUEST_STATE_DONE ? HTTP_REQUEST_DONE : HTTP_REQUEST_MORE;
}

static enum http_request_step read_body(struct http_request *request, const struct buf *in)
{
    size_t have = in->size - request->body_at;
    request->body_size = have < request->left ? have : request->left;
    if (request->body_size < request->left) {
        return HTTP_REQUEST_MORE;
    }
    request->state = HTTP_REQUEST_STATE_DONE;
    return HTTP_REQUEST_DONE;
}

enum http_request_step http_request_feed(struct http_request *request, struct buf *in,
                                         const struct http_request_limits *limits)
{
    enum http_request_step step = HTTP_REQUEST_DONE;
    if (request->state == HTTP_REQUEST_STATE_HEAD) {
        step = find_head(request, in, limits);
    }
    if (step == HTTP_REQUEST_DONE && request->state != HTTP_REQUEST_STATE_DONE) {
        step = request->chunked ? read_chunks(request, in, limits) : read_body(request, in);
    }
    if (step == HTTP_REQUEST_DONE) {
        request->end = request->body_at + request->body_size;
    }
    return step;
}
