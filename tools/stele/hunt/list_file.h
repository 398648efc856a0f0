/* A list of indicators as a file: plain, gzip or zstd; "-" is standard input. */
#ifndef TOOLS_STELE_HUNT_LIST_FILE_H
#define TOOLS_STELE_HUNT_LIST_FILE_H

#include "schema/base/buf.h"

enum { LIST_FILE_BYTES_MAX = 256 * 1024 * 1024 };

/* The path, or "standard input": for people. */
const char *list_file_name(const char *path);
/* Appends all of it, unpacked. ERR_LIMIT: over LIST_FILE_BYTES_MAX. */
MUST_USE enum status list_file_read(const char *path, struct buf *out, struct err *err);

/* What could not be read of a list, said on stderr, a line each up to a thousand: list_file_refused
 * is a list_refused (query/ioc/list.h) whose context this is; list_file_report_end says at the end
 * how many more there were. */
struct list_file_report {
    const char *name;
    int64_t count; /* 0 to begin with */
};
void list_file_refused(void *context, int64_t line, struct span text, const char *why);
void list_file_report_end(const struct list_file_report *report);

#endif
