/* Hostile bytes where kept observables should be: what is taken is sorted, and its references are
 * in bounds. */
#include "schema/block/observable_index.h"
#include "tests/fuzz/fuzz_target.h"

static void check_reference(void *context, uint32_t entry, uint32_t reference)
{
    const struct observable_index *observed = context;
    MUST_HOLD(entry < observed->n_v4 + observed->n_v6 + observed->n_keys);
    MUST_HOLD(reference < observed->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct observable_index observed = {0};
    buf_add(&observed.bytes, data, size);
    if (observable_index_decode(&observed, NULL) == OK) {
        uint32_t n = observed.n_v4 + observed.n_v6 + observed.n_keys;
        for (uint32_t k = 1; k < observed.n_keys; k++) {
            MUST_HOLD(observed.keys[k - 1] <= observed.keys[k]);
        }
        for (uint32_t i = 1; i < observed.n_v4; i++) {
            MUST_HOLD(observed.v4[i - 1] <= observed.v4[i]);
        }
        uint32_t wanted[] = {0, n / 2, n > 0 ? n - 1 : 0};
        size_t n_wanted = n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2 : 3;
        if (n == 2) {
            wanted[1] = 1;
        }
        enum status status = observable_index_references(&observed, wanted, n_wanted,
                                                         check_reference, &observed, NULL);
        MUST_HOLD(status == OK || status == ERR_CORRUPT);
    }
    observable_index_fini(&observed);
    return 0;
}
