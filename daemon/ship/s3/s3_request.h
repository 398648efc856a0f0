/* A request to S3, from what is wanted to what is signed and sent. Pure. */
#ifndef DAEMON_SHIP_S3_S3_REQUEST_H
#define DAEMON_SHIP_S3_S3_REQUEST_H

#include "daemon/ship/aws/credentials.h"
#include "daemon/ship/aws/sigv4.h"
#include "daemon/ship/s3/s3_endpoint.h"
#include "daemon/ship/s3/s3_options.h"
#include "daemon/ship/s3/s3_response.h"

struct s3_request {
    const char *method; /* "PUT", "POST", "HEAD", "GET" or "DELETE" */
    const char *key;    /* below the prefix; NULL: the bucket */
    struct http_pair query[SIGV4_QUERY_MAX];
    size_t n_query;
    struct span body;                 /* of PUT and POST */
    const struct digest *body_sha256; /* of it, as it was when it was made; NULL: taken now */
    const char *content_type;         /* NULL: none */
    const struct digest *makes;       /* digest of the object that is made by this; NULL: none is */
    bool checksum;                    /* x-amz-checksum-sha256 of the body */
    bool part_checksums; /* the upload that is begun by this has parts with such a checksum */
    bool patient;        /* the answer may take some time */
    /* on a new connection: on one that was kept, libcurl may send it twice and say nothing */
    bool fresh;
    bool only_if_absent;  /* If-None-Match: * */
    int64_t from;         /* GET: of the bytes from here on; 0: all */
    const char *if_match; /* GET: only while it has this ETag; NULL: any */
    /* GET: takes a good answer's body in pieces, with what its headers said; false ends the
     * transfer. A request that gave it something is not sent again by itself. NULL: the answer
     * keeps the body. */
    bool (*take)(void *context, const struct s3_response *response, struct span bytes);
    void *take_context;
    size_t body_bytes_max; /* of a good answer's body; errors have their own bound */
};

/* Texts outlive the request. */
void s3_request_add_query(struct s3_request *request, const char *name, const char *value);

/* Headers by name, as they are signed and sent. */
struct s3_request_prepared {
    struct sigv4_request sign;
    struct sigv4_scope scope;
    struct buf path;
    struct buf url;
    struct buf range;
    struct buf md5;
    struct buf checksum; /* base64 */
    struct buf authorization;
    char hash[DIGEST_HEX_BYTES];
    char object_hash[DIGEST_HEX_BYTES];
    char lock_until[CLOCK_TEXT_BYTES];
};

/* *out points into all of the arguments; s3_request_prepared_fini also after an error. */
MUST_USE enum status s3_request_prepare(const struct s3_endpoint *place,
                                        const struct s3_options *options,
                                        const struct credentials *credentials, int64_t now_us,
                                        const struct s3_request *request,
                                        struct s3_request_prepared *out, struct err *err);
void s3_request_prepared_fini(struct s3_request_prepared *prepared);

#endif
