/* Any bytes as a packed object: in pieces of any size they hold the same, or are refused, and no
 * more of them is read than may be in it. */
#include "daemon/ship/object_unpack.h"
#include "tests/fuzz/fuzz_target.h"

enum { BYTES_MAX = 1024 * 1024 };

static enum status unpack(enum object_codec codec, struct span packed, size_t piece,
                          struct ledger_content *out)
{
    struct err err;
    struct object_unpack *reader = NULL;
    enum status status = object_unpack_new(codec, BYTES_MAX, &reader, &err);
    while (status == OK && packed.size > 0) {
        size_t size = packed.size < piece ? packed.size : piece;
        status = object_unpack_add(reader, span_of(packed.data, size), &err);
        packed = span_from(packed, size);
    }
    enum status finished = object_unpack_finish(reader, out, &err);
    MUST_HOLD(status == OK || finished == status);
    MUST_HOLD(finished == OK || finished == ERR_CORRUPT);
    MUST_HOLD(finished != OK || (out->bytes <= BYTES_MAX && out->events <= out->bytes));
    object_unpack_free(reader);
    return finished;
}

/* The first byte says how it is packed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        enum object_codec codec = (enum object_codec)(data[0] % 3);
        struct span packed = span_of(data + 1, size - 1);
        struct ledger_content whole;
        struct ledger_content parts;
        enum status first = unpack(codec, packed, SIZE_MAX, &whole);
        enum status second = unpack(codec, packed, 7, &parts);
        MUST_HOLD(first == second);
        MUST_HOLD(first != OK || ledger_content_equal(&whole, &parts));
    }
    return 0;
}
