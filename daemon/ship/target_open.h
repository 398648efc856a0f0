/* Opens a target by its URL: the one place that knows which schemes there are. */
#ifndef DAEMON_SHIP_TARGET_OPEN_H
#define DAEMON_SHIP_TARGET_OPEN_H

#include "daemon/config/config.h"
#include "daemon/ship/target/target.h"

/* Opens the target of config.ship_target; nothing is sent yet. ERR_CONFIG: the URL has no known
 * form, or half of a key pair is missing. *config is copied from. */
MUST_USE enum status target_open(const struct config *config, struct target **out_target,
                                 struct err *err);
/* The same of another URL, with the rest of the configuration as it is. */
MUST_USE enum status target_open_at(const struct config *config, const char *url,
                                    struct target **out_target, struct err *err);
/* The canonical URL alone, without opening: credentials need not be there. */
MUST_USE enum status target_url(const struct config *config, char out[TARGET_URL_BYTES],
                                struct err *err);

#endif
