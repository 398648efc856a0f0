/* Who may read and write what an archive's secrets and proofs rest on. */
#ifndef TOOLS_STELE_VERBS_CHECK_FILES_H
#define TOOLS_STELE_VERBS_CHECK_FILES_H

#include "daemon/config/config.h"

/* A sentence about one file or directory; `fails`: not a matter of taste. */
typedef void check_files_found(void *context, bool fails, const char *text);

/* Looks at the archive's directories and files (dir NULL: at none), keys, files with secrets, and
 * the configuration. */
void check_files(const struct config *config, const char *dir, check_files_found *found,
                 void *context);

#endif
