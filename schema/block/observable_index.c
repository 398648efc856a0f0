/* Building the lists of observables of a block. On the thread that writes the block. */
#include "schema/block/observable_index.h"

#include <stdlib.h>

#include "schema/event/term.h"

enum { KEY_LOW_BITS = 24, DIGIT_BITS = 11, SORT_FEW = 64 };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint64_t ref_mask = (UINT64_C(1) << OBSERVABLE_INDEX_REF_BITS) - 1;

void observable_index_builder_fini(struct observable_index_builder *draft)
{
    buf_fini(&draft->v4);
    buf_fini(&draft->v6);
    buf_fini(&draft->keys);
    buf_fini(&draft->spare);
}

void observable_index_builder_clear(struct observable_index_builder *draft)
{
    buf_clear(&draft->v4);
    buf_clear(&draft->v6);
    buf_clear(&draft->keys);
}

struct key_adder {
    struct observable_index_builder *draft;
    uint32_t reference;
};

static void add_key(void *context, uint64_t key)
{
    const struct key_adder *adding = context;
    uint64_t pair = key << OBSERVABLE_INDEX_REF_BITS | adding->reference;
    buf_add(&adding->draft->keys, &pair, sizeof pair);
}

static void add_address(struct observable_index_builder *draft, struct span normal,
                        uint32_t reference)
{
    struct observable_index_v6 entry = {.reference = reference};
    if (!term_address_bytes(normal, entry.address)) {
        return;
    }
    if (memcmp(entry.address, mapped, sizeof mapped) != 0) {
        buf_add(&draft->v6, &entry, sizeof entry);
        return;
    }
    uint64_t pair = 0;
    for (size_t i = sizeof mapped; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        pair = pair << 8 | entry.address[i];
    }
    pair = pair << OBSERVABLE_INDEX_REF_BITS | reference;
    buf_add(&draft->v4, &pair, sizeof pair);
}

void observable_index_add(struct observable_index_builder *draft,
                          const struct observable *observable, uint32_t reference)
{
    CHECK(reference <= ref_mask);
    if (observable->kind == OBSERVABLE_IP) {
        add_address(draft, observable->normal, reference);
    } else {
        struct key_adder adding = {draft, reference};
        observable_key_all(observable->kind, observable->normal, add_key, &adding);
    }
}

static void copy_pairs(struct buf *to, const struct buf *from, uint32_t reference)
{
    const uint64_t *pairs = (const uint64_t *)(const void *)from->data;
    to->failed |= from->failed;
    for (size_t i = 0; i < from->size / sizeof *pairs; i++) {
        uint64_t pair = pairs[i] | reference;
        buf_add(to, &pair, sizeof pair);
    }
}

void observable_index_copy(struct observable_index_builder *draft,
                           const struct observable_index_builder *from, uint32_t reference)
{
    CHECK(reference <= ref_mask);
    copy_pairs(&draft->v4, &from->v4, reference);
    copy_pairs(&draft->keys, &from->keys, reference);
    draft->v6.failed |= from->v6.failed;
    for (size_t at = 0; at < from->v6.size; at += sizeof(struct observable_index_v6)) {
        struct observable_index_v6 entry;
        memcpy(&entry, from->v6.data + at, sizeof entry);
        entry.reference = reference;
        buf_add(&draft->v6, &entry, sizeof entry);
    }
}

/* By the bits from `shift` on, DIGIT_BITS of them; keeps the order of equals. */
static void sort_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    enum { DIGITS = 1 << DIGIT_BITS };
    uint32_t start[DIGITS + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        start[(from[i] >> shift & (DIGITS - 1)) + 1]++;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        start[i + 1] += start[i];
    }
    for (size_t i = 0; i < count; i++) {
        to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    }
}

static int compare_pairs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts numbers of `bits` bits; what is there twice stays once. Returns how many are left. */
static size_t sort_pairs(struct buf *pairs, struct buf *spare, unsigned bits)
{
    size_t count = pairs->size / sizeof(uint64_t);
    buf_clear(spare);
    if (count == 0) { /* and perhaps no memory: qsort wants some */
        return 0;
    }
    if (count < SORT_FEW) {
        qsort(pairs->data, count, sizeof(uint64_t), compare_pairs);
    } else {
        if (!buf_reserve(spare, pairs->size)) {
            pairs->failed = true;
            return 0;
        }
        spare->size = pairs->size;
        for (unsigned shift = 0; shift < bits; shift += DIGIT_BITS) {
            sort_digit((const uint64_t *)(const void *)pairs->data, (uint64_t *)(void *)spare->data,
                       count, shift);
            struct buf swap = *pairs;
            *pairs = *spare;
            *spare = swap;
        }
    }
    uint64_t *all = (uint64_t *)(void *)pairs->data;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || all[kept - 1] != all[i]) {
            all[kept++] = all[i];
        }
    }
    return kept;
}

