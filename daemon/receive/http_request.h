/* One HTTP/1.x request, read from a buffer as it fills. Pure: no socket, no clock. Our own and not
 * libevent's evhttp, which answers errors with a page of HTML (a sender that does not read bodies
 * then needs a new TLS handshake) and whose time limit is for each read, not for a request as a
 * whole.
 *
 * Strict where two readers could disagree about where a request ends: lines end in CRLF, one
 * Content-Length, not together with Transfer-Encoding, no folded headers. Lenient about the rest:
 * any method, any path, any header. */
#ifndef DAEMON_RECEIVE_HTTP_REQUEST_H
#define DAEMON_RECEIVE_HTTP_REQUEST_H

#include "schema/base/buf.h"

struct http_request_limits {
    size_t head_bytes_max; /* request line and headers, or the trailer */
    size_t body_bytes_max;
};

enum http_request_step {
    HTTP_REQUEST_MORE,   /* cut short: feed again when there is more */
    HTTP_REQUEST_DONE,   /* whole */
    HTTP_REQUEST_REFUSE, /* cannot be read on: answer `refusal` and close */
};

enum http_request_encoding {
    HTTP_REQUEST_IDENTITY,
    HTTP_REQUEST_GZIP,
    HTTP_REQUEST_DEFLATE,
    HTTP_REQUEST_ENCODING_UNKNOWN
};

enum http_request_state {
    HTTP_REQUEST_STATE_HEAD,
    HTTP_REQUEST_STATE_BODY,
    HTTP_REQUEST_STATE_CHUNK_SIZE,
    HTTP_REQUEST_STATE_CHUNK_DATA,
    HTTP_REQUEST_STATE_CHUNK_END,
    HTTP_REQUEST_STATE_TRAILER,
    HTTP_REQUEST_STATE_DONE,
};

/* Offsets are into the buffer that is fed. Zeroed to begin with. */
struct http_request {
    enum http_request_state state;
    int refusal; /* 400, 413, 417, 431, 501 or 505 */

    /* from the head on (state is past HTTP_REQUEST_STATE_HEAD) */
    bool no_content; /* GET, HEAD or OPTIONS: a body, if any, is not meant to be stored */
    bool keep_alive;
    bool wants_continue; /* Expect: 100-continue */
    enum http_request_encoding encoding;
    size_t method_size; /* the request begins with it */
    size_t path_at;     /* with its query */
    size_t path_size;
    size_t host_at; /* the value of Host */
    size_t host_size;
    bool several_hosts;
    bool is_1_0; /* HTTP/1.0, which may come without Host */
    size_t body_at;

    size_t body_size; /* so far; whole when done */
    size_t end;       /* when done: where the next request begins */

    /* the reader's own */
    size_t scanned; /* head: no end of the head before this */
    size_t left;    /* of the body or chunk */
    size_t trailer_bytes;
    bool chunked;
};

/* Reads on. `in` holds the request from its first byte on; chunked bodies are put together in
 * place (what follows moves down, in->size shrinks). */
enum http_request_step http_request_feed(struct http_request *request, struct buf *in,
                                         const struct http_request_limits *limits);

#endif
