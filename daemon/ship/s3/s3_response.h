/* An answer of S3, as far as we read it. Pure. */
#ifndef DAEMON_SHIP_S3_S3_RESPONSE_H
#define DAEMON_SHIP_S3_S3_RESPONSE_H

#include "schema/crypto/digest.h"

struct s3_response {
    long http; /* status code */
    char code[64];
    char message[240];  /* S3's own words, one line */
    char region[64];    /* where the bucket is, when the store said so */
    int64_t date_us;    /* the store's clock; 0 when it did not say */
    int64_t length;     /* Content-Length; -1 when there was none */
    int64_t from;       /* Content-Range: the body begins with this byte; -1 when there was none */
    bool has_etag;      /* every store says it of an object it has taken */
    char etag[128];     /* as it came; empty when it is longer */
    char checksum[64];  /* x-amz-checksum-sha256, base64; empty: the store said none */
    bool says_checksum; /* x-amz-checksum-algorithm: it knows checksums of parts */
    bool has_sha256;    /* x-amz-meta-stele-sha256 */
    struct digest sha256;
    unsigned tries; /* that failed before this one: the store may have done it more than once */
    struct buf body;
};
void s3_response_fini(struct s3_response *response);

static inline bool s3_response_is_good(const struct s3_response *response)
{
    return response->http >= 200 && response->http < 300;
}

/* Takes one header line (with or without its line end); a status line forgets what came before it.
 */
void s3_response_header(struct s3_response *response, struct span line);

#endif
