#include "schema/column.h"

#include <stdlib.h>

enum { PACK_LEVEL = 3, PACK_LEAST_BYTES = 48 };
enum { KIND_COLUMN = 1, KIND_NUMBERS = 2 };
enum { FLAG_ALL = 1, FLAG_SEVERAL = 2 };

enum status vector_pack(struct codec *codec, struct span payload, struct buf *out, struct err *err)
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

enum status vector_unpack(struct codec *codec, struct span blob, size_t max_bytes, struct buf *out,
                          struct err *err)
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
    if (status == OK) {
        status = vector_pack(codec, buf_span(payload), out, err);
    }
    buf_fini(payload);
    return status;
}

enum status times_encode(struct codec *codec, const int64_t *times_us, size_t count,
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
        buf_add_varint(&payload, zigzag(now - before));
        before = now;
    }
    return pack_and_free(codec, &payload, out, err);
}

/* varint_read with the short forms, which are most, in place. */
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
    return varint_read(bytes, at, out_value);
}

enum status times_decode(struct codec *codec, struct span blob, size_t count, int64_t *out_times_us,
                         struct err *err)
{
    struct buf payload = BUF_INIT;
    enum status status = vector_unpack(codec, blob, (count + 1) * 10, &payload, err);
    size_t at = 0;
    uint64_t unit = 0;
    if (status == OK &&
        (!varint_read(buf_span(&payload), &at, &unit) || (unit != 1 && unit != 1000))) {
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
        before += (uint64_t)unzigzag(delta); /* wraps on hostile bytes, like the rest */
        out_times_us[i] = (int64_t)(before * unit);
    }
    buf_fini(&payload);
    return status;
}

/* Entries of a column under construction: the distinct lists of values, found by hash. */
struct entries {
    uint32_t count;
    bool several;
    uint32_t start[BLOCK_EVENTS_MAX + 1]; /* into cells */
    uint16_t size[BLOCK_EVENTS_MAX + 1];
    uint16_t table[BLOCK_EVENTS_MAX * 2]; /* entry + 1, 0 free */
};

static bool same_values(const struct column_cell *a, const struct column_cell *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].value != b[i].value) {
            return false;
        }
    }
    return true;
}

static uint16_t entry_of(struct entries *entries, const struct column_cell *cells, size_t first,
                         size_t n)
{
    uint64_t hash = n;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ cells[first + i].value) * 0x9e3779b97f4a7c15u;
    }
    size_t mask = sizeof entries->table / sizeof entries->table[0] - 1;
    size_t slot = (hash >> 40) & mask;
    for (; entries->table[slot] != 0; slot = (slot + 1) & mask) {
        uint16_t entry = (uint16_t)(entries->table[slot] - 1);
        if (entries->size[entry] == n &&
            same_values(cells + entries->start[entry], cells + first, n)) {
            return entry;
        }
    }
    uint16_t entry = (uint16_t)entries->count++;
    CHECK(entry < BLOCK_EVENTS_MAX);
    entries->start[entry] = (uint32_t)first;
    entries->size[entry] = (uint16_t)n;
    entries->several |= n > 1;
    entries->table[slot] = (uint16_t)(entry + 1);
    return entry;
}

struct ordered {
    uint32_t value;
    uint16_t entry;
};

static int compare_ordered(const void *a, const void *b)
{
    uint32_t x = ((const struct ordered *)a)->value;
    uint32_t y = ((const struct ordered *)b)->value;
    return (x > y) - (x < y);
}

/* Single values go in ascending order; rank[entry] is the entry's new place. */
static void write_single(const struct entries *entries, const struct column_cell *cells,
                         uint16_t *rank, struct buf *payload)
{
    struct ordered ordered[BLOCK_EVENTS_MAX];
    for (uint32_t i = 0; i < entries->count; i++) {
        ordered[i] = (struct ordered){cells[entries->start[i]].value, (uint16_t)i};
    }
    qsort(ordered, entries->count, sizeof ordered[0], compare_ordered);
    uint32_t before = 0;
    for (uint32_t i = 0; i < entries->count; i++) {
        buf_add_varint(payload, ordered[i].value - before);
        before = ordered[i].value;
        rank[ordered[i].entry] = (uint16_t)i;
    }
}

static void write_several(const struct entries *entries, const struct column_cell *cells,
                          uint16_t *rank, struct buf *payload)
{
    int64_t before = 0;
    for (uint32_t i = 0; i < entries->count; i++) {
        buf_add_varint(payload, entries->size[i]);
        for (size_t v = 0; v < entries->size[i]; v++) {
            int64_t value = cells[entries->start[i] + v].value;
            buf_add_varint(payload, zigzag(value - before));
            before = value;
        }
        rank[i] = (uint16_t)i;
    }
}

