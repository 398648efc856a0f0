/* A header (name in lower case) or a query parameter (not encoded) of a request. */
#ifndef DAEMON_HTTP_HTTP_PAIR_H
#define DAEMON_HTTP_HTTP_PAIR_H

#include "schema/base/span.h"

struct http_pair {
    struct span name;
    struct span value;
};

#endif
