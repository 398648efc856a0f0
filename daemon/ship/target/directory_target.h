/* The target file:///directory: an object is a file of that path below it. A file is written
 * beside its place, fsynced, and linked there only if nothing has the name yet, so that it is
 * whole or absent after any crash. */
#ifndef DAEMON_SHIP_TARGET_DIRECTORY_TARGET_H
#define DAEMON_SHIP_TARGET_DIRECTORY_TARGET_H

#include "daemon/config/config.h"
#include "daemon/ship/target/target.h"

MUST_USE enum status directory_target_open(const struct config *config, struct target **out_target,
                                           struct err *err);
MUST_USE enum status directory_target_url(const struct config *config, char out[TARGET_URL_BYTES],
                                          struct err *err);

#endif
