#include "schema/block/observable_index.h"

enum { KEY_LOW_BYTES = 3 };

void observable_index_fini(struct observable_index *observed)
{
    buf_fini(&observed->bytes);
    buf_fini(&observed->numbers);
    *observed = (struct observable_index){0};
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

/* A number that counts things of at least a byte each. */
static bool read_count(struct span bytes, size_t *at, uint32_t *out)
{
    uint64_t value;
    if (!buf_read_varint(bytes, at, &value) || value > bytes.size) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_v4(struct span bytes, size_t *at, uint32_t *out, uint32_t count)
{
    uint64_t address = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t delta;
        if (!buf_read_varint(bytes, at, &delta) || delta > UINT32_MAX ||
            (address += delta) > UINT32_MAX) {
            return false;
        }
        out[i] = (uint32_t)address;
    }
    return true;
}

static bool read_keys(struct span bytes, size_t *at, uint64_t *out, uint32_t count)
{
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (bytes.size - *at < KEY_LOW_BYTES + 1) {
            return false;
        }
        const unsigned char *low = (const unsigned char *)bytes.data + *at;
        uint64_t high = low[KEY_LOW_BYTES];
        if (high < 0x80) { /* nearly always */
            *at += KEY_LOW_BYTES + 1;
        } else {
            *at += KEY_LOW_BYTES;
            if (!buf_read_varint(bytes, at, &high) || high >> (OBSERVABLE_KEY_BITS - 24)) {
                return false;
            }
        }
        key += high << 24 | (uint64_t)low[2] << 16 | (uint64_t)low[1] << 8 | low[0];
        if (key >> OBSERVABLE_KEY_BITS) {
            return false;
        }
        out[i] = key;
    }
    return true;
}

enum status observable_index_decode(struct observable_index *observed, struct err *err)
{
    struct span bytes = buf_span(&observed->bytes);
    size_t at = 1;
    uint64_t first;
    uint64_t count;
    bool ok = bytes.size > 0 && bytes.data[0] == OBSERVABLE_INDEX_VERSION &&
              buf_read_varint(bytes, &at, &first) && buf_read_varint(bytes, &at, &count) &&
              first <= UINT32_MAX && count <= UINT32_C(1) << OBSERVABLE_INDEX_REF_BITS &&
              read_count(bytes, &at, &observed->n_v4) && read_count(bytes, &at, &observed->n_v6) &&
              read_count(bytes, &at, &observed->n_keys);
    if (!ok) {
        return corrupt(err);
    }
    observed->first = (uint32_t)first;
    observed->count = (uint32_t)count;
    buf_clear(&observed->numbers);
    if (!buf_reserve(&observed->numbers,
                     observed->n_keys * sizeof(uint64_t) + observed->n_v4 * sizeof(uint32_t) + 1)) {
        return buf_status(&observed->numbers, "observables", err);
    }
    uint64_t *keys = (uint64_t *)(void *)observed->numbers.data;
    uint32_t *v4 = (uint32_t *)(void *)(keys + observed->n_keys);
    if (!read_v4(bytes, &at, v4, observed->n_v4)) {
        return corrupt(err);
    }
    if ((bytes.size - at) / OBSERVABLE_KEY_ADDRESS_BYTES < observed->n_v6) {
        return corrupt(err);
    }
    observed->v6 = (const unsigned char *)bytes.data + at;
    at += observed->n_v6 * (size_t)OBSERVABLE_KEY_ADDRESS_BYTES;
    if (!read_keys(bytes, &at, keys, observed->n_keys)) {
        return corrupt(err);
    }
    observed->keys = keys;
    observed->v4 = v4;
    observed->refs = at;
    return OK;
}

enum status observable_index_references(const struct observable_index *observed,
                                        const uint32_t *entries, size_t n_entries,
                                        observable_index_reference *each, void *context,
                                        struct err *err)
{
    struct span bytes = buf_span(&observed->bytes);
    size_t at = observed->refs;
    uint32_t entry = 0;
    for (size_t i = 0; i < n_entries; entry++) {
        bool wanted = entries[i] == entry;
        uint64_t next = 0; /* the least that may come */
        for (bool more = true; more;) {
            uint64_t number;
            if (!buf_read_varint(bytes, &at, &number) || (next += number >> 1) >= observed->count) {
                return corrupt(err);
            }
            if (wanted) {
                each(context, entry, (uint32_t)next);
            }
            next++;
            more = number & 1;
        }
        i += wanted;
    }
    return OK;
}
