/* One hash table over all kinds. Exact values are found by the keys of
 * schema/event/observable_key.h, ranges by a key for each length of prefix that the set has,
 * domains and files by the keys of what is above or behind. A key that is there is only a
 * candidate: the values are compared. Filled by one thread; then any number may search. */
#include "query/ioc/indicator_set.h"

#include <stdlib.h>

#include "query/ioc/indicator_set_internal.h"
#include "schema/event/term.h"

struct indicator_set *indicator_set_new(void)
{
    CHECK(INDICATORS_MAX == (1 << INDICATOR_SET_NUMBER_BITS) - 2); /* one number is left for none */
    struct indicator_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->table_bits = INDICATOR_SET_TABLE_BITS_MIN;
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
        vec_fini(&set->inside);
        composite_indicators_fini(&set->composites);
        vec_fini(&set->items);
        free(set->v4);
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

static uint64_t key_of(const struct indicator *indicator)
{
    return indicator->is_range ? indicator_set_range_key(
                                     (const unsigned char *)indicator->normal.data, indicator->bits)
                               : observable_key(indicator->kind, indicator->normal);
}

/* The slot of an indicator that is the same, or the free one where it would be. */
static uint64_t *find(const struct indicator_set *set, const struct indicator *same, uint64_t key)
{
    for (size_t at = indicator_set_place_of(set, key);; at = indicator_set_next_place(set, at)) {
        uint64_t *slot = &set->table[at];
        if (*slot == 0) {
            return slot;
        }
        uint32_t number = indicator_set_number_of(*slot);
        if (*slot >> INDICATOR_SET_NUMBER_BITS != key || number == INDICATORS_MAX) {
            continue;
        }
        const struct indicator *item = &set->items.items[number];
        if (item->kind == same->kind && item->is_range == same->is_range &&
            item->bits == same->bits && span_equal(item->normal, same->normal)) {
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
            size_t at = indicator_set_place_of(set, old[i] >> INDICATOR_SET_NUMBER_BITS);
            while (table[at] != 0) {
                at = indicator_set_next_place(set, at);
            }
            table[at] = old[i];
        }
    }
    free(old);
    return true;
}

static bool grow(struct indicator_set *set)
{
    size_t used = set->items.count + set->n_names + 2;
    return vec_reserve(&set->items, 1) &&
           (used * 2 <= (size_t)1 << set->table_bits || grow_table(set));
}

/* A file of a path is found by its last part, too; whatever else has that key will do. */
static void add_file_name(struct indicator_set *set, struct span file)
{
    struct span name = observable_key_file_name(file);
    if (name.size == 0 || name.size == file.size) {
        return;
    }
    uint64_t key = observable_key(OBSERVABLE_FILE, name);
    size_t at = indicator_set_place_of(set, key);
    while (set->table[at] != 0 && set->table[at] >> INDICATOR_SET_NUMBER_BITS != key) {
        at = indicator_set_next_place(set, at);
    }
    if (set->table[at] == 0) {
        set->table[at] = key << INDICATOR_SET_NUMBER_BITS | (INDICATORS_MAX + 1);
        set->n_names++;
    }
}

static void add_range_bits(struct indicator_set *set, unsigned char bits)
{
    size_t at = set->n_range_bits;
    if (set->has_range[bits]) {
        return;
    }
    for (; at > 0 && set->range_bits[at - 1] < bits; at--) {
        set->range_bits[at] = set->range_bits[at - 1];
    }
    set->range_bits[at] = bits;
    set->n_range_bits++;
    set->has_range[bits] = true;
}

/* The first `bits` bits of IPv4 addresses are asked for. */
static void add_v4(struct indicator_set *set, uint32_t v4, unsigned bits)
{
    uint32_t first = v4 >> (32 - INDICATOR_SET_V4_BITS);
    uint32_t count = bits < INDICATOR_SET_V4_BITS ? 1u << (INDICATOR_SET_V4_BITS - bits) : 1;
    for (uint32_t i = first; i < first + count; i++) {
        set->v4[i / 64] |= UINT64_C(1) << i % 64;
    }
}

/* Ranges of less than 96 bits are of IPv6, and may have all of IPv4 in them. */
static bool add_address(struct indicator_set *set, const struct indicator *indicator)
{
    enum { V4_AT = 96, V4_WORDS = (1 << INDICATOR_SET_V4_BITS) / 64 };
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    unsigned char all[OBSERVABLE_KEY_ADDRESS_BYTES] = {[10] = 0xff, [11] = 0xff};
    unsigned bits = indicator->is_range ? indicator->bits : V4_AT + 32;
    uint32_t v4;
    if (!set->v4 && !(set->v4 = calloc(V4_WORDS, sizeof *set->v4))) {
        return false;
    }
    if (indicator->is_range) {
        memcpy(address, indicator->normal.data, sizeof address);
        add_range_bits(set, indicator->bits);
    } else if (!term_address_bytes(indicator->normal, address)) {
        return true;
    }
    if (bits < V4_AT) {
        indicator_set_cut(all, bits);
        if (memcmp(all, address, sizeof all) == 0) {
            add_v4(set, 0, 0);
        }
    } else if (indicator_set_v4_of(address, &v4)) {
        add_v4(set, v4, bits - V4_AT);
    }
    return true;
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

/* The longest validity of any that says the same counts. */
static bool merge_validity(struct indicator_set *set, struct indicator *there,
                           const struct indicator *indicator)
{
    int64_t until_us = indicator->note ? indicator->note->valid_until_us : INT64_MAX;
    if (!there->note || indicator->is_part || there->note->valid_until_us >= until_us) {
        return true;
    }
    struct indicator_note *note = arena_alloc(&set->arena, sizeof *note);
    if (!note) {
        return false;
    }
    *note = *there->note;
    note->valid_until_us = until_us;
    note->is_expired = indicator->note && indicator->note->is_expired;
    there->note = note;
    return true;
}

/* The same one is there: it stays, but for a part that becomes an indicator. */
static bool merge(struct indicator_set *set, struct indicator *there,
                  const struct indicator *indicator, bool *out_new)
{
    if (!merge_validity(set, there, indicator)) {
        return false;
    }
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
        *out_number = indicator_set_number_of(*slot);
        ok = merge(set, &set->items.items[*out_number], indicator, out_new);
    } else {
        struct indicator copy = *indicator;
        ok = copy_texts(set, &copy) && (copy.kind != OBSERVABLE_IP || add_address(set, &copy)) &&
             (!copy.is_inside || vec_push(&set->inside, (uint32_t)set->items.count));
        *slot = key << INDICATOR_SET_NUMBER_BITS | (set->items.count + 1);
        *out_number = (uint32_t)set->items.count;
        *out_new = true;
        set->items.items[set->items.count++] = copy;
        set->of_kind[copy.kind]++;
        set->parts += copy.is_part;
        if (copy.kind == OBSERVABLE_FILE) {
            add_file_name(set, copy.normal);
        }
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
