/* Vectors as bytes: packing, times, and the entries of a column. Pure functions, any thread. */
#include "schema/block/column.h"

#include <stdlib.h>

enum { PACK_LEVEL = 3, PACK_LEAST_BYTES = 48 };

enum status column_vector_pack(struct codec *codec, struct span payload, struct buf *out,
                               struct err *err)
{
    size_t start = out->size;
    if (payload.size >= PACK_LEAST_BYTES) {
        buf_add_char(out, 1);
        enum status status = codec_pack(codec, payload, PACK_LEVEL, false, out, err);
        if (status != OK || out->size - start <= payload.size) {
            return status;
        }
        out->size = start;
    }
    buf_add_char(out, 0);
    buf_add_span(out, payload);
    return buf_status(out, "vector", err);
}

enum status column_vector_unpack(struct codec *codec, struct span blob, size_t max_bytes,
                                 struct buf *out, struct err *err)
{
    if (blob.size == 0 || (unsigned char)blob.data[0] > 1) {
        return err_set(err, ERR_CORRUPT, "a vector of an unknown form");
    }
    struct span payload = span_from(blob, 1);
    if (blob.data[0] == 1) {
        return codec_unpack(codec, payload, max_bytes, out, err);
    }
    if (payload.size > max_bytes) {
        return err_set(err, ERR_CORRUPT, "a vector of %zu bytes", payload.size);
    }
    buf_add_span(out, payload);
    return buf_status(out, "vector", err);
}

static enum status pack_and_free(struct codec *codec, struct buf *payload, struct buf *out,
                                 struct err *err)
{
    enum status status = buf_status(payload, "column", err);
    status = THEN(status, column_vector_pack(codec, buf_span(payload), out, err));
    buf_fini(payload);
    return status;
}

enum status column_times_encode(struct codec *codec, const int64_t *times_us, size_t count,
                                struct buf *out, struct err *err)
{
    int64_t unit = 1000;
    for (size_t i = 0; i < count && unit > 1; i++) {
        unit = times_us[i] % 1000 == 0 ? 1000 : 1;
    }
    struct buf payload = BUF_INIT;
    buf_add_varint(&payload, (uint64_t)unit);
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t now = times_us[i] / unit;
        buf_add_varint(&payload, buf_zigzag(now - before));
        before = now;
    }
    return pack_and_free(codec, &payload, out, err);
}

/* buf_read_varint with the short forms, which are most, in place. */
static inline bool next_varint(struct span bytes, size_t *at, uint64_t *out_value)
{
    if (bytes.size - *at >= 2) {
        const unsigned char *byte = (const unsigned char *)bytes.data + *at;
        if (byte[0] < 0x80) {
            *out_value = byte[0];
            *at += 1;
            return true;
        }
        if (byte[1] < 0x80 && byte[1] > 0) {
            *out_value = (uint64_t)(byte[0] & 0x7f) | (uint64_t)byte[1] << 7;
            *at += 2;
            return true;
        }
    }
    return buf_read_varint(bytes, at, out_value);
}

enum status column_times_decode(struct codec *codec, struct span blob, size_t count,
                                int64_t *out_times_us, struct err *err)
{
    struct buf payload = BUF_INIT;
    enum status status = column_vector_unpack(codec, blob, (count + 1) * 10, &payload, err);
    size_t at = 0;
    uint64_t unit = 0;
    if (status == OK &&
        (!buf_read_varint(buf_span(&payload), &at, &unit) || (unit != 1 && unit != 1000))) {
        status = err_set(err, ERR_CORRUPT, "a time vector without a unit");
    }
    uint64_t before = 0;
    struct span bytes = buf_span(&payload);
    for (size_t i = 0; status == OK && i < count; i++) {
        uint64_t delta;
        if (!next_varint(bytes, &at, &delta)) {
            status = err_set(err, ERR_CORRUPT, "a time vector that ends early");
            break;
        }
        before += (uint64_t)buf_unzigzag(delta); /* wraps on hostile bytes, like the rest */
        out_times_us[i] = (int64_t)(before * unit);
    }
    buf_fini(&payload);
    return status;
}

static bool entries_reserve(struct column *column, size_t wanted)
{
    if (wanted > column->entry_values_capacity) {
        size_t capacity = wanted < 256 ? 256 : wanted * 2;
        uint32_t *values = realloc(column->entry_values, capacity * sizeof *values);
        if (!values) {
            return false;
        }
        column->entry_values = values;
        column->entry_values_capacity = capacity;
    }
    return true;
}

bool column_read_entries(struct span payload, size_t *at, bool several, struct column *column)
{
    int64_t before = 0;
    uint32_t used = 0;
    for (uint32_t i = 0; i < column->n_entries; i++) {
        uint64_t count = 1;
        column->entry_start[i] = used;
        if ((several && !buf_read_varint(payload, at, &count)) || count == 0 ||
            count > payload.size || !entries_reserve(column, used + count)) {
            return false;
        }
        for (uint64_t v = 0; v < count; v++) {
            uint64_t delta;
            if (!next_varint(payload, at, &delta)) {
                return false;
            }
            int64_t step = several ? buf_unzigzag(delta) : (int64_t)delta;
            if (step > UINT32_MAX || step < -(int64_t)UINT32_MAX) {
                return false;
            }
            before += step;
            if (before < 0 || before > UINT32_MAX) {
                return false;
            }
            column->entry_values[used++] = (uint32_t)before;
        }
    }
    column->entry_start[column->n_entries] = used;
    return true;
}

void column_fini(struct column *column)
{
    free(column->entry_values);
    column->entry_values = NULL;
    column->entry_values_capacity = 0;
    buf_fini(&column->payload);
    buf_fini(&column->blob);
}
