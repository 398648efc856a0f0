/* Where a bucket is and who we are there: the settings of s3://, read and checked. No network. */
#ifndef DAEMON_SHIP_S3_PLACE_H
#define DAEMON_SHIP_S3_PLACE_H

#include "daemon/ship/target.h"

struct s3_place {
    char bucket[64];
    char prefix[TARGET_KEY_BYTES]; /* no slash at either end; may be empty */
    char region[64];
    char scheme[8];     /* "https" or "http" */
    char endpoint[256]; /* host[:port], lower case; without the port when it is the scheme's own */
    char host[320];     /* of requests: the endpoint, or bucket.endpoint */
    bool is_aws;        /* no endpoint was given, or one of AWS: the bucket is the same */
    bool path_style;    /* bucket in the path, not in the host */
};

struct s3_identity {
    char access_key_id[CONFIG_TEXT_BYTES];
    char secret_access_key[CONFIG_TEXT_BYTES];
    char session_token[4096]; /* empty: none */
};

/* ERR_CONFIG: what is wrong with ship.target or ship.s3_endpoint. */
MUST_USE enum status s3_place_read(const struct config *config, struct s3_place *out_place,
                                   struct err *err);

/* From the configuration, else from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_SESSION_TOKEN: all from one place. ERR_CONFIG when there are none. */
MUST_USE enum status s3_identity_read(const struct config *config, struct s3_identity *out_identity,
                                      struct err *err);

/* The path of a key (NULL: of the bucket itself), not encoded, as it is signed. */
void s3_place_path(const struct s3_place *place, const char *key, struct buf *out);

#endif
