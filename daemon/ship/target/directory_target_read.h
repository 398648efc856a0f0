/* Reading a directory target: its files by name order, and a file's bytes. */
#ifndef DAEMON_SHIP_TARGET_DIRECTORY_TARGET_READ_H
#define DAEMON_SHIP_TARGET_DIRECTORY_TARGET_READ_H

#include "daemon/ship/target/target.h"

/* Its directory: absolute, no slash at the end (but "/" alone). */
static inline const char *directory_target_root(const struct target *target)
{
    return target->url + strlen("file://");
}

/* As target_list and target_get (`take` may be NULL). */
MUST_USE enum status directory_target_list(struct target *target, const struct target_list *list,
                                           struct target_passed *out_passed, struct err *err);
MUST_USE enum status directory_target_get(struct target *target, const char *key, target_take *take,
                                          void *context, struct target_head *out_head,
                                          struct err *err);
/* The file's bytes in pieces to `take` (NULL: nobody), its size and digest into *out_head.
 * ERR_EXISTS: it is not a file. */
MUST_USE enum status directory_target_read(const char *path, target_take *take, void *context,
                                           struct target_head *out_head, struct err *err);

#endif
