/* The inbox into blocks, for a command that holds the archive's lock in the daemon's place. */
#ifndef TOOLS_STELE_CLI_INDEX_INLINE_H
#define TOOLS_STELE_CLI_INDEX_INLINE_H

#include <signal.h>

#include "daemon/config/config.h"
#include "schema/archive/archive.h"

/* Takes all of the inbox, as far as it came until now; ends early, with OK, when *stop is not 0
 * (NULL: never). */
MUST_USE enum status index_inline(const struct config *config, struct archive *archive,
                                  const volatile sig_atomic_t *stop, struct err *err);

#endif
