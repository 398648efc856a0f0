/* Before a range leaves the archive: brings into segments what of it still waits in the inbox. */
#ifndef TOOLS_STELE_CLI_INDEX_WAIT_H
#define TOOLS_STELE_CLI_INDEX_WAIT_H

#include <signal.h>

#include "query/search/day_iterator.h"
#include "tools/stele/cli/options.h"

/* When events that match wait in the inbox of the archive search->path: indexes the inbox when
 * nobody holds the archive, else asks steled to (SIGUSR1) and waits for it, as long as it makes
 * progress. What cannot be done is printed in one line on stderr and is not a failure: a search of
 * days says what is left. A segment in place of an archive has no inbox. stop ends the wait. */
MUST_USE enum status index_wait(const struct options *options,
                                const struct day_iterator_options *search,
                                const volatile sig_atomic_t *stop, struct err *err);

#endif
