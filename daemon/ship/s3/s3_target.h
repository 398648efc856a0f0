/* The target s3://bucket/prefix: AWS S3 and the stores that speak as it does. One signed PUT an
 * object, with `If-None-Match: *`; a store that does not know that header (501) is asked by HEAD
 * first, which is remembered for the process. The digest travels as x-amz-meta-stele-sha256. */
#ifndef DAEMON_SHIP_S3_S3_TARGET_H
#define DAEMON_SHIP_S3_S3_TARGET_H

#include "daemon/config/config.h"
#include "daemon/ship/target/target.h"

MUST_USE enum status s3_target_open(const struct config *config, struct target **out_target,
                                    struct err *err);
MUST_USE enum status s3_target_url(const struct config *config, char out[TARGET_URL_BYTES],
                                   struct err *err);

#endif
