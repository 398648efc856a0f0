/* The objects of a target as streams to import: listed once, then fetched in order of their keys,
 * some ahead of the one that is read, each by a thread with a connection of its own. A cut
 * connection is taken up where it was (target_get). One thread uses this. */
#ifndef TOOLS_STELE_IMPORT_OBJECT_SOURCE_H
#define TOOLS_STELE_IMPORT_OBJECT_SOURCE_H

#include <signal.h>

#include "daemon/config/config.h"
#include "tools/stele/import/unpack.h"

struct object_source;

/* True for s3:// and file:// URLs. */
bool object_source_is(const char *word);

/* Lists what is below the URL: all objects, but empty ones and those whose name begins with a dot
 * or an underscore. ERR_NOT_FOUND: there are none. */
MUST_USE enum status object_source_open(const struct config *config, const char *url,
                                        struct object_source **out_remote, struct err *err);
/* Ends what is under way. NULL is fine. */
void object_source_close(struct object_source *source);

size_t object_source_count(const struct object_source *source);
int64_t object_source_bytes(const struct object_source *source);

/* "s3://bucket/prefix/dt=2026-11-23/..."; lives as long as the remote. */
const char *object_source_name(const struct object_source *source, size_t which);

/* The object was made by stele (its name says so:
 * ARCHIVE-DAY-FIRST-LAST-EVENTS-DIGEST.ndjson...), so that each line is an event as it stands.
 * *out_day_us: the day it is of. */
bool object_source_is_ours(const struct object_source *source, size_t which, int64_t *out_day_us);

/* Opens the objects in order: `which` counts from 0, and the one before is closed. */
MUST_USE enum status object_source_unpack(struct object_source *source, size_t which,
                                          const volatile sig_atomic_t *stop,
                                          struct unpack **out_unpack, struct err *err);

#endif
