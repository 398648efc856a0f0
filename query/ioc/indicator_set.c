/* One hash table over all kinds. Exact values are found by the keys of
 * schema/event/observable_key.h, ranges by a key for each length of prefix that the set has,
 * domains and files by the keys of what is above or behind. A key that is there is only a
 * candidate: the values are compared. Filled by one thread; then any number may search. */
#include "query/ioc/indicator_set.h"

#include <stdlib.h>

#include "schema/base/arena.h"
#include "schema/base/hash64.h"
#include "schema/base/vec.h"
#include "schema/event/observable_key.h"
#include "schema/event/term.h"

enum {
    PREFIX_BITS = 129,
    TABLE_BITS_MIN = 10,
    NUMBER_BITS = 64 - OBSERVABLE_KEY_BITS,
    RANGE_SEED = 0x100, /* apart from those of keys */
};

/* Open addressing. A slot holds the indicator's key and, below it, its number + 1. The key's high
 * bits say its place, so that sorted keys are looked up from one end of the table to the other; a
 * larger table is filled from the smaller one alone. */
struct indicator_set {
    struct arena arena;
    VEC(struct indicator) items;
    uint64_t *table;
    unsigned table_bits;                  /* its size is at least twice their number */
    size_t of_kind[OBSERVABLE_KINDS + 1]; /* patterns are the last */
    size_t ranges[PREFIX_BITS];           /* how many of each length */
    size_t parts;
    int demanded;
    struct composite_indicators composites;
};

static uint64_t range_key(const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES], unsigned bits)
{
    return hash64(span_of(address, OBSERVABLE_KEY_ADDRESS_BYTES), RANGE_SEED + bits) >> NUMBER_BITS;
}

static uint64_t key_of(const struct indicator *indicator)
{
    return indicator->is_range
               ? range_key((const unsigned char *)indicator->normal.data, indicator->bits)
               : observable_key(indicator->kind, indicator->normal);
}

struct indicator_set *indicator_set_new(void)
{
    struct indicator_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->table_bits = TABLE_BITS_MIN;
    set->table = calloc((size_t)1 << set->table_bits, sizeof *set->table);
    if (!set->table) {
        free(set);
        return NULL;
    }
    return set;
}

void indicator_set_free(struct indicator_set *set)
{
    if (set) {
        arena_fini(&set->arena);
        composite_indicators_fini(&set->composites);
        vec_fini(&set->items);
        free(set->table);
        free(set);
    }
}

size_t indicator_set_count(const struct indicator_set *set)
{
    return set->items.count;
}

const struct indicator *indicator_set_get(const struct indicator_set *set, size_t at)
{
    CHECK(at < set->items.count);
    return &set->items.items[at];
}

static size_t place_of(const struct indicator_set *set, uint64_t key)
{
    return (size_t)(key >> (OBSERVABLE_KEY_BITS - set->table_bits));
}

static size_t next_place(const struct indicator_set *set, size_t at)
{
    return (at + 1) & (((size_t)1 << set->table_bits) - 1);
}

static uint32_t number_of(uint64_t slot)
{
    return (uint32_t)(slot & ((UINT64_C(1) << NUMBER_BITS) - 1)) - 1;
}

/* The slot of an indicator that is the same, or the free one where it would be. */
static uint64_t *find(const struct indicator_set *set, const struct indicator *same, uint64_t key)
{
    for (size_t at = place_of(set, key);; at = next_place(set, at)) {
        uint64_t *slot = &set->table[at];
        if (*slot == 0) {
            return slot;
        }
        const struct indicator *item = &set->items.items[number_of(*slot)];
        if (*slot >> NUMBER_BITS == key && item->kind == same->kind &&
            item->is_range == same->is_range && item->bits == same->bits &&
            span_equal(item->normal, same->normal)) {
            return slot;
        }
    }
}

static bool grow_table(struct indicator_set *set)
{
    size_t before = (size_t)1 << set->table_bits;
    uint64_t *old = set->table;
    uint64_t *table = calloc(before * 2, sizeof *table);
    if (!table) {
        return false;
    }
    set->table = table;
    set->table_bits++;
    for (size_t i = 0; i < before; i++) {
        if (old[i] != 0) {
            size_t at = place_of(set, old[i] >> NUMBER_BITS);
            while (table[at] != 0) {
                at = next_place(set, at);
            }
            table[at] = old[i];
        }
    }
    free(old);
    return true;
}

static bool grow(struct indicator_set *set)
{
    return vec_reserve(&set->items, 1) &&
           ((set->items.count + 1) * 2 <= (size_t)1 << set->table_bits || grow_table(set));
}

static bool copy_note(struct indicator_set *set, struct indicator *indicator)
{
    if (!indicator->note) {
        return true;
    }
    struct indicator_note *note = arena_alloc(&set->arena, sizeof *note);
    if (!note) {
        return false;
    }
    *note = *indicator->note;
    note->about.size =
        note->about.size < INDICATOR_NOTE_BYTES_MAX ? note->about.size : INDICATOR_NOTE_BYTES_MAX;
    note->id = arena_keep(&set->arena, note->id);
    note->about = arena_keep(&set->arena, note->about);
    indicator->note = note;
    return note->id.data && note->about.data;
}

/* The text is where the normal form is, when it is the same. */
static bool copy_texts(struct indicator_set *set, struct indicator *indicator)
{
    bool same = span_equal(indicator->text, indicator->normal);
    indicator->text = arena_keep(&set->arena, indicator->text);
    indicator->normal = same ? indicator->text : arena_keep(&set->arena, indicator->normal);
    return indicator->text.data && indicator->normal.data && copy_note(set, indicator);
}

