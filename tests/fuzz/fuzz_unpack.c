/* Files of events as they come, packed or not. However much is asked for at a time, the same bytes
 * come out, and no more of the file is read than there is. */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_target.h"
#include "tools/stele/import/unpack.h"

enum { OUT_BYTES_MAX = 1024 * 1024 };

static enum status ended(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return OK;
}

static enum status unpack_all(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
    struct err err;
    struct unpack *unpack = NULL;
    struct unpack_stream stream = {
        .fd = memfd_create("fuzz", MFD_CLOEXEC), .name = "fuzz", .ended = ended};
    MUST_HOLD(stream.fd >= 0 && write(stream.fd, data, size) == (ssize_t)size);
    MUST_HOLD(lseek(stream.fd, 0, SEEK_SET) == 0);
    enum status status = unpack_open_stream(&stream, NULL, &unpack, &err);
    for (bool end = false; status == OK && !end && out->size < OUT_BYTES_MAX;) {
        size_t before = out->size;
        status = unpack_read(unpack, piece, out, &end, &err);
        MUST_HOLD(out->size - before <= piece);
        MUST_HOLD(status != OK || end || out->size - before == piece);
        MUST_HOLD(unpack_consumed(unpack) <= (int64_t)size);
        MUST_HOLD(unpack_sure(unpack) <= (int64_t)out->size);
    }
    unpack_close(unpack);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf large = BUF_INIT;
    struct buf small = BUF_INIT;
    enum status first = unpack_all(data, size, OUT_BYTES_MAX, &large);
    enum status second = unpack_all(data, size, 1021, &small);
    size_t both = large.size < small.size ? large.size : small.size;
    MUST_HOLD(both == 0 || memcmp(large.data, small.data, both) == 0);
    MUST_HOLD(first != OK || second != OK || large.size >= OUT_BYTES_MAX ||
              large.size == small.size);
    buf_fini(&large);
    buf_fini(&small);
    return 0;
}
