#include "query/hunt/indicator.h"

#include <stdlib.h>

#include "query/address.h"
#include "schema/base/arena.h"
#include "schema/base/digest.h"
#include "schema/term.h"

enum { PREFIX_BITS = 129, TABLE_MIN = 1024 };

/* Open addressing; a slot holds the indicator's number + 1 and, above it, the half of the hash that
 * says its place: most slots of others are passed over without looking at the indicator, and a
 * larger table is filled from the smaller one alone. */
struct indicator_set {
    struct arena arena;
    struct indicator *items;
    size_t count;
    size_t capacity;
    uint64_t *table;
    size_t table_size; /* a power of two, at least twice count */
    size_t of_kind[OBSERVABLE_KINDS];
    size_t ranges[PREFIX_BITS]; /* how many of each length */
};

static uint64_t key_hash(enum observable_kind kind, bool is_range, unsigned bits, struct span key)
{
    return hash64(key, (uint64_t)kind << 16 | (uint64_t)is_range << 8 | bits);
}

struct indicator_set *indicator_set_new(void)
{
    struct indicator_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->table_size = TABLE_MIN;
    set->table = calloc(set->table_size, sizeof *set->table);
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
        free(set->items);
        free(set->table);
        free(set);
    }
}

size_t indicator_set_count(const struct indicator_set *set)
{
    return set->count;
}

const struct indicator *indicator_set_get(const struct indicator_set *set, size_t at)
{
    CHECK(at < set->count);
    return &set->items[at];
}

static uint64_t slot_of(uint64_t hash, size_t number)
{
    return (hash & UINT64_C(0xffffffff00000000)) | (number + 1);
}

/* The slot of the key, or the free one where it would be. */
static uint64_t *find(const struct indicator_set *set, enum observable_kind kind, bool is_range,
                      unsigned bits, struct span key)
{
    uint64_t hash = key_hash(kind, is_range, bits, key);
    for (size_t at = hash >> 32 & (set->table_size - 1);; at = (at + 1) & (set->table_size - 1)) {
        uint64_t *slot = &set->table[at];
        if (*slot == 0) {
            return slot;
        }
        if (*slot >> 32 != hash >> 32) {
            continue;
        }
        const struct indicator *item = &set->items[(uint32_t)*slot - 1];
        if (item->kind == kind && item->is_range == is_range && item->bits == bits &&
            span_equal(item->normal, key)) {
            return slot;
        }
    }
}

static bool grow(struct indicator_set *set)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : TABLE_MIN;
        struct indicator *items = realloc(set->items, capacity * sizeof *items);
        if (!items) {
            return false;
        }
        set->items = items;
        set->capacity = capacity;
    }
    if ((set->count + 1) * 2 <= set->table_size) {
        return true;
    }
    uint64_t *old = set->table;
    uint64_t *table = calloc(set->table_size * 2, sizeof *table);
    if (!table) {
        return false;
    }
    set->table = table;
    set->table_size *= 2;
    for (size_t i = 0; i < set->table_size / 2; i++) {
        size_t at = old[i] >> 32 & (set->table_size - 1);
        while (old[i] != 0 && table[at] != 0) {
            at = (at + 1) & (set->table_size - 1);
        }
        table[at] = old[i] != 0 ? old[i] : table[at];
    }
    free(old);
    return true;
}

enum status indicator_set_add(struct indicator_set *set, const struct indicator *indicator,
                              bool *out_new, struct err *err)
{
    if (set->count >= UINT32_MAX / 2 || !grow(set)) {
        return err_set(err, ERR_NOMEM, "indicators: out of memory");
    }
    uint64_t *slot =
        find(set, indicator->kind, indicator->is_range, indicator->bits, indicator->normal);
    *out_new = *slot == 0;
    if (!*out_new) {
        struct indicator *there = &set->items[(uint32_t)*slot - 1];
        there->exact = there->exact && indicator->exact;
        return OK;
    }
    struct indicator kept = *indicator;
    kept.text = arena_keep(&set->arena, indicator->text);
    kept.normal = span_equal(kept.text, indicator->normal)
                      ? kept.text
                      : arena_keep(&set->arena, indicator->normal);
    if (!kept.text.data || !kept.normal.data) {
        return err_set(err, ERR_NOMEM, "indicators: out of memory");
    }
    uint64_t hash = key_hash(kept.kind, kept.is_range, kept.bits, kept.normal);
    *slot = slot_of(hash, set->count);
    set->items[set->count++] = kept;
    set->of_kind[kept.kind]++;
    set->ranges[kept.bits] += kept.is_range;
    return OK;
}

static const struct indicator *lookup(const struct indicator_set *set, enum observable_kind kind,
                                      struct span key, size_t *out_number)
{
    uint64_t slot = *find(set, kind, false, 0, key);
    *out_number = (uint32_t)slot - 1;
    return slot ? &set->items[(uint32_t)slot - 1] : NULL;
}

static void match_ranges(const struct indicator_set *set, struct span term, indicator_each *each,
                         void *context)
{
    unsigned char address[16];
    if (!term_address_bytes(term, address)) {
        return;
    }
    for (int bits = PREFIX_BITS - 1; bits >= 0; bits--) {
        if (bits < 128) { /* clear the bit behind the prefix */
            address[bits / 8] &= (unsigned char)~(0x80u >> (bits % 8));
        }
        if (set->ranges[bits] == 0) {
            continue;
        }
        uint64_t slot =
            *find(set, OBSERVABLE_IP, true, (unsigned)bits, span_of(address, sizeof address));
        if (slot) {
            each(context, (uint32_t)slot - 1);
        }
    }
}

static void match_domain(const struct indicator_set *set, struct span name, indicator_each *each,
                         void *context)
{
    for (struct span at = name; at.size > 0;) {
        size_t number;
        const struct indicator *item = lookup(set, OBSERVABLE_DOMAIN, at, &number);
        if (item && (!item->exact || at.size == name.size)) {
            each(context, number);
        }
        const char *dot = memchr(at.data, '.', at.size);
        at = dot ? span_from(at, (size_t)(dot + 1 - at.data)) : span_of(at.data, 0);
    }
}

void indicator_set_match(const struct indicator_set *set, enum observable_kind kind,
                         struct span normal, indicator_each *each, void *context)
{
    size_t number;
    if (set->of_kind[kind] == 0) {
        return;
    }
    if (kind == OBSERVABLE_DOMAIN) {
        match_domain(set, normal, each, context);
        return;
    }
    if (lookup(set, kind, normal, &number)) {
        each(context, number);
    }
    if (kind == OBSERVABLE_IP) {
        match_ranges(set, normal, each, context);
    }
    struct span part = normal;
    if (kind == OBSERVABLE_URL) {
        part = observable_url_bare(normal);
    } else if (kind == OBSERVABLE_FILE) {
        while (part.size > 0 && !memchr("/\\", part.data[part.size - 1], 2)) {
            part.size--;
        }
        part = span_from(normal, part.size);
    }
    if (part.size > 0 && part.size < normal.size && lookup(set, kind, part, &number)) {
        each(context, number);
    }
}