static void write_index(const uint16_t *index, size_t n_events, uint32_t n_entries,
                        struct buf *payload)
{
    size_t width = n_entries > 255 ? 2 : 1;
    if (!buf_reserve(payload, n_events * width)) {
        return;
    }
    unsigned char *out = (unsigned char *)payload->data + payload->size;
    for (size_t slot = 0; slot < n_events; slot++) {
        out[slot * width] = (unsigned char)(index[slot] & 0xff);
        if (width == 2) {
            out[slot * width + 1] = (unsigned char)(index[slot] >> 8);
        }
    }
    payload->size += n_events * width;
}

enum status column_encode(struct codec *codec, const struct column_cell *cells, size_t n_cells,
                          size_t n_events, struct buf *out, struct err *err)
{
    CHECK(n_events <= BLOCK_EVENTS_MAX && n_cells > 0);
    struct entries *entries = calloc(1, sizeof *entries);
    if (!entries) {
        return err_set(err, ERR_NOMEM, "column: out of memory");
    }
    uint16_t index[BLOCK_EVENTS_MAX] = {0};
    uint16_t rank[BLOCK_EVENTS_MAX + 1];
    size_t filled = 0;
    for (size_t i = 0, n; i < n_cells; i += n) {
        for (n = 1; i + n < n_cells && cells[i + n].slot == cells[i].slot && n < UINT16_MAX; n++) {
        }
        CHECK(cells[i].slot < n_events && index[cells[i].slot] == 0);
        index[cells[i].slot] = (uint16_t)(entry_of(entries, cells, i, n) + 1);
        filled++;
    }
    bool all = entries->count == 1 && filled == n_events;
    struct buf payload = BUF_INIT;
    buf_add_char(&payload, KIND_COLUMN);
    buf_add_char(&payload, (char)((all ? FLAG_ALL : 0) | (entries->several ? FLAG_SEVERAL : 0)));
    buf_add_varint(&payload, entries->count);
    (entries->several ? write_several : write_single)(entries, cells, rank, &payload);
    for (size_t slot = 0; slot < n_events; slot++) {
        index[slot] = index[slot] ? (uint16_t)(rank[index[slot] - 1] + 1) : 0;
    }
    if (!all) {
        write_index(index, n_events, entries->count, &payload);
    }
    free(entries);
    return pack_and_free(codec, &payload, out, err);
}

enum status numbers_encode(struct codec *codec, const struct number_cell *cells, size_t n_cells,
                           size_t n_events, struct buf *out, struct err *err)
{
    CHECK(n_events <= BLOCK_EVENTS_MAX && n_cells > 0 && n_cells <= n_events);
    bool all = n_cells == n_events;
    int64_t least = cells[0].number;
    int64_t most = cells[0].number;
    unsigned char bitmap[BLOCK_EVENTS_MAX / 8] = {0};
    for (size_t i = 0; i < n_cells; i++) {
        least = cells[i].number < least ? cells[i].number : least;
        most = cells[i].number > most ? cells[i].number : most;
        bitmap[cells[i].slot / 8] |= (unsigned char)(1u << cells[i].slot % 8);
    }
    uint64_t span = (uint64_t)most - (uint64_t)least;
    char width = span == 0 ? 0 : span <= 0xff ? 1 : span <= 0xffff ? 2 : span <= 0xffffffff ? 4 : 8;
    struct buf payload = BUF_INIT;
    buf_add_char(&payload, KIND_NUMBERS);
    buf_add_char(&payload, all ? FLAG_ALL : 0);
    if (!all) {
        buf_add(&payload, bitmap, (n_events + 7) / 8);
    }
    buf_add_varint(&payload, zigzag(least));
    buf_add_char(&payload, width);
    for (size_t i = 0; i < n_cells; i++) {
        uint64_t rest = (uint64_t)cells[i].number - (uint64_t)least;
        char bytes[8];
        for (int b = 0; b < 8; b++) {
            bytes[b] = (char)(rest >> (8 * b));
        }
        buf_add(&payload, bytes, (size_t)width);
    }
    return pack_and_free(codec, &payload, out, err);
}

