/* A file or pipe as a stream of plain bytes: gzip (also several members put end to end) and zstd
 * (also several frames) are found by their first bytes and unpacked as they are read. Memory is
 * bounded whatever the input says. One thread. */
#ifndef TOOLS_STELE_IMPORT_UNPACK_H
#define TOOLS_STELE_IMPORT_UNPACK_H

#include <signal.h>

#include "schema/file/file.h"

struct unpack;

/* Opens the path; "-" is standard input. ERR_FORMAT: a known format that holds no lines of JSON
 * (a recording, Parquet, xz, ...), named. stop (may be NULL) is set by a signal's handler: a read
 * that the signal has broken off then counts as the end of the input. */
MUST_USE enum status unpack_open(const char *path, const volatile sig_atomic_t *stop,
                                 struct unpack **out_unpack, struct err *err);
/* The same of a stream that somebody writes into: fd is closed by unpack_close, `name` is for error
 * texts. When it ends, `ended` (NULL: what ends is whole) says whether it is whole: anything but OK
 * is the failure of the read that met the end. */
struct unpack_stream {
    int fd;
    const char *name;
    enum status (*ended)(void *context, struct err *err);
    void *context;
};
MUST_USE enum status unpack_open_stream(const struct unpack_stream *stream,
                                        const volatile sig_atomic_t *stop,
                                        struct unpack **out_unpack, struct err *err);
/* NULL is fine. */
void unpack_close(struct unpack *unpack);

/* Appends up to `size` bytes to out (fewer only at the end of the input). *out_end is true once
 * all has been read. ERR_FORMAT: the packed data is damaged or ends too early; what came before is
 * in out. */
MUST_USE enum status unpack_read(struct unpack *unpack, size_t size, struct buf *out, bool *out_end,
                                 struct err *err);

/* "gzip" or "zstd"; empty when the file is not packed. */
const char *unpack_packing(const struct unpack *unpack);

/* ERR_FORMAT when what was unpacked begins as a format that holds no lines of JSON; as unpack_open
 * says it of files that are not packed. */
MUST_USE enum status unpack_refuse(const struct unpack *unpack, struct span start, struct err *err);

/* Of the bytes handed out so far, from the first on, those whose gzip member or zstd frame has come
 * to its end, checksum and all; all of them when the file is not packed. */
int64_t unpack_sure(const struct unpack *unpack);

/* Bytes of the file read so far, packed as they are: for a progress bar. */
int64_t unpack_consumed(const struct unpack *unpack);

#endif
