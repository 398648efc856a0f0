/* What of a set an observable is. */
#include "query/ioc/indicator_set_internal.h"
#include "schema/event/term.h"

/* The number of an indicator with that key, at *at or behind it; SIZE_MAX when there is no further
 * one. */
static size_t next_with(const struct indicator_set *set, uint64_t key, size_t *at)
{
    for (;;) {
        uint64_t slot = set->table[*at];
        if (slot == 0) {
            return SIZE_MAX;
        }
        *at = indicator_set_next_place(set, *at);
        if (slot >> INDICATOR_SET_NUMBER_BITS == key &&
            indicator_set_number_of(slot) != INDICATORS_MAX) {
            return indicator_set_number_of(slot);
        }
    }
}

static bool is_below(struct span name, struct span domain)
{
    size_t above = name.size - domain.size;
    return name.size > domain.size && name.data[above - 1] == '.' &&
           span_equal(span_from(name, above), domain);
}

/* Is the observable this indicator, which has one of its keys? */
static bool is_it(const struct indicator *item, enum observable_kind kind, struct span normal)
{
    if (item->kind != kind || item->is_range) {
        return false;
    }
    if (span_equal(item->normal, normal)) {
        return true;
    }
    switch (kind) {
    case OBSERVABLE_DOMAIN:
        return !item->exact && is_below(normal, item->normal);
    case OBSERVABLE_FILE:
        return span_equal(item->normal, observable_key_file_name(normal));
    case OBSERVABLE_URL:
        return span_equal(item->normal, observable_url_bare(normal));
    case OBSERVABLE_IP:
    case OBSERVABLE_EMAIL:
    case OBSERVABLE_HASH:
    case OBSERVABLE_USER:
    case OBSERVABLE_SESSION:
    case OBSERVABLE_SERIAL:
    case OBSERVABLE_AGENT:
    case OBSERVABLE_KINDS:
        break;
    }
    return false;
}

/* "*part*", "*end" or "begin*". */
static bool is_inside(struct span part, struct span agent)
{
    bool front = span_starts(part, "*");
    bool back = span_ends(part, "*");
    part = span_from(part, front);
    part.size -= back;
    const char *at = part.size <= agent.size && part.size > 0
                         ? memmem(agent.data, agent.size, part.data, part.size)
                         : NULL;
    return at && (front || at == agent.data) &&
           (back || memcmp(agent.data + agent.size - part.size, part.data, part.size) == 0);
}

struct set_lookup {
    const struct indicator_set *set;
    enum observable_kind kind;
    struct span normal;
    indicator_each *each;
    void *context;
};

static void match_key(void *context, uint64_t key)
{
    const struct set_lookup *lookup = context;
    size_t at = indicator_set_place_of(lookup->set, key);
    for (size_t number; (number = next_with(lookup->set, key, &at)) != SIZE_MAX;) {
        if (is_it(&lookup->set->items.items[number], lookup->kind, lookup->normal)) {
            lookup->each(lookup->context, number);
        }
    }
}

/* Ranges that the address is in; false from `each`: no further ones. */
static bool each_range(const struct indicator_set *set,
                       const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES],
                       bool (*each)(void *context, size_t number), void *context)
{
    unsigned char prefix[OBSERVABLE_KEY_ADDRESS_BYTES];
    memcpy(prefix, address, sizeof prefix);
    for (size_t i = 0; i < set->n_range_bits; i++) {
        unsigned bits = set->range_bits[i];
        indicator_set_cut(prefix, bits);
        uint64_t key = indicator_set_range_key(prefix, bits);
        size_t at = indicator_set_place_of(set, key);
        for (size_t number; (number = next_with(set, key, &at)) != SIZE_MAX;) {
            const struct indicator *item = &set->items.items[number];
            if (item->is_range && item->bits == bits &&
                memcmp(item->normal.data, prefix, sizeof prefix) == 0 && !each(context, number)) {
                return false;
            }
        }
    }
    return true;
}

static bool match_range(void *context, size_t number)
{
    const struct set_lookup *lookup = context;
    lookup->each(lookup->context, number);
    return true;
}

void indicator_set_match(const struct indicator_set *set, enum observable_kind kind,
                         struct span normal, indicator_each *each, void *context)
{
    struct set_lookup lookup = {set, kind, normal, each, context};
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    if (set->of_kind[kind] == 0) {
        return;
    }
    observable_key_all(kind, normal, match_key, &lookup);
    for (size_t i = 0; kind == OBSERVABLE_AGENT && i < set->inside.count; i++) {
        uint32_t number = set->inside.items[i];
        if (is_inside(set->items.items[number].normal, normal)) {
            each(context, number);
        }
    }
    if (kind == OBSERVABLE_IP && term_address_bytes(normal, address)) {
        (void)each_range(set, address, match_range, &lookup);
    }
}

static bool has_key(const struct indicator_set *set, uint64_t key)
{
    size_t at = indicator_set_place_of(set, key);
    return next_with(set, key, &at) != SIZE_MAX;
}

static bool no_further(void *context, size_t number)
{
    (void)context;
    (void)number;
    return false;
}

static bool has_address(const struct indicator_set *set,
                        const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES])
{
    return has_key(set, observable_key_of_address(address)) ||
           !each_range(set, address, no_further, NULL);
}

static bool asks(const void *context, enum observable_kind kind)
{
    const struct indicator_set *set = context;
    return set->of_kind[kind] > 0;
}

static bool may_have_v4(const void *context, uint32_t v4)
{
    const struct indicator_set *set = context;
    uint32_t first = v4 >> (32 - INDICATOR_SET_V4_BITS);
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    if (!set->v4 || !(set->v4[first / 64] >> first % 64 & 1)) {
        return false;
    }
    observable_index_v4_bytes(v4, address);
    return has_address(set, address);
}

/* Of a kept key the low bits are left away. */
static bool has_kept_key(const struct indicator_set *set, uint64_t kept)
{
    enum { AWAY = OBSERVABLE_KEY_BITS - OBSERVABLE_INDEX_KEY_BITS };
    size_t at = indicator_set_place_of(set, kept << AWAY);
    while (set->table[at] != 0 && set->table[at] >> (INDICATOR_SET_NUMBER_BITS + AWAY) != kept) {
        at = indicator_set_next_place(set, at);
    }
    return set->table[at] != 0;
}

static bool may_have(const void *context, const struct observable_index_group *group)
{
    const struct indicator_set *set = context;
    const uint64_t agents = observable_index_key(OBSERVABLE_AGENT, span_of("", 0));
    bool found = false;
    for (uint32_t i = 0; !found && i < group->n_v4; i++) {
        found = may_have_v4(set, (uint32_t)group->v4[i]);
    }
    for (uint32_t i = 0; !found && set->v4 && i < group->n_v6; i++) {
        found = has_address(set, group->v6[i].bytes);
    }
    for (uint32_t i = 0; !found && i < group->n_keys; i++) {
        found = has_kept_key(set, group->keys[i]) ||
                (set->inside.count > 0 && group->keys[i] == agents);
    }
    return found;
}

static void note_any(void *context, size_t number)
{
    (void)number;
    *(bool *)context = true;
}

static bool matches(const void *context, const struct observable *observable)
{
    bool is = false;
    indicator_set_match(context, observable->kind, observable->normal, note_any, &is);
    return is;
}

struct observable_lookup_ops indicator_set_lookup_ops(const struct indicator_set *set)
{
    return (struct observable_lookup_ops){.asks = asks,
                                          .may_have = may_have,
                                          .may_have_v4 = may_have_v4,
                                          .matches = matches,
                                          .context = set};
}