static int compare_v6(const void *a, const void *b)
{
    const struct observable_index_v6 *x = a;
    const struct observable_index_v6 *y = b;
    int order = memcmp(x->address, y->address, OBSERVABLE_KEY_ADDRESS_BYTES);
    return order != 0 ? order : (x->reference > y->reference) - (x->reference < y->reference);
}

static size_t sort_v6(struct buf *v6)
{
    struct observable_index_v6 *all = (struct observable_index_v6 *)(void *)v6->data;
    size_t count = v6->size / sizeof *all;
    size_t kept = 0;
    if (count > 0) {
        qsort(all, count, sizeof *all, compare_v6);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare_v6(&all[kept - 1], &all[i]) != 0) {
            all[kept++] = all[i];
        }
    }
    return kept;
}

static void add_reference(struct buf *out, int64_t before, int64_t reference, bool more)
{
    buf_add_varint(out, (uint64_t)(reference - before - 1) << 1 | more);
}

/* The distinct left sides of sorted pairs; returns how many when out is NULL. */
static uint64_t add_entries(const struct buf *pairs, size_t count, bool are_keys, struct buf *out)
{
    const uint64_t *all = (const uint64_t *)(const void *)pairs->data;
    uint64_t before = 0;
    uint64_t entries = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t entry = all[i] >> OBSERVABLE_INDEX_REF_BITS;
        if (i > 0 && entry == all[i - 1] >> OBSERVABLE_INDEX_REF_BITS) {
            continue;
        }
        entries++;
        uint64_t delta = entry - before;
        before = entry;
        if (out && are_keys) {
            buf_add_char(out, (char)delta);
            buf_add_char(out, (char)(delta >> 8));
            buf_add_char(out, (char)(delta >> 16));
            buf_add_varint(out, delta >> KEY_LOW_BITS);
        } else if (out) {
            buf_add_varint(out, delta);
        }
    }
    return entries;
}

static void add_references(const struct buf *pairs, size_t count, struct buf *out)
{
    const uint64_t *all = (const uint64_t *)(const void *)pairs->data;
    int64_t before = -1;
    for (size_t i = 0; i < count; i++) {
        bool more = i + 1 < count &&
                    all[i] >> OBSERVABLE_INDEX_REF_BITS == all[i + 1] >> OBSERVABLE_INDEX_REF_BITS;
        int64_t reference = (int64_t)(all[i] & ref_mask);
        add_reference(out, before, reference, more);
        before = more ? reference : -1;
    }
}

static uint64_t v6_entries(const struct observable_index_v6 *all, size_t count, struct buf *out)
{
    uint64_t entries = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 &&
            memcmp(all[i - 1].address, all[i].address, OBSERVABLE_KEY_ADDRESS_BYTES) == 0) {
            continue;
        }
        entries++;
        if (out) {
            buf_add(out, all[i].address, OBSERVABLE_KEY_ADDRESS_BYTES);
        }
    }
    return entries;
}

static void v6_references(const struct observable_index_v6 *all, size_t count, struct buf *out)
{
    int64_t before = -1;
    for (size_t i = 0; i < count; i++) {
        bool more = i + 1 < count &&
                    memcmp(all[i].address, all[i + 1].address, OBSERVABLE_KEY_ADDRESS_BYTES) == 0;
        add_reference(out, before, all[i].reference, more);
        before = more ? (int64_t)all[i].reference : -1;
    }
}

enum status observable_index_encode(struct observable_index_builder *draft, uint32_t first,
                                    uint32_t count, struct buf *out, struct err *err)
{
    bool ok = buf_ok(&draft->v4) && buf_ok(&draft->v6) && buf_ok(&draft->keys);
    size_t n_v4 = ok ? sort_pairs(&draft->v4, &draft->spare, 32 + OBSERVABLE_INDEX_REF_BITS) : 0;
    size_t n_keys = ok ? sort_pairs(&draft->keys, &draft->spare,
                                    OBSERVABLE_KEY_BITS + OBSERVABLE_INDEX_REF_BITS)
                       : 0;
    if (!ok || !buf_ok(&draft->v4) || !buf_ok(&draft->keys)) {
        return err_nomem(err, "observables");
    }
    size_t n_v6 = sort_v6(&draft->v6);
    const struct observable_index_v6 *v6 =
        (const struct observable_index_v6 *)(const void *)draft->v6.data;
    buf_add_char(out, OBSERVABLE_INDEX_VERSION);
    buf_add_varint(out, first);
    buf_add_varint(out, count);
    buf_add_varint(out, add_entries(&draft->v4, n_v4, false, NULL));
    buf_add_varint(out, v6_entries(v6, n_v6, NULL));
    buf_add_varint(out, add_entries(&draft->keys, n_keys, true, NULL));
    (void)add_entries(&draft->v4, n_v4, false, out);
    (void)v6_entries(v6, n_v6, out);
    (void)add_entries(&draft->keys, n_keys, true, out);
    add_references(&draft->v4, n_v4, out);
    v6_references(v6, n_v6, out);
    add_references(&draft->keys, n_keys, out);
    return buf_status(out, "observables", err);
}
