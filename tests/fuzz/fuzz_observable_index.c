/* Hostile bytes where kept observables should be, their checksum made right: what is taken is
 * sorted, and in bounds. */
#include "schema/base/hash64.h"
#include "schema/block/observable_index.h"
#include "tests/fuzz/fuzz_target.h"

static void check_numbers(const uint64_t *numbers, uint32_t count, unsigned bits)
{
    for (uint32_t i = 0; i < count; i++) {
        MUST_HOLD(numbers[i] >> bits == 0);
        MUST_HOLD(i == 0 || numbers[i - 1] < numbers[i]);
    }
}

static void check_group(const struct observable_index_group *group)
{
    MUST_HOLD(group->n_paths > 0);
    for (uint32_t i = 1; i < group->n_paths; i++) {
        MUST_HOLD(group->paths[i - 1] <= group->paths[i]);
    }
    MUST_HOLD(!group->has_more || group->n_v4 + group->n_keys + group->n_v6 == 0);
    check_numbers(group->v4, group->n_v4, 32);
    check_numbers(group->keys, group->n_keys, OBSERVABLE_INDEX_KEY_BITS);
    unsigned sum = 0;
    for (uint32_t i = 0; i < group->n_v6; i++) {
        sum += group->v6[i].bytes[OBSERVABLE_KEY_ADDRESS_BYTES - 1];
    }
    MUST_HOLD(sum <= group->n_v6 * 255u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct observable_index index = {0};
    buf_add(&index.bytes, data, size);
    uint64_t sum = hash64(buf_span(&index.bytes), 0);
    for (unsigned i = 0; i < 4; i++) {
        buf_add_char(&index.bytes, (char)(sum >> 8 * i));
    }
    bool more = observable_index_open(&index, NULL) == OK;
    while (more) {
        struct observable_index_group group;
        size_t left = index.left.size;
        enum status status = observable_index_next(&index, &group, &more, NULL);
        MUST_HOLD(status == OK || status == ERR_CORRUPT);
        more = more && status == OK;
        if (more) {
            MUST_HOLD(index.left.size < left);
            check_group(&group);
        }
    }
    observable_index_fini(&index);
    return 0;
}
