/* zlib and libzstd are used for streams in this file alone; blocks and objects, which are in memory
 * as a whole, go through schema/block/codec. */
#include "tools/stele/import/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
    INPUT_BYTES = 128 * 1024,
    OUTPUT_STEP_BYTES = 128 * 1024,
    GZIP_WINDOW = 15 + 16,  /* the largest window, with a gzip header */
    TAR_HEADER_BYTES = 512, /* POSIX ustar: the name first, the magic at 257 */
    TAR_NAME_BYTES = 100,
    TAR_MAGIC_AT = 257,
};

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct unpack {
    struct unpack_stream stream; /* its name is the caller's, and may be gone */
    char *name;                  /* ours */
    const volatile sig_atomic_t *stop;
    enum packing packing;
    char *input;
    size_t input_at;
    size_t input_size;
    bool input_end;
    bool frame_open; /* inside a gzip member or a zstd frame */
    int64_t consumed;
    int64_t produced; /* bytes handed out */
    int64_t sure;
    z_stream gzip;
    bool gzip_ready;
    ZSTD_DStream *zstd;
};

/* Protobuf parts since Teleport 4.4, tar archives before (lib/events/stream.go, ProtoStreamV1 and
 * V2); both are called <sid>.tar. */
#define RECORDING                                                                                  \
    "a session recording of Teleport, which holds no audit log; import the auth server's log "     \
    "directory, or what tsh play --format=json prints of the recording"

/* Formats that people have at hand and that hold no lines of JSON. */
static const struct {
    size_t size;
    const char *magic;
    const char *what;
} foreign[] = {
    {6,
     "\xfd"
     "7zXZ",
     "xz; unpack it first: xz -dc FILE | stele import -"},
    {3, "BZh", "bzip2; unpack it first: bzip2 -dc FILE | stele import -"},
    {4, "PK\x03\x04", "zip; unpack it first"},
    {4, "PAR1", "Parquet; export the event_data column as lines of JSON"},
    {15, "SQLite format 3", "an SQLite file; an archive is opened with --archive"},
    {8, "\0\0\0\0\0\0\0\1", RECORDING},
    {8, "\0\0\0\0\0\0\0\2", RECORDING},
};

/* Reads until `want` bytes are there or the input ends. */
static enum status fill(struct unpack *unpack, size_t want, struct err *err)
{
    if (unpack->input_at > 0) {
        memmove(unpack->input, unpack->input + unpack->input_at,
                unpack->input_size - unpack->input_at);
        unpack->input_size -= unpack->input_at;
        unpack->input_at = 0;
    }
    while (unpack->input_size < want && !unpack->input_end) {
        ssize_t n = read(unpack->stream.fd, unpack->input + unpack->input_size,
                         INPUT_BYTES - unpack->input_size);
        if (n < 0 && errno == EINTR) {
            unpack->input_end = unpack->stop && *unpack->stop;
            continue;
        }
        if (n < 0) {
            return err_errno(err, errno, "%s", unpack->name);
        }
        unpack->input_end = n == 0;
        unpack->input_size += (size_t)n;
        unpack->consumed += n;
        if (n == 0 && unpack->stream.ended) {
            return unpack->stream.ended(unpack->stream.context, err);
        }
    }
    return OK;
}

static struct span waiting(const struct unpack *unpack)
{
    return span_of(unpack->input + unpack->input_at, unpack->input_size - unpack->input_at);
}

/* What the bytes are when they hold no lines of JSON; NULL: nothing known. */
static const char *foreign_format(struct span start)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (start.size >= foreign[i].size &&
            memcmp(start.data, foreign[i].magic, foreign[i].size) == 0) {
            return foreign[i].what;
        }
    }
    if (start.size < TAR_HEADER_BYTES || memcmp(start.data + TAR_MAGIC_AT, "ustar", 5) != 0) {
        return NULL;
    }
    static const char *const parts[] = {".session.", ".chunks", ".events", ".index"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (memmem(start.data, TAR_NAME_BYTES, parts[i], strlen(parts[i]))) {
            return RECORDING;
        }
    }
    return "a tar archive; unpack it first: tar -xOf FILE | stele import -";
}

