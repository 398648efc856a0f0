/* What S3's errors mean, in one line that says what to do. Pure. */
#ifndef DAEMON_SHIP_S3_S3_ERROR_H
#define DAEMON_SHIP_S3_S3_ERROR_H

#include "daemon/ship/s3/s3_endpoint.h"
#include "daemon/ship/s3/s3_response.h"

/* Fills code, message and region from an error's body. */
void s3_error_read(struct s3_response *response);

/* The answer says that the bucket is in another region, and which (answer->region). */
bool s3_error_is_region(const struct s3_endpoint *place, const struct s3_response *response);

/* The answer says "later": 5xx but 501 and 507, 429, RequestTimeout, SlowDown. */
bool s3_error_is_passing(const struct s3_response *response);

/* Turns an answer that is no success into a status and its text. */
enum status s3_error(const struct s3_endpoint *place, const struct s3_response *response,
                     struct err *err);

#endif
