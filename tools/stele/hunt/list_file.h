/* A list of indicators as a file: plain, gzip or zstd; "-" is standard input. */
#ifndef TOOLS_STELE_HUNT_LIST_FILE_H
#define TOOLS_STELE_HUNT_LIST_FILE_H

#include "schema/base/buf.h"

enum { LIST_FILE_BYTES_MAX = 256 * 1024 * 1024 };

/* The path, or "standard input": for people. */
const char *list_file_name(const char *path);
/* Appends all of it, unpacked. ERR_LIMIT: over LIST_FILE_BYTES_MAX. */
MUST_USE enum status list_file_read(const char *path, struct buf *out, struct err *err);

#endif