enum status unpack_refuse(const struct unpack *unpack, struct span start, struct err *err)
{
    const char *what = foreign_format(start);
    return what ? err_set(err, ERR_FORMAT, "%s: this is %s", unpack->name, what) : OK;
}

static enum status recognise(struct unpack *unpack, struct err *err)
{
    enum status status = fill(unpack, TAR_HEADER_BYTES, err);
    struct span start = waiting(unpack);
    status = THEN(status, unpack_refuse(unpack, start, err));
    if (status != OK) {
        return status;
    }
    if (span_starts(start, "\x1f\x8b")) {
        unpack->packing = PACKING_GZIP;
        unpack->gzip_ready = inflateInit2(&unpack->gzip, GZIP_WINDOW) == Z_OK;
    } else if (span_starts(start, "\x28\xb5\x2f\xfd")) {
        unpack->packing = PACKING_ZSTD;
        unpack->zstd = ZSTD_createDStream();
    }
    bool ready = unpack->packing == PACKING_NONE || unpack->gzip_ready || unpack->zstd;
    return ready ? OK : err_nomem(err, unpack->name);
}

enum status unpack_open(const char *path, const volatile sig_atomic_t *stop,
                        struct unpack **out_unpack, struct err *err)
{
    bool standard_input = strcmp(path, "-") == 0;
    const struct unpack_stream stream = {
        .fd = standard_input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC),
        .name = standard_input ? "standard input" : path,
    };
    return stream.fd < 0 ? err_errno(err, errno, "%s", path)
                         : unpack_open_stream(&stream, stop, out_unpack, err);
}

enum status unpack_open_stream(const struct unpack_stream *stream,
                               const volatile sig_atomic_t *stop, struct unpack **out_unpack,
                               struct err *err)
{
    struct unpack *unpack = calloc(1, sizeof *unpack);
    if (!unpack) {
        (void)close(stream->fd);
        return err_nomem(err, stream->name);
    }
    *unpack = (struct unpack){
        .stream = *stream,
        .name = strdup(stream->name),
        .stop = stop,
        .input = malloc(INPUT_BYTES),
    };
    bool whole = unpack->name && unpack->input;
    enum status status = whole ? recognise(unpack, err) : err_nomem(err, stream->name);
    if (status != OK) {
        unpack_close(unpack);
        return status;
    }
    *out_unpack = unpack;
    return OK;
}

void unpack_close(struct unpack *unpack)
{
    if (!unpack) {
        return;
    }
    if (unpack->gzip_ready) {
        (void)inflateEnd(&unpack->gzip);
    }
    (void)ZSTD_freeDStream(unpack->zstd);
    (void)close(unpack->stream.fd);
    free(unpack->input);
    free(unpack->name);
    free(unpack);
}

const char *unpack_packing(const struct unpack *unpack)
{
    return unpack->packing == PACKING_GZIP ? "gzip" : unpack->packing == PACKING_ZSTD ? "zstd" : "";
}

int64_t unpack_consumed(const struct unpack *unpack)
{
    return unpack->consumed;
}

int64_t unpack_sure(const struct unpack *unpack)
{
    return unpack->sure;
}

/* Between members: the next one, zeros that pad to a tape's block (skipped), or bytes that are not
 * gzip. */
static enum status gzip_next(struct unpack *unpack, struct err *err)
{
    while (waiting(unpack).size > 0 && *waiting(unpack).data == '\0') {
        unpack->input_at++;
    }
    if (waiting(unpack).size == 0) {
        return OK;
    }
    if ((unsigned char)*waiting(unpack).data != 0x1f || inflateReset(&unpack->gzip) != Z_OK) {
        return err_set(err, ERR_FORMAT, "%s: the bytes behind the gzip data are not gzip",
                       unpack->name);
    }
    unpack->frame_open = true;
    return OK;
}

