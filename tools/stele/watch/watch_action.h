/* What `stele watch` can do: each is a verb of its own, named "watch add" and so on. */
#ifndef TOOLS_STELE_WATCH_WATCH_ACTION_H
#define TOOLS_STELE_WATCH_WATCH_ACTION_H

#include "schema/watch/watch_db.h"
#include "tools/stele/cli/options.h"

extern const struct verb watch_action_add;
extern const struct verb watch_action_update;
extern const struct verb watch_action_remove;
extern const struct verb watch_action_hits;

/* Is an archive there? ERR_NOT_FOUND: none. */
MUST_USE enum status watch_action_archive(const char *dir, struct err *err);
/* The archive's watch.db. ERR_NOT_FOUND: no archive there, or nothing was ever watched in it. */
MUST_USE enum status watch_action_open(const char *dir, enum watch_mode mode,
                                       struct watch_db **out_db, struct err *err);

#endif
