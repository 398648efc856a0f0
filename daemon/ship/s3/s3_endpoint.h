/* Where a bucket is: the settings of s3://, read and checked. No network. */
#ifndef DAEMON_SHIP_S3_S3_ENDPOINT_H
#define DAEMON_SHIP_S3_S3_ENDPOINT_H

#include "daemon/config/config.h"
#include "daemon/ship/target/target.h"

struct s3_endpoint {
    char bucket[64];
    char prefix[TARGET_KEY_BYTES]; /* no slash at either end; may be empty */
    char region[64];
    char scheme[8];     /* "https" or "http" */
    char endpoint[256]; /* host[:port], lower case; without the port when it is the scheme's own */
    char host[320];     /* of requests: the endpoint, or bucket.endpoint */
    bool by_region;     /* the endpoint was made from the region */
    bool dual_stack;    /* and so were these two */
    bool fips;
    bool is_aws;     /* no endpoint was given, or one of AWS: the bucket is the same */
    bool path_style; /* bucket in the path, not in the host */
};

/* ERR_CONFIG: what is wrong with ship.target or ship.s3_endpoint. */
MUST_USE enum status s3_endpoint_read(const struct config *config, struct s3_endpoint *out_place,
                                      struct err *err);

/* The bucket is in another region: the endpoint that was made from a region is made again. False:
 * the name does not fit. */
bool s3_endpoint_move(struct s3_endpoint *place, const char *region);

/* The path of a key (NULL: of the bucket itself), not encoded, as it is signed. */
void s3_endpoint_path(const struct s3_endpoint *place, const char *key, struct buf *out);

#endif