static enum status gzip_step(struct unpack *unpack, char *out, size_t room, size_t *out_size,
                             struct err *err)
{
    enum status status = unpack->frame_open ? OK : gzip_next(unpack, err);
    if (status != OK || !unpack->frame_open) {
        return status;
    }
    struct span in = waiting(unpack);
    unpack->gzip.next_in = (unsigned char *)(unpack->input + unpack->input_at);
    unpack->gzip.avail_in = (unsigned)in.size;
    unpack->gzip.next_out = (unsigned char *)out;
    unpack->gzip.avail_out = (unsigned)room;
    int result = inflate(&unpack->gzip, Z_NO_FLUSH);
    unpack->input_at += in.size - unpack->gzip.avail_in;
    *out_size = room - unpack->gzip.avail_out;
    if (result == Z_STREAM_END) {
        unpack->frame_open = false;
        return OK;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
        return err_set(err, ERR_FORMAT, "%s: damaged gzip data: %s", unpack->name,
                       unpack->gzip.msg ? unpack->gzip.msg : "wrong header");
    }
    return OK;
}

static enum status zstd_step(struct unpack *unpack, char *out, size_t room, size_t *out_size,
                             struct err *err)
{
    struct span in = waiting(unpack);
    if (in.size == 0 && !unpack->frame_open) {
        return OK;
    }
    ZSTD_inBuffer source = {in.data, in.size, 0};
    ZSTD_outBuffer target = {out, room, 0};
    size_t result = ZSTD_decompressStream(unpack->zstd, &target, &source);
    unpack->input_at += source.pos;
    *out_size = target.pos;
    if (ZSTD_isError(result)) {
        return err_set(err, ERR_FORMAT, "%s: damaged zstd data: %s", unpack->name,
                       ZSTD_getErrorName(result));
    }
    unpack->frame_open = result != 0;
    return OK;
}

static enum status copy_step(struct unpack *unpack, char *out, size_t room, size_t *out_size)
{
    struct span in = waiting(unpack);
    *out_size = in.size < room ? in.size : room;
    memcpy(out, in.data, *out_size);
    unpack->input_at += *out_size;
    return OK;
}

/* One step: some input in, some output out. *out_size is 0 before; 0 with the input at its end:
 * nothing more. */
static enum status step(struct unpack *unpack, char *out, size_t room, size_t *out_size,
                        struct err *err)
{
    return unpack->packing == PACKING_GZIP   ? gzip_step(unpack, out, room, out_size, err)
           : unpack->packing == PACKING_ZSTD ? zstd_step(unpack, out, room, out_size, err)
                                             : copy_step(unpack, out, room, out_size);
}

enum status unpack_read(struct unpack *unpack, size_t size, struct buf *out, bool *out_end,
                        struct err *err)
{
    size_t target = out->size + size;
    bool end = false;
    while (out->size < target && !end) {
        enum status status = waiting(unpack).size == 0 ? fill(unpack, 1, err) : OK;
        size_t room =
            target - out->size < OUTPUT_STEP_BYTES ? target - out->size : OUTPUT_STEP_BYTES;
        if (status == OK && !buf_reserve(out, room)) {
            status = err_nomem(err, unpack->name);
        }
        size_t n = 0;
        status = THEN(status, step(unpack, out->data + out->size, room, &n, err));
        out->size += n;
        unpack->produced += (int64_t)n;
        unpack->sure = unpack->frame_open || status != OK ? unpack->sure : unpack->produced;
        if (status != OK) {
            return status;
        }
        end = n == 0 && unpack->input_end && waiting(unpack).size == 0;
    }
    if (end && unpack->frame_open) {
        return err_set(err, ERR_FORMAT, "%s: the packed data ends too early", unpack->name);
    }
    *out_end = end;
    return OK;
}
