/* One observable, or the addresses of a range, among those that are kept with a block. */
#include "query/eval/predicate_eval.h"
#include "query/language/match.h"

static bool asks(const void *context, enum observable_kind kind)
{
    const struct predicate *predicate = context;
    return predicate->observable == kind;
}

static bool is_in_range(const struct predicate *predicate,
                        const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES])
{
    return memcmp(address, predicate->address_low, OBSERVABLE_KEY_ADDRESS_BYTES) >= 0 &&
           memcmp(address, predicate->address_high, OBSERVABLE_KEY_ADDRESS_BYTES) <= 0;
}

static bool may_have_v4(const void *context, uint32_t v4)
{
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    observable_index_v4_bytes(v4, address);
    return is_in_range(context, address);
}

static bool may_have(const void *context, const struct observable_index_group *group)
{
    const struct predicate *predicate = context;
    bool found = false;
    if (predicate->observable == OBSERVABLE_IP) {
        for (uint32_t i = 0; !found && i < group->n_v4; i++) {
            found = may_have_v4(predicate, (uint32_t)group->v4[i]);
        }
        for (uint32_t i = 0; !found && i < group->n_v6; i++) {
            found = is_in_range(predicate, group->v6[i].bytes);
        }
        return found;
    }
    uint64_t key = observable_index_key(predicate->observable, predicate->text);
    for (uint32_t i = 0; !found && i < group->n_keys; i++) {
        found = group->keys[i] == key;
    }
    return found;
}

static bool matches(const void *context, const struct observable *observable)
{
    return match_observable(context, observable);
}

struct observable_lookup_ops predicate_eval_observable_ops(const struct predicate *predicate)
{
    return (struct observable_lookup_ops){.asks = asks,
                                          .may_have = may_have,
                                          .may_have_v4 = may_have_v4,
                                          .matches = matches,
                                          .context = predicate};
}
