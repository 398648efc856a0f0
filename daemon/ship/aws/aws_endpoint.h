/* Where a service of AWS (or one that is like it) is reached: an endpoint as settings and the
 * environment give it. Pure. */
#ifndef DAEMON_SHIP_AWS_AWS_ENDPOINT_H
#define DAEMON_SHIP_AWS_AWS_ENDPOINT_H

#include "schema/base/err.h"
#include "schema/base/span.h"

struct aws_endpoint {
    char scheme[8]; /* "https" or "http" */
    char host[256]; /* host[:port], lower case; without the port when it is the scheme's own */
};

/* Reads "https://host:port". ERR_CONFIG, with the setting's name in front. */
MUST_USE enum status aws_endpoint_parse(const char *text, const char *setting,
                                        struct aws_endpoint *out_endpoint, struct err *err);

/* What AWS's host names of a region end with: "amazonaws.com". */
const char *aws_domain(const char *region);

#endif
