/* Targets that are named on the command line, with the [ship] settings of the configuration and
 * what --set says over them: of stele export, and of stele import where it reads objects back. */
#ifndef TOOLS_STELE_CLI_TARGET_ARG_H
#define TOOLS_STELE_CLI_TARGET_ARG_H

#include "tools/stele/cli/options.h"

/* --set, each in order. */
MUST_USE enum status target_arg_settings(struct config *config, const struct option_values *values,
                                         struct err *err);

/* --object-bytes, as ship.object_bytes_max takes it. */
MUST_USE enum status target_arg_size(struct config *config, const char *size, struct err *err);

/* Makes the word the configuration's target: s3://..., file:///..., or a directory by its path. */
MUST_USE enum status target_arg_set(struct config *config, const char *word, struct err *err);

#endif
