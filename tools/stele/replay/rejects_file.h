/* Events that a receiver did not take, put aside in two files:
 *   FILE          their bytes, a line each, as they came (a newline between tokens is a space), so
 *                 that it can be imported or mended and sent again
 *   FILE.reasons  a line for each line of FILE: UID TAB STATUS TAB REASON; "-" where there is no
 *                 uid, or no status as it was never sent
 * Both are appended to. One thread. */
#ifndef TOOLS_STELE_REPLAY_REJECTS_FILE_H
#define TOOLS_STELE_REPLAY_REJECTS_FILE_H

#include "tools/stele/replay/post_batch.h"

struct rejects_file;

/* Opens both, or makes them (mode 0600). */
MUST_USE enum status rejects_file_open(const char *path, struct rejects_file **out_files,
                                       struct err *err);
/* NULL is fine. */
void rejects_file_close(struct rejects_file *files);

/* Appends a batch's refused events. */
MUST_USE enum status rejects_file_add(struct rejects_file *files, const struct post_batch *batch,
                                      struct err *err);
/* Both onto the disk. */
MUST_USE enum status rejects_file_sync(struct rejects_file *files, struct err *err);

#endif
