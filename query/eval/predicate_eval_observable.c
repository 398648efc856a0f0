/* One observable, or the addresses of a range, among those that are kept with a block. */
#include "query/eval/predicate_eval.h"
#include "query/language/match.h"

static void add_entries(struct buf *out, uint32_t from, uint32_t to)
{
    for (uint32_t entry = from; entry < to; entry++) {
        buf_add(out, &entry, sizeof entry);
    }
}

/* How many of the sorted addresses are before this one. */
static uint32_t v4_before(const struct observable_index *observed,
                          const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES], bool or_same)
{
    uint32_t low = 0;
    uint32_t high = observed->n_v4;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        unsigned char at[OBSERVABLE_KEY_ADDRESS_BYTES];
        observable_index_v4_bytes(observed->v4[middle], at);
        if (memcmp(at, address, sizeof at) < or_same) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void pick_addresses(const struct predicate *predicate,
                           const struct observable_index *observed, struct buf *out)
{
    add_entries(out, v4_before(observed, predicate->address_low, false),
                v4_before(observed, predicate->address_high, true));
    for (uint32_t i = 0; i < observed->n_v6; i++) {
        const unsigned char *address = observed->v6 + i * (size_t)OBSERVABLE_KEY_ADDRESS_BYTES;
        if (memcmp(address, predicate->address_low, OBSERVABLE_KEY_ADDRESS_BYTES) >= 0 &&
            memcmp(address, predicate->address_high, OBSERVABLE_KEY_ADDRESS_BYTES) <= 0) {
            add_entries(out, observed->n_v4 + i, observed->n_v4 + i + 1);
        }
    }
}

static void pick(const void *context, const struct observable_index *observed, struct buf *out)
{
    const struct predicate *predicate = context;
    if (predicate->observable == OBSERVABLE_IP) {
        pick_addresses(predicate, observed, out);
        return;
    }
    uint64_t key = observable_key(predicate->observable, predicate->text);
    uint32_t low = 0;
    uint32_t high = observed->n_keys;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (observed->keys[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < observed->n_keys && observed->keys[low] == key; low++) {
        add_entries(out, observed->n_v4 + observed->n_v6 + low,
                    observed->n_v4 + observed->n_v6 + low + 1);
    }
}

static bool is(const void *context, const struct observable *observable)
{
    return match_observable(context, observable);
}

struct observable_lookup_ops predicate_eval_observable_ops(const struct predicate *predicate)
{
    return (struct observable_lookup_ops){.pick = pick, .is = is, .context = predicate};
}
