/* One observable, or the addresses of a range, among those that are kept with a block. */
#include "query/eval/predicate_eval.h"
#include "query/language/match.h"

static bool add_entries(struct observable_lookup_numbers *out, uint32_t from, uint32_t to)
{
    if (from >= to) {
        return true;
    }
    if (!vec_reserve(out, to - from)) {
        return false;
    }
    while (from < to) {
        out->items[out->count++] = from++;
    }
    return true;
}

/* How many of the sorted addresses are before this one. */
static uint32_t v4_before(const struct observable_index *index,
                          const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES], bool or_same)
{
    uint32_t low = 0;
    uint32_t high = index->n_v4;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        unsigned char at[OBSERVABLE_KEY_ADDRESS_BYTES];
        observable_index_v4_bytes(index->v4[middle], at);
        if (memcmp(at, address, sizeof at) < or_same) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool address_candidates(const struct predicate *predicate,
                               const struct observable_index *index,
                               struct observable_lookup_numbers *out)
{
    bool ok = add_entries(out, v4_before(index, predicate->address_low, false),
                          v4_before(index, predicate->address_high, true));
    for (uint32_t i = 0; ok && i < index->n_v6; i++) {
        const unsigned char *address = index->v6 + i * (size_t)OBSERVABLE_KEY_ADDRESS_BYTES;
        if (memcmp(address, predicate->address_low, OBSERVABLE_KEY_ADDRESS_BYTES) >= 0 &&
            memcmp(address, predicate->address_high, OBSERVABLE_KEY_ADDRESS_BYTES) <= 0) {
            ok = vec_push(out, index->n_v4 + i);
        }
    }
    return ok;
}

static bool candidates(const void *context, const struct observable_index *index,
                       struct observable_lookup_numbers *out)
{
    const struct predicate *predicate = context;
    if (predicate->observable == OBSERVABLE_IP) {
        return address_candidates(predicate, index, out);
    }
    uint64_t key = observable_key(predicate->observable, predicate->text);
    uint32_t low = 0;
    uint32_t high = index->n_keys;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->keys[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high = low;
    while (high < index->n_keys && index->keys[high] == key) {
        high++;
    }
    uint32_t first = index->n_v4 + index->n_v6;
    return add_entries(out, first + low, first + high);
}

static bool matches(const void *context, const struct observable *observable)
{
    return match_observable(context, observable);
}

struct observable_lookup_ops predicate_eval_observable_ops(const struct predicate *predicate)
{
    return (struct observable_lookup_ops){
        .candidates = candidates, .matches = matches, .context = predicate};
}
