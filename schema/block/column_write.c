/* Columns into bytes: see column.h for the form. */
#include "schema/block/column.h"

static void add_index_vector(const uint16_t *entries, size_t n, bool wide, struct buf *out)
{
    if (!buf_reserve(out, n * 2)) {
        return;
    }
    unsigned char *to = (unsigned char *)out->data + out->size;
    for (size_t i = 0; i < n; i++) {
        to[i] = (unsigned char)(entries[i] & 0xff);
    }
    for (size_t i = 0; wide && i < n; i++) {
        to[n + i] = (unsigned char)(entries[i] >> 8);
    }
    out->size += wide ? n * 2 : n;
}

/* What a partner's entry says of the presence of the field. */
enum { PRESENCE_NONE, PRESENCE_ALL, PRESENCE_SOME, PRESENCE_UNSEEN };

static void write_presence_by(const struct column_source *source,
                              const struct column_predictor *predictor, struct buf *out)
{
    unsigned char says[BLOCK_EVENTS_MAX + 1];
    memset(says, PRESENCE_UNSEEN, predictor->n_entries + 1);
    for (size_t slot = 0; slot < source->n_events; slot++) {
        unsigned char is = source->index[slot] ? PRESENCE_ALL : PRESENCE_NONE;
        unsigned char *says_here = &says[predictor->index[slot]];
        *says_here = *says_here == PRESENCE_UNSEEN || *says_here == is ? is : PRESENCE_SOME;
    }
    buf_add_varint(out, predictor->field);
    for (uint32_t i = 0; i <= predictor->n_entries; i++) {
        buf_add_char(out, says[i] == PRESENCE_UNSEEN ? PRESENCE_NONE : (char)says[i]);
    }
    unsigned char bits[BLOCK_EVENTS_MAX / 8] = {0};
    size_t n = 0;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        if (says[predictor->index[slot]] == PRESENCE_SOME) {
            bits[n / 8] |= (unsigned char)((source->index[slot] != 0) << n % 8);
            n++;
        }
    }
    buf_add(out, bits, (n + 7) / 8);
}

static void write_presence(const struct column_source *source, struct buf *out)
{
    unsigned char bits[BLOCK_EVENTS_MAX / 8] = {0};
    for (size_t slot = 0; slot < source->n_events; slot++) {
        bits[slot / 8] |= (unsigned char)((source->index[slot] != 0) << slot % 8);
    }
    buf_add(out, bits, (source->n_events + 7) / 8);
}

static void write_raw(const struct column_source *source, struct buf *out)
{
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        int64_t number = source->numbers[slot];
        if (source->index[slot]) {
            least = number < least ? number : least;
            most = number > most ? number : most;
        }
    }
    uint64_t span = (uint64_t)most - (uint64_t)least;
    size_t width = span == 0            ? 0
                   : span <= 0xff       ? 1
                   : span <= 0xffff     ? 2
                   : span <= 0xffffffff ? 4
                                        : 8;
    buf_add_varint(out, buf_zigzag(least));
    buf_add_char(out, (char)width);
    for (size_t slot = 0; slot < source->n_events && width > 0; slot++) {
        uint64_t rest = (uint64_t)source->numbers[slot] - (uint64_t)least;
        char bytes[8];
        for (size_t b = 0; b < 8; b++) {
            bytes[b] = (char)(rest >> (8 * b));
        }
        buf_add(out, bytes, source->index[slot] ? width : 0);
    }
}

static void write_entries(const struct column_source *source, struct buf *out)
{
    int64_t before = 0;
    for (uint32_t i = 0; i < source->n_entries; i++) {
        if (source->numbers) {
            buf_add_varint(out,
                           buf_zigzag((int64_t)((uint64_t)source->numbers[i] - (uint64_t)before)));
            before = source->numbers[i];
        } else if (!source->entry_start) {
            buf_add_varint(out, source->entry_values[i] - (uint32_t)before);
            before = source->entry_values[i];
        } else {
            buf_add_varint(out, source->entry_start[i + 1] - source->entry_start[i]);
            for (uint32_t v = source->entry_start[i]; v < source->entry_start[i + 1]; v++) {
                buf_add_varint(out, buf_zigzag((int64_t)source->entry_values[v] - before));
                before = source->entry_values[v];
            }
        }
    }
}

