/* What `stele hunt` reads: files of indicators and warninglists, as they are or packed. */
#ifndef TOOLS_STELE_HUNT_HUNT_INPUT_H
#define TOOLS_STELE_HUNT_HUNT_INPUT_H

#include "daemon/config/config.h"
#include "query/hunt/warninglist.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/hunt/hunt_print.h"

/* Reads a list into the set as number `number`. The list's name points to `path`, and its report is
 * filled in any case. */
MUST_USE enum status hunt_input_list(struct indicator_set *set, const char *path, uint32_t number,
                                     const struct list_options *options, struct hunt_list *out_list,
                                     struct err *err);

/* What the command line and the section [hunt] of the configuration say. */
struct hunt_warninglist_options {
    struct option_values files;
    struct option_values own;
    bool private_addresses;
};

/* *out_warninglists is NULL when nothing is to be suppressed; else free it. It has judged the set.
 * A file that cannot be read is named on stderr and left out: *out_failed is then why (else OK). */
MUST_USE enum status hunt_input_warninglists(const struct hunt_warninglist_options *quiet,
                                             const struct config *config,
                                             const struct indicator_set *set,
                                             struct warninglist_set **out_warninglists,
                                             enum status *out_failed, struct err *err);

#endif
