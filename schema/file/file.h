/* Files and directories, with the fsyncs that make them last. Any thread. */
#ifndef SCHEMA_FILE_FILE_H
#define SCHEMA_FILE_FILE_H

#include <sys/types.h>

#include "schema/base/buf.h"

enum { FILE_PATH_BYTES = 4096 };

/* snprintf into a path buffer; ERR_LIMIT when it does not fit. */
MUST_USE enum status file_path_format(char out[FILE_PATH_BYTES], struct err *err,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool file_exists(const char *path);

/* Appends the whole file to out; ERR_LIMIT when it holds more than max_bytes. */
MUST_USE enum status file_read(const char *path, size_t max_bytes, struct buf *out,
                               struct err *err);

/* Writes beside the path, fsyncs, renames over it, fsyncs the directory: after OK it is on disk
 * whole, after a failure or a crash it is as it was. */
MUST_USE enum status file_write(const char *path, struct span bytes, mode_t mode, struct err *err);

/* All of the bytes into an open file or pipe. `name` is what error texts call it. */
MUST_USE enum status file_write_all(int fd, struct span bytes, const char *name, struct err *err);

/* Makes the directory and its parents (mode for new ones); OK when it is there already. New
 * directories are fsynced into their parents. */
MUST_USE enum status file_make_dir(const char *path, mode_t mode, struct err *err);

MUST_USE enum status file_sync_dir(const char *path, struct err *err);

#endif