/* The partner's entries that always stand for one of ours; 0 for the others. */
static void find_meaning(const struct column_source *source,
                         const struct column_predictor *predictor, uint16_t *meaning)
{
    bool mixed[BLOCK_EVENTS_MAX + 1] = {false};
    memset(meaning, 0, (predictor->n_entries + 1) * sizeof *meaning);
    for (size_t slot = 0; slot < source->n_events; slot++) {
        uint16_t entry = source->index[slot];
        uint16_t theirs = predictor->index[slot];
        if (entry == 0 || mixed[theirs]) {
            continue;
        }
        if (meaning[theirs] == 0) {
            meaning[theirs] = entry;
        } else if (meaning[theirs] != entry) {
            meaning[theirs] = 0;
            mixed[theirs] = true;
        }
    }
}

static void write_index(const struct column_source *source,
                        const struct column_predictor *predictor, struct buf *out)
{
    bool wide = source->n_entries > 255;
    uint16_t meaning[BLOCK_EVENTS_MAX + 1];
    if (predictor) {
        find_meaning(source, predictor, meaning);
        buf_add_varint(out, predictor->field);
        add_index_vector(meaning, predictor->n_entries + 1, wide, out);
    }
    uint16_t rest[BLOCK_EVENTS_MAX];
    size_t n = 0;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        if (source->index[slot] && (!predictor || meaning[predictor->index[slot]] == 0)) {
            rest[n++] = (uint16_t)(source->index[slot] - 1);
        }
    }
    add_index_vector(rest, n, wide, out);
}

static void write_ports(const struct column_source *source, struct buf *out)
{
    uint16_t ports[BLOCK_EVENTS_MAX];
    size_t n = 0;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        if (source->index[slot]) {
            ports[n++] = source->ports[slot];
        }
    }
    add_index_vector(ports, n, true, out);
}

static unsigned flags_of(const struct column_source *source,
                         const struct column_predictor *presence,
                         const struct column_predictor *values)
{
    bool all = true;
    for (size_t slot = 0; slot < source->n_events; slot++) {
        all = all && source->index[slot] != 0;
    }
    return (all ? COLUMN_ALL : 0u) | (source->entry_start ? COLUMN_SEVERAL : 0u) |
           (source->numbers && source->n_entries > 0 ? COLUMN_NUMBERS : 0u) |
           (presence && !all ? COLUMN_PRESENCE : 0u) |
           (values && source->n_entries > 1 ? COLUMN_VALUES : 0u) |
           (source->ports ? COLUMN_PORTS : 0u) | (source->n_entries == 0 ? COLUMN_RAW : 0u);
}

enum status column_encode(struct codec *codec, const struct column_source *source,
                          const struct column_predictor *presence,
                          const struct column_predictor *values, struct buf *out, struct err *err)
{
    CHECK(source->n_events <= BLOCK_EVENTS_MAX && source->n_entries <= BLOCK_EVENTS_MAX);
    CHECK(source->n_entries > 0 || (source->numbers && !source->ports));
    unsigned flags = flags_of(source, presence, values);
    struct buf payload = BUF_INIT;
    buf_add_char(&payload, COLUMN_FORM);
    buf_add_char(&payload, (char)flags);
    if (flags & COLUMN_PRESENCE) {
        write_presence_by(source, presence, &payload);
    } else if (!(flags & COLUMN_ALL)) {
        write_presence(source, &payload);
    }
    if (flags & COLUMN_RAW) {
        write_raw(source, &payload);
    } else {
        buf_add_varint(&payload, source->n_entries);
        write_entries(source, &payload);
        if (source->n_entries > 1) {
            write_index(source, flags & COLUMN_VALUES ? values : NULL, &payload);
        }
        if (flags & COLUMN_PORTS) {
            write_ports(source, &payload);
        }
    }
    enum status status = buf_status(&payload, "column", err);
    status = THEN(status, column_vector_pack(codec, buf_span(&payload), out, err));
    buf_fini(&payload);
    return status;
}