/* The same one is there: it stays, but for a part that becomes an indicator. */
static bool merge(struct indicator_set *set, struct indicator *there,
                  const struct indicator *indicator, bool *out_new)
{
    there->exact = there->exact && indicator->exact;
    *out_new = there->is_part && !indicator->is_part;
    if (!*out_new) {
        return true;
    }
    struct indicator copy = *indicator;
    copy.exact = there->exact;
    set->parts--;
    bool ok = copy_texts(set, &copy);
    *there = copy;
    return ok;
}

static enum status add(struct indicator_set *set, const struct indicator *indicator, bool *out_new,
                       uint32_t *out_number, struct err *err)
{
    if (set->items.count >= INDICATORS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d indicators: hunt with fewer lists at a time",
                       INDICATORS_MAX);
    }
    if (!grow(set)) {
        return err_nomem(err, "indicators");
    }
    uint64_t key = key_of(indicator);
    uint64_t *slot = find(set, indicator, key);
    bool ok = true;
    if (*slot != 0) {
        *out_number = number_of(*slot);
        ok = merge(set, &set->items.items[*out_number], indicator, out_new);
    } else {
        struct indicator copy = *indicator;
        ok = copy_texts(set, &copy);
        *slot = key << NUMBER_BITS | (set->items.count + 1);
        *out_number = (uint32_t)set->items.count;
        *out_new = true;
        set->items.items[set->items.count++] = copy;
        set->of_kind[copy.kind]++;
        set->ranges[copy.bits] += copy.is_range;
        set->parts += copy.is_part;
    }
    return ok ? OK : err_nomem(err, "indicators");
}

enum status indicator_set_add(struct indicator_set *set, const struct indicator *indicator,
                              bool *out_new, struct err *err)
{
    uint32_t number;
    return add(set, indicator, out_new, &number, err);
}

enum status indicator_set_add_all(struct indicator_set *set, const struct indicator *pattern,
                                  const struct indicator *parts, size_t n_parts, struct err *err)
{
    uint32_t numbers[COMPOSITE_INDICATOR_PARTS_MAX];
    uint32_t number;
    bool is_new;
    CHECK(n_parts > 0 && n_parts <= COMPOSITE_INDICATOR_PARTS_MAX &&
          pattern->kind == OBSERVABLE_KINDS);
    enum status status = add(set, pattern, &is_new, &number, err);
    CHECK(status != OK || !is_new);
    for (size_t i = 0; status == OK && i < n_parts; i++) {
        CHECK(parts[i].is_part);
        status = add(set, &parts[i], &is_new, &numbers[i], err);
    }
    return THEN(status, composite_indicators_add(&set->composites, number, numbers, n_parts, err));
}

void indicator_set_demand(struct indicator_set *set, int confidence)
{
    set->demanded = confidence;
}

int indicator_set_demanded(const struct indicator_set *set)
{
    return set->demanded;
}

size_t indicator_set_parts(const struct indicator_set *set)
{
    return set->parts;
}

const struct composite_indicators *indicator_set_composites(const struct indicator_set *set)
{
    return &set->composites;
}

const char *indicator_kind_name(const struct indicator *indicator)
{
    return indicator->kind == OBSERVABLE_KINDS ? "pattern" : observable_kind_name(indicator->kind);
}

/* The number of an indicator with that key, at *at or behind it; SIZE_MAX when there is no further
 * one. */
static size_t next_with(const struct indicator_set *set, uint64_t key, size_t *at)
{
    for (;;) {
        uint64_t slot = set->table[*at];
        if (slot == 0) {
            return SIZE_MAX;
        }
        *at = next_place(set, *at);
        if (slot >> NUMBER_BITS == key) {
            return number_of(slot);
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
    size_t at = place_of(lookup->set, key);
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
    for (unsigned bits = PREFIX_BITS; bits-- > 0;) {
        if (bits < 128) { /* clear the bit behind the prefix */
            prefix[bits / 8] &= (unsigned char)~(0x80u >> (bits % 8));
        }
        if (set->ranges[bits] == 0) {
            continue;
        }
        uint64_t key = range_key(prefix, bits);
        size_t at = place_of(set, key);
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
    if (kind == OBSERVABLE_IP && term_address_bytes(normal, address)) {
        (void)each_range(set, address, match_range, &lookup);
    }
}

static bool has_key(const struct indicator_set *set, uint64_t key)
{
    size_t at = place_of(set, key);
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

static bool candidates(const void *context, const struct observable_index *index,
                       struct observable_lookup_numbers *out_entries)
{
    const struct indicator_set *set = context;
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    uint32_t entry = 0;
    bool addresses = set->of_kind[OBSERVABLE_IP] > 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < index->n_v4; i++, entry++) {
        observable_index_v4_bytes(index->v4[i], address);
        ok = !addresses || !has_address(set, address) || vec_push(out_entries, entry);
    }
    for (uint32_t i = 0; ok && i < index->n_v6; i++, entry++) {
        const unsigned char *v6 = index->v6 + i * (size_t)OBSERVABLE_KEY_ADDRESS_BYTES;
        ok = !addresses || !has_address(set, v6) || vec_push(out_entries, entry);
    }
    for (uint32_t i = 0; ok && i < index->n_keys; i++, entry++) {
        ok = !has_key(set, index->keys[i]) || vec_push(out_entries, entry);
    }
    return ok;
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
    return (struct observable_lookup_ops){
        .candidates = candidates, .matches = matches, .context = set};
}
