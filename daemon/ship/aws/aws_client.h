/* The HTTP client for a store and for where its credentials come from, as ship.* describes it. */
#ifndef DAEMON_SHIP_AWS_AWS_CLIENT_H
#define DAEMON_SHIP_AWS_AWS_CLIENT_H

#include "daemon/config/config.h"
#include "daemon/http/http_client.h"

/* With ship.timeout, ship.proxy and ship.s3_ca, else AWS_CA_BUNDLE. `cancel` as in http_client.h.
 * ERR_CONFIG, ERR_NOMEM. */
MUST_USE enum status aws_client_open(const struct config *config, const atomic_bool *const *cancel,
                                     struct http_client **out_client, struct err *err);

#endif
