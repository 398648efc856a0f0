#include "schema/block/observable_index.h"

#include <endian.h>

#include "schema/base/hash64.h"

enum { SUM_BYTES = 4 };

void observable_index_fini(struct observable_index *index)
{
    buf_fini(&index->bytes);
    vec_fini(&index->paths);
    vec_fini(&index->v4);
    vec_fini(&index->keys);
    *index = (struct observable_index){0};
}

void observable_index_v4_bytes(uint32_t v4, unsigned char out[OBSERVABLE_KEY_ADDRESS_BYTES])
{
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    for (unsigned i = 0; i < 4; i++) {
        out[12 + i] = (unsigned char)(v4 >> (24 - 8 * i));
    }
}

static enum status corrupt(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "kept observables that are not well formed");
}

static bool sum_holds(struct span bytes)
{
    uint64_t sum = hash64(span_of(bytes.data, bytes.size - SUM_BYTES), 0);
    bool holds = true;
    for (unsigned i = 0; i < SUM_BYTES; i++) {
        holds &=
            (unsigned char)bytes.data[bytes.size - SUM_BYTES + i] == (unsigned char)(sum >> 8 * i);
    }
    return holds;
}

enum status observable_index_open(struct observable_index *index, struct err *err)
{
    struct span bytes = buf_span(&index->bytes);
    size_t at = 1;
    uint64_t first;
    uint64_t count;
    if (bytes.size <= SUM_BYTES || bytes.data[0] != OBSERVABLE_INDEX_VERSION || !sum_holds(bytes)) {
        return corrupt(err);
    }
    bytes.size -= SUM_BYTES;
    if (!buf_read_varint(bytes, &at, &first) || !buf_read_varint(bytes, &at, &count) ||
        first > UINT32_MAX || count > UINT32_MAX - first) {
        return corrupt(err);
    }
    index->first = (uint32_t)first;
    index->count = (uint32_t)count;
    index->left = span_from(bytes, at);
    index->path = 0;
    return OK;
}

/* Bits of `bytes` from bit *at on: at least 57 of them; zeros behind the end. */
static uint64_t peek_bits(struct span bytes, size_t at)
{
    uint64_t window = 0;
    size_t byte = at / 8;
    size_t size = byte < bytes.size ? bytes.size - byte : 0;
    if (size >= sizeof window) {
        memcpy(&window, bytes.data + byte, sizeof window); /* the usual case, in one move */
    } else if (size > 0) {
        memcpy(&window, bytes.data + byte, size);
    }
    return le64toh(window) >> at % 8;
}

/* Reads `count` ascending numbers of `bits` bits from the front of *bytes. */
static bool read_numbers(struct span *bytes, uint32_t count, unsigned bits,
                         struct observable_index_numbers *out)
{
    vec_clear(out);
    if (count == 0) {
        return true;
    }
    unsigned low = bytes->size > 0 ? (unsigned char)bytes->data[0] : UINT8_MAX;
    if (low >= bits || count > (bytes->size - 1) * 8 || !vec_reserve(out, count)) {
        return false;
    }
    uint64_t mask = (UINT64_C(1) << low) - 1;
    size_t end = bytes->size * 8;
    size_t at = 8;
    uint64_t next = 0;
    while (out->count < count) {
        uint64_t more = peek_bits(*bytes, at) & mask;
        at += low;
        uint64_t window;
        while ((window = peek_bits(*bytes, at)) == 0 && at < end) {
            more += (uint64_t)(64 - at % 8) << low;
            at += 64 - at % 8;
        }
        unsigned zeros = window ? (unsigned)__builtin_ctzll(window) : 0;
        more += (uint64_t)zeros << low;
        at += zeros + 1;
        next += more;
        if (at > end || more >> bits || next >> bits) {
            return false;
        }
        out->items[out->count++] = next++;
    }
    *bytes = span_from(*bytes, (at + 7) / 8);
    return true;
}

/* Moves *left behind the paths. */
static bool read_paths(struct observable_index *index, struct span *left, size_t n_paths,
                       struct observable_index_group *group)
{
    uint32_t path = index->path;
    size_t at = 0;
    vec_clear(&index->paths);
    if (n_paths == 0 || n_paths > left->size || !vec_reserve(&index->paths, n_paths)) {
        return false;
    }
    while (index->paths.count < n_paths) {
        uint64_t more;
        if (!buf_read_varint(*left, &at, &more) || more > UINT32_MAX - path) {
            return false;
        }
        path += (uint32_t)more;
        index->paths.items[index->paths.count++] = path;
    }
    group->n_paths = (uint32_t)n_paths;
    group->paths = index->paths.items;
    *left = span_from(*left, at);
    return true;
}

/* Moves *left behind the entries. */
static bool read_entries(struct observable_index *index, struct span *left,
                         struct observable_index_group *group)
{
    size_t at = 0;
    uint64_t n[3];
    for (size_t i = 0; i < 3; i++) {
        if (!buf_read_varint(*left, &at, &n[i]) || n[i] > OBSERVABLE_INDEX_GROUP_MAX) {
            return false;
        }
    }
    *left = span_from(*left, at);
    group->n_v4 = (uint32_t)n[0];
    group->n_keys = (uint32_t)n[1];
    group->n_v6 = (uint32_t)n[2];
    if (!read_numbers(left, group->n_v4, 32, &index->v4) ||
        !read_numbers(left, group->n_keys, OBSERVABLE_INDEX_KEY_BITS, &index->keys) ||
        left->size / sizeof *group->v6 < group->n_v6) {
        return false;
    }
    group->v4 = index->v4.items;
    group->keys = index->keys.items;
    group->v6 = (const struct observable_index_v6 *)(const void *)left->data;
    *left = span_from(*left, group->n_v6 * sizeof *group->v6);
    return true;
}

enum status observable_index_next(struct observable_index *index,
                                  struct observable_index_group *out_group, bool *out_more,
                                  struct err *err)
{
    struct observable_index_group group = {0};
    struct span left = index->left;
    size_t at = 0;
    uint64_t head;
    *out_more = left.size > 0;
    if (left.size == 0) {
        return OK;
    }
    if (!buf_read_varint(left, &at, &head)) {
        return corrupt(err);
    }
    left = span_from(left, at);
    group.has_more = head & 1;
    if (!read_paths(index, &left, (size_t)(head >> 1), &group) ||
        (!group.has_more && !read_entries(index, &left, &group))) {
        return corrupt(err);
    }
    index->path = group.paths[group.n_paths - 1];
    index->left = left;
    *out_group = group;
    return OK;
}
