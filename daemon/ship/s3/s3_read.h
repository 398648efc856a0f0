/* Reading a bucket: ListObjectsV2 and GetObject (Amazon S3 API Reference). One thread, that of the
 * s3_http. */
#ifndef DAEMON_SHIP_S3_S3_READ_H
#define DAEMON_SHIP_S3_S3_READ_H

#include "daemon/ship/s3/s3_client.h"

/* As target_list and target_get. `url` is the target's, for error texts. */
MUST_USE enum status s3_list(struct s3_client *http, const char *url,
                             const struct target_list *list, struct err *err);
MUST_USE enum status s3_get(struct s3_client *http, const char *url, const char *key,
                            target_take *take, void *context, struct target_head *out_head,
                            struct err *err);

#endif
