/* AWS Signature Version 4, as S3 wants it: pure functions, no network, no clock, no environment.
 * Paths are encoded once and not normalised (S3's rule: a key may hold "//" or ".."). Any thread.
 */
#ifndef DAEMON_SHIP_AWS_SIGV4_H
#define DAEMON_SHIP_AWS_SIGV4_H

#include "daemon/http/http_pair.h"
#include "schema/crypto/digest.h"

enum { SIGV4_HEADERS_MAX = 32, SIGV4_QUERY_MAX = 16, SIGV4_TIME_BYTES = 17 };

struct sigv4_request {
    struct span method;
    struct span path; /* not encoded, begins with '/' */
    struct http_pair query[SIGV4_QUERY_MAX];
    size_t n_query;
    struct http_pair headers[SIGV4_HEADERS_MAX]; /* host and x-amz-date among them */
    size_t n_headers;
    struct span payload_hash; /* SHA-256 of the body in hex, or UNSIGNED-PAYLOAD */
};

/* A header of no value is left out. The texts outlive the request; more headers than the bound are
 * a bug of the caller. */
void sigv4_add_header(struct sigv4_request *request, const char *name, struct span value);

struct sigv4_scope {
    struct span access_key_id;
    struct span secret_access_key;
    struct span region;
    struct span service;         /* "s3" */
    char time[SIGV4_TIME_BYTES]; /* sigv4_time */
};

/* "20130524T000000Z" */
void sigv4_time(int64_t time_us, char out[SIGV4_TIME_BYTES]);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and '/', with keep_slash) with capital hex. */
void sigv4_uri_encode(struct buf *out, struct span text, bool keep_slash);

/* The query as it is signed and sent: encoded, sorted, "name=" for an empty value. */
MUST_USE enum status sigv4_query(const struct sigv4_request *request, struct buf *out,
                                 struct err *err);

/* Appends the canonical request. More pairs than the bounds above are a bug of the caller. */
MUST_USE enum status sigv4_canonical(const struct sigv4_request *request, struct buf *out,
                                     struct err *err);

/* Appends the string to sign for that canonical request. */
MUST_USE enum status sigv4_string_to_sign(const struct sigv4_scope *scope, struct span canonical,
                                          struct buf *out, struct err *err);

/* Appends the value of the Authorization header. */
MUST_USE enum status sigv4_authorization(const struct sigv4_scope *scope,
                                         const struct sigv4_request *request, struct buf *out,
                                         struct err *err);

#endif
