/* What was searched, for people: so that "not seen" says something. */
#ifndef TOOLS_STELE_CLI_COVERAGE_H
#define TOOLS_STELE_CLI_COVERAGE_H

#include <stdio.h>

#include "query/hunt/hunt_run.h"

/* Events, days, first and last time, days without events, what is in quarantine, and the digest; a
 * line each. */
void coverage_print(const struct hunt_coverage *coverage, FILE *out);

#endif