static enum status malformed(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a column that is not well formed");
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

static bool decode_entries(struct span payload, size_t *at, bool several, struct column *column)
{
    int64_t before = 0;
    uint32_t used = 0;
    for (uint32_t i = 0; i < column->n_entries; i++) {
        uint64_t count = 1;
        column->entry_start[i] = used;
        if ((several && !varint_read(payload, at, &count)) || count == 0 || count > payload.size ||
            !entries_reserve(column, used + count)) {
            return false;
        }
        for (uint64_t v = 0; v < count; v++) {
            uint64_t delta;
            if (!next_varint(payload, at, &delta)) {
                return false;
            }
            int64_t step = several ? unzigzag(delta) : (int64_t)delta;
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

/* An index of one byte an event, 16 at a time so that they go through wide registers. Returns the
 * highest entry. */
static unsigned read_narrow(const unsigned char *restrict bytes, size_t n_events,
                            uint16_t *restrict index)
{
    enum { STEP = 16 };
    uint16_t most[STEP] = {0};
    size_t slot = 0;
    for (; slot + STEP <= n_events; slot += STEP) {
        for (size_t i = 0; i < STEP; i++) {
            uint16_t entry = bytes[slot + i];
            index[slot + i] = entry;
            most[i] = entry > most[i] ? entry : most[i];
        }
    }
    for (; slot < n_events; slot++) {
        index[slot] = bytes[slot];
        most[0] = index[slot] > most[0] ? index[slot] : most[0];
    }
    for (size_t i = 1; i < STEP; i++) {
        most[0] = most[i] > most[0] ? most[i] : most[0];
    }
    return most[0];
}

static unsigned read_wide(const unsigned char *restrict bytes, size_t n_events,
                          uint16_t *restrict index)
{
    uint16_t most = 0;
    for (size_t slot = 0; slot < n_events; slot++) {
        index[slot] = (uint16_t)(bytes[2 * slot] | bytes[2 * slot + 1] << 8);
        most = index[slot] > most ? index[slot] : most;
    }
    return most;
}

static enum status decode_column(struct span payload, size_t n_events, unsigned flags,
                                 struct column *column, struct err *err)
{
    size_t at = 2;
    uint64_t n_entries;
    if (!varint_read(payload, &at, &n_entries) || n_entries == 0 || n_entries > n_events) {
        return malformed(err);
    }
    column->n_entries = (uint32_t)n_entries;
    if (!decode_entries(payload, &at, flags & FLAG_SEVERAL, column)) {
        return malformed(err);
    }
    if (flags & FLAG_ALL) {
        for (size_t slot = 0; slot < n_events; slot++) {
            column->index[slot] = 1;
        }
        return n_entries == 1 ? OK : malformed(err);
    }
    size_t width = n_entries > 255 ? 2 : 1;
    if (payload.size - at != n_events * width) {
        return malformed(err);
    }
    const unsigned char *index = (const unsigned char *)payload.data + at;
    unsigned most = width == 1 ? read_narrow(index, n_events, column->index)
                               : read_wide(index, n_events, column->index);
    return most <= n_entries ? OK : malformed(err);
}

static enum status decode_numbers(struct span payload, size_t n_events, unsigned flags,
                                  struct column *column, struct err *err)
{
    size_t at = 2;
    memset(&column->present, 0, sizeof column->present);
    size_t bitmap_bytes = flags & FLAG_ALL ? 0 : (n_events + 7) / 8;
    if (payload.size - at < bitmap_bytes) {
        return malformed(err);
    }
    size_t present = 0;
    for (size_t slot = 0; slot < n_events; slot++) {
        bool has = flags & FLAG_ALL || ((unsigned char)payload.data[at + slot / 8] >> slot % 8 & 1);
        if (has) {
            bitmap_set(&column->present, slot);
            present++;
        }
    }
    at += bitmap_bytes;
    uint64_t least;
    if (!varint_read(payload, &at, &least) || at >= payload.size) {
        return malformed(err);
    }
    size_t width = (unsigned char)payload.data[at++];
    if (width > 8 || payload.size - at != present * width) {
        return malformed(err);
    }
    for (size_t slot = 0; slot < n_events; slot++) {
        uint64_t rest = 0;
        if (bitmap_get(&column->present, slot)) {
            for (size_t b = 0; b < width; b++) {
                rest |= (uint64_t)(unsigned char)payload.data[at++] << (8 * b);
            }
        }
        column->numbers[slot] = (int64_t)((uint64_t)unzigzag(least) + rest);
    }
    return OK;
}

enum status column_decode(struct codec *codec, struct span blob, size_t n_events,
                          struct column *out_column, struct err *err)
{
    CHECK(n_events <= BLOCK_EVENTS_MAX);
    struct buf unpacked = BUF_INIT;
    struct span payload = span_from(blob, 1);
    enum status status = OK;
    if (blob.size == 0 || blob.data[0] != 0) {
        status = vector_unpack(codec, blob, COLUMN_PAYLOAD_BYTES_MAX, &unpacked, err);
        payload = buf_span(&unpacked);
    }
    out_column->store = FIELD_ABSENT;
    if (status == OK && payload.size < 3) {
        status = malformed(err);
    }
    if (status == OK && payload.data[0] == KIND_COLUMN) {
        status = decode_column(payload, n_events, (unsigned char)payload.data[1], out_column, err);
        out_column->store = FIELD_COLUMN;
    } else if (status == OK && payload.data[0] == KIND_NUMBERS) {
        status = decode_numbers(payload, n_events, (unsigned char)payload.data[1], out_column, err);
        out_column->store = FIELD_NUMBER;
    } else if (status == OK) {
        status = malformed(err);
    }
    buf_fini(&unpacked);
    return status;
}

void column_fini(struct column *column)
{
    free(column->entry_values);
    column->entry_values = NULL;
    column->entry_values_capacity = 0;
}
