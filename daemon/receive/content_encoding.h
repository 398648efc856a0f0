/* Content-Encoding: gzip (one member or several) and deflate (with zlib's frame or bare). */
#ifndef DAEMON_RECEIVE_CONTENT_ENCODING_H
#define DAEMON_RECEIVE_CONTENT_ENCODING_H

#include "daemon/receive/http_request.h"

/* Unpacks packed into out (cleared first). ERR_LIMIT: unpacked it is larger than bytes_max (no
 * more than that is ever allocated); ERR_FORMAT: not in that encoding, cut short, or of an unknown
 * encoding; ERR_NOMEM. One call at a time for a `decoder`. */
struct content_encoding;
MUST_USE enum status content_encoding_decode(struct content_encoding *decoder,
                                             enum http_request_encoding encoding,
                                             struct span packed, size_t bytes_max, struct buf *out,
                                             struct err *err);

/* NULL: out of memory. */
struct content_encoding *content_encoding_new(void);
void content_encoding_free(struct content_encoding *decoder);

#endif
