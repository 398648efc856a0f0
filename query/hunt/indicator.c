#include "query/hunt/indicator.h"

#include <stdlib.h>

#include "query/address.h"
#include "schema/base/arena.h"
#include "schema/base/digest.h"

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
    size_t table_size;                    /* a power of two, at least twice count */
    size_t of_kind[OBSERVABLE_KINDS + 1]; /* patterns are the last */
    size_t ranges[PREFIX_BITS];           /* how many of each length */
    size_t parts;
    int demanded;
    struct composites composites;
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
        composites_fini(&set->composites);
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

static bool keep_note(struct indicator_set *set, struct indicator *indicator)
{
    if (!indicator->note) {
        return true;
    }
    struct indicator_note *note = arena_alloc(&set->arena, sizeof *note);
    if (!note) {
        return false;
    }
    *note = *indicator->note;
    note->about.size = note->about.size < NOTE_BYTES_MAX ? note->about.size : NOTE_BYTES_MAX;
    note->id = arena_keep(&set->arena, note->id);
    note->about = arena_keep(&set->arena, note->about);
    indicator->note = note;
    return note->id.data && note->about.data;
}

/* The text is where the normal form is, when it is the same. */
static bool keep(struct indicator_set *set, struct indicator *indicator)
{
    bool same = span_equal(indicator->text, indicator->normal);
    indicator->text = arena_keep(&set->arena, indicator->text);
    indicator->normal = same ? indicator->text : arena_keep(&set->arena, indicator->normal);
    return indicator->text.data && indicator->normal.data && keep_note(set, indicator);
}

/* One that is there: it stays, but for a part that becomes an indicator. */
static bool join(struct indicator_set *set, struct indicator *there,
                 const struct indicator *indicator, bool *out_new)
{
    there->exact = there->exact && indicator->exact;
    *out_new = there->is_part && !indicator->is_part;
    if (!*out_new) {
        return true;
    }
    struct indicator kept = *indicator;
    kept.exact = there->exact;
    set->parts--;
    bool ok = keep(set, &kept);
    *there = kept;
    return ok;
}

static enum status add(struct indicator_set *set, const struct indicator *indicator, bool *out_new,
                       uint32_t *out_number, struct err *err)
{
    if (set->count >= UINT32_MAX / 2 || !grow(set)) {
        return err_set(err, ERR_NOMEM, "indicators: out of memory");
    }
    uint64_t *slot =
        find(set, indicator->kind, indicator->is_range, indicator->bits, indicator->normal);
    bool ok = true;
    if (*slot != 0) {
        *out_number = (uint32_t)*slot - 1;
        ok = join(set, &set->items[*out_number], indicator, out_new);
    } else {
        struct indicator kept = *indicator;
        ok = keep(set, &kept);
        *slot =
            slot_of(key_hash(kept.kind, kept.is_range, kept.bits, indicator->normal), set->count);
        *out_number = (uint32_t)set->count;
        *out_new = true;
        set->items[set->count++] = kept;
        set->of_kind[kept.kind]++;
        set->ranges[kept.bits] += kept.is_range;
        set->parts += kept.is_part;
    }
    return ok ? OK : err_set(err, ERR_NOMEM, "indicators: out of memory");
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
    uint32_t numbers[COMPOSITE_PARTS_MAX];
    uint32_t number;
    bool is_new;
    CHECK(n_parts > 0 && n_parts <= COMPOSITE_PARTS_MAX && pattern->kind == OBSERVABLE_KINDS);
    enum status status = add(set, pattern, &is_new, &number, err);
    CHECK(status != OK || !is_new);
    for (size_t i = 0; status == OK && i < n_parts; i++) {
        CHECK(parts[i].is_part);
        status = add(set, &parts[i], &is_new, &numbers[i], err);
    }
    return status == OK ? composites_add(&set->composites, number, numbers, n_parts, err) : status;
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

const struct composites *indicator_set_composites(const struct indicator_set *set)
{
    return &set->composites;
}

const char *indicator_kind_name(const struct indicator *indicator)
{
    return indicator->kind == OBSERVABLE_KINDS ? "pattern" : observable_kind_name(indicator->kind);
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
    if (!address_read_term(term, address)) {
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
