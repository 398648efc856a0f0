/* Where signed digests go: beside what is shipped, never inside it, as a consumer of that prefix
 * would read seals as events. */
#ifndef DAEMON_SEAL_SEAL_LOCATION_H
#define DAEMON_SEAL_SEAL_LOCATION_H

#include "daemon/config/config.h"
#include "daemon/ship/target/target.h"

enum { SEAL_LOCATION_KEY_BYTES = 64 };

/* seal.target, or what stands for it: of ship.target's last part NAME, stele-digest/NAME in its
 * place; "" when nothing is shipped, when seal.target is "none", or when ship.target has no part
 * that something could stand beside (a whole bucket). ERR_CONFIG: seal.target is inside of
 * ship.target. */
MUST_USE enum status seal_location_url(const struct config *config, char out[CONFIG_TEXT_BYTES],
                                       struct err *err);

/* The same of a target that is given: ship URL to digest URL. False: there is no place beside it.
 */
bool seal_location_beside(const char *url, char *out, size_t out_bytes);

/* ARCHIVE/000000000812.json and .sig; the archive's id is cut to 8 characters. */
void seal_location_key(const char *archive_id, int64_t number, const char *suffix,
                       char out[SEAL_LOCATION_KEY_BYTES]);

#endif
