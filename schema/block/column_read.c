/* Bytes into columns: see column.h for the form. The index is first 1 where an event has the field
 * and 0 where not, and then filled with entries. */
#include "schema/block/column.h"

struct column_reader {
    struct span payload;
    size_t at;
    size_t n_events;
    unsigned flags;
    column_lookup *lookup;
    void *context;
    struct column_filter *filter;
    struct column *column;
    /* Presence, when found and before it is filled in. */
    struct column_predictor predictor;
    const unsigned char *says;
    const unsigned char *bits;
    size_t n_some;
    size_t n_present;
};

static enum status malformed(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a column that is not well formed");
}

/* The next n bytes; NULL when there are fewer. */
static const unsigned char *take(struct column_reader *reading, size_t n)
{
    if (reading->payload.size - reading->at < n) {
        return NULL;
    }
    const char *bytes = reading->payload.data + reading->at;
    reading->at += n;
    return (const unsigned char *)bytes;
}

static bool take_number(struct column_reader *reading, uint64_t most, uint64_t *out_number)
{
    return buf_read_varint(reading->payload, &reading->at, out_number) && *out_number <= most;
}

static enum status take_partner(struct column_reader *reading, struct column_predictor *out_partner,
                                struct err *err)
{
    uint64_t field;
    if (!take_number(reading, UINT32_MAX, &field)) {
        return malformed(err);
    }
    enum status status = reading->lookup
                             ? reading->lookup(reading->context, (uint32_t)field, out_partner, err)
                             : malformed(err);
    if (status == OK && out_partner->n_entries > BLOCK_EVENTS_MAX) {
        status = malformed(err);
    }
    return status;
}

/* How many events the partner leaves open. */
static size_t count_some(const struct column_reader *reading)
{
    const struct column_predictor *predictor = &reading->predictor;
    size_t some = 0;
    if (predictor->counts) {
        for (size_t entry = 0; entry <= predictor->n_entries; entry++) {
            some += reading->says[entry] == 2 ? predictor->counts[entry] : 0;
        }
        return some;
    }
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        some += reading->says[predictor->index[slot]] == 2;
    }
    return some;
}

/* Where presence is told, without filling it in: what follows may show that nobody needs it. */
static enum status find_presence(struct column_reader *reading, struct err *err)
{
    if (reading->flags & COLUMN_PRESENCE) {
        if (reading->flags & COLUMN_ALL) { /* one of them is not true */
            return malformed(err);
        }
        enum status status = take_partner(reading, &reading->predictor, err);
        if (status != OK) {
            return status;
        }
        reading->says = take(reading, (size_t)reading->predictor.n_entries + 1);
        if (!reading->says) {
            return malformed(err);
        }
        reading->n_some = count_some(reading);
        reading->bits = take(reading, (reading->n_some + 7) / 8);
    } else if (!(reading->flags & COLUMN_ALL)) {
        reading->bits = take(reading, (reading->n_events + 7) / 8);
    } else {
        return OK;
    }
    return reading->bits ? OK : malformed(err);
}

/* All of it is told by the partner, for each entry that an event has. */
static void presence_told(struct column_reader *reading)
{
    const struct column_predictor *predictor = &reading->predictor;
    const uint16_t *restrict by = predictor->index;
    const unsigned char *restrict says = reading->says;
    uint16_t *restrict index = reading->column->index;
    size_t n_present = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        index[slot] = says[by[slot]] == 1;
    }
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        n_present += index[slot];
    }
    reading->n_present = n_present;
}

/* Without branches: which event is which is hard to foresee. */
static void presence_by(struct column_reader *reading)
{
    const uint16_t *restrict predictor = reading->predictor.index;
    const unsigned char *restrict says = reading->says;
    uint16_t *restrict index = reading->column->index;
    if (reading->n_some == 0) {
        presence_told(reading);
        return;
    }
    unsigned char bits[BLOCK_EVENTS_MAX / 8 + 1] = {0}; /* one more is looked at, and not taken */
    memcpy(bits, reading->bits, (reading->n_some + 7) / 8);
    size_t n = 0;
    size_t n_present = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        unsigned is = says[predictor[slot]];
        unsigned some = is == 2;
        unsigned bit = (unsigned)bits[n / 8] >> n % 8 & 1;
        unsigned has = (unsigned)(is == 1) | (some & bit);
        index[slot] = (uint16_t)has;
        n += some;
        n_present += has;
    }
    reading->n_present = n_present;
}

/* Before another partner is taken: the one of presence may go then. */
static void fill_presence(struct column_reader *reading)
{
    uint16_t *index = reading->column->index;
    if (reading->flags & COLUMN_PRESENCE) {
        presence_by(reading);
        return;
    }
    if (reading->flags & COLUMN_ALL) {
        for (size_t slot = 0; slot < reading->n_events; slot++) {
            index[slot] = 1;
        }
        reading->n_present = reading->n_events;
        return;
    }
    for (size_t first = 0; first < reading->n_events; first += 8) {
        unsigned byte = reading->bits[first / 8];
        size_t n = reading->n_events - first < 8 ? reading->n_events - first : 8;
        for (size_t i = 0; i < n; i++) {
            index[first + i] = byte >> i & 1;
        }
        reading->n_present += (size_t)__builtin_popcount(byte & ((1u << n) - 1));
    }
}

static void set_present(struct column_reader *reading)
{
    struct column *column = reading->column;
    memset(&column->present, 0, sizeof column->present);
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        if (column->index[slot]) {
            bitmap_set(&column->present, slot);
        }
    }
}

static enum status read_raw(struct column_reader *reading, struct err *err)
{
    struct column *column = reading->column;
    fill_presence(reading);
    uint64_t least;
    const unsigned char *width_byte = NULL;
    if (take_number(reading, UINT64_MAX, &least)) {
        width_byte = take(reading, 1);
    }
    size_t width = width_byte ? *width_byte : 9;
    const unsigned char *bytes = width <= 8 ? take(reading, reading->n_present * width) : NULL;
    if (!bytes || reading->at != reading->payload.size) {
        return malformed(err);
    }
    set_present(reading);
    column->store = COLUMN_STORE_NUMBER;
    column->n_entries = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        uint64_t rest = 0;
        for (size_t b = 0; column->index[slot] && b < width; b++) {
            rest |= (uint64_t)*bytes++ << (8 * b);
        }
        column->numbers[slot] = (int64_t)((uint64_t)buf_unzigzag(least) + rest);
    }
    return OK;
}

/* n entries of one or two planes of bytes, widened; false when there are fewer. */
static bool take_vector(struct column_reader *reading, size_t n, uint16_t *restrict out)
{
    bool wide = reading->column->n_entries > 255;
    const unsigned char *restrict bytes = take(reading, wide ? n * 2 : n);
    for (size_t i = 0; bytes && i < n; i++) {
        out[i] = bytes[i];
    }
    for (size_t i = 0; bytes && wide && i < n; i++) {
        out[i] = (uint16_t)(out[i] | bytes[n + i] << 8);
    }
    return bytes != NULL;
}

/* Entries of the events for which the partner says nothing, one by one. */
static void put_rest(const struct column_reader *reading, const uint16_t *restrict rest)
{
    uint16_t *restrict index = reading->column->index;
    if (reading->flags & COLUMN_ALL) {
        for (size_t slot = 0; slot < reading->n_events; slot++) {
            index[slot] = (uint16_t)(rest[slot] + 1);
        }
        return;
    }
    size_t n = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        uint16_t has = index[slot];
        index[slot] = (uint16_t)(has * (rest[n] + 1));
        n += has;
    }
}

/* How many entries are left for the events of which the partner says nothing: all bytes that are
 * not ports. More than there are events when that cannot be. */
static size_t rest_size(const struct column_reader *reading)
{
    size_t bytes = reading->payload.size - reading->at;
    size_t ports = reading->flags & COLUMN_PORTS ? reading->n_present * 2 : 0;
    size_t width = reading->column->n_entries > 255 ? 2 : 1;
    return bytes < ports ? SIZE_MAX : (bytes - ports) / width;
}

static bool none_above(const uint16_t *entries, size_t n, uint32_t most)
{
    unsigned above = 0;
    for (size_t i = 0; i < n; i++) {
        above |= entries[i] > most;
    }
    return above == 0;
}

/* The partner's entry says which entry each event has; false when it does not for one. */
static bool told_alone(const struct column_reader *reading, const uint16_t *restrict by,
                       const uint16_t *restrict meaning)
{
    uint16_t *restrict index = reading->column->index;
    unsigned untold = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        unsigned told = meaning[by[slot]];
        unsigned has = index[slot];
        untold |= has & (unsigned)(told == 0);
        index[slot] = (uint16_t)(told & (0u - has));
    }
    return untold == 0;
}

static enum status read_told(struct column_reader *reading, struct err *err)
{
    uint16_t *restrict index = reading->column->index;
    uint32_t n_entries = reading->column->n_entries;
    uint16_t meaning[BLOCK_EVENTS_MAX + 1];
    uint16_t rest[BLOCK_EVENTS_MAX + 1] = {0}; /* one more is looked at, and not taken */
    struct column_predictor predictor;
    enum status status = take_partner(reading, &predictor, err);
    if (status != OK) {
        return status;
    }
    size_t n_meaning = (size_t)predictor.n_entries + 1;
    if (!take_vector(reading, n_meaning, meaning) || !none_above(meaning, n_meaning, n_entries)) {
        return malformed(err);
    }
    size_t n_rest = rest_size(reading);
    if (n_rest > reading->n_events || !take_vector(reading, n_rest, rest) ||
        !none_above(rest, n_rest, n_entries - 1)) {
        return malformed(err);
    }
    const uint16_t *restrict by = predictor.index;
    if (n_rest == 0) {
        return told_alone(reading, by, meaning) ? OK : malformed(err);
    }
    size_t n = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        unsigned told = meaning[by[slot]];
        unsigned has = index[slot];
        unsigned one_by_one = told == 0;
        /* Masks, not a choice: which of them it is, is hard to foresee. */
        unsigned entry = told | ((rest[n] + 1u) & (0u - one_by_one));
        index[slot] = (uint16_t)(entry & (0u - has));
        n += has & one_by_one;
    }
    return n == n_rest ? OK : malformed(err);
}

static enum status read_index(struct column_reader *reading, struct err *err)
{
    if (reading->flags & COLUMN_VALUES) {
        return read_told(reading, err);
    }
    uint16_t rest[BLOCK_EVENTS_MAX + 1];
    if (!take_vector(reading, reading->n_present, rest) ||
        !none_above(rest, reading->n_present, reading->column->n_entries - 1)) {
        return malformed(err);
    }
    rest[reading->n_present] = 0; /* looked at, and not taken */
    put_rest(reading, rest);
    return OK;
}

static bool read_numbers(struct column_reader *reading, int64_t *numbers)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < reading->column->n_entries; i++) {
        uint64_t delta;
        if (!take_number(reading, UINT64_MAX, &delta)) {
            return false;
        }
        before += (uint64_t)buf_unzigzag(delta);
        numbers[i] = (int64_t)before;
    }
    return true;
}

static enum status read_ports(struct column_reader *reading, struct err *err)
{
    struct column *column = reading->column;
    size_t n = reading->n_present;
    const unsigned char *bytes = take(reading, n * 2);
    if (!bytes) {
        return malformed(err);
    }
    column->has_ports = true;
    size_t i = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        column->ports[slot] = 0;
        if (column->index[slot]) {
            column->ports[slot] = (uint16_t)(bytes[i] | (unsigned)bytes[n + i] << 8);
            i++;
        }
    }
    return OK;
}

/* Which event has which entry, and the ports: all that follows the entries. */
static enum status read_events(struct column_reader *reading, struct err *err)
{
    fill_presence(reading);
    enum status status = reading->column->n_entries > 1 ? read_index(reading, err) : OK;
    if (status == OK && reading->flags & COLUMN_PORTS) {
        status = read_ports(reading, err);
    }
    return status == OK && reading->at != reading->payload.size ? malformed(err) : status;
}

static enum column_want ask_filter(const struct column_reader *reading)
{
    struct column_filter *filter = reading->filter;
    if (filter) {
        filter->answer = filter->want(filter->context, reading->column);
    }
    return filter ? filter->answer : COLUMN_WANT_WHOLE;
}

static enum status read_number_entries(struct column_reader *reading, struct err *err)
{
    struct column *column = reading->column;
    int64_t numbers[BLOCK_EVENTS_MAX];
    enum status status =
        read_numbers(reading, numbers) ? read_events(reading, err) : malformed(err);
    if (status != OK) {
        return status;
    }
    column->store = COLUMN_STORE_NUMBER;
    set_present(reading);
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        column->numbers[slot] = column->index[slot] ? numbers[column->index[slot] - 1] : 0;
    }
    return OK;
}

static enum status read_entries(struct column_reader *reading, struct err *err)
{
    struct column *column = reading->column;
    uint64_t n_entries;
    if (!take_number(reading, reading->n_events, &n_entries) || n_entries == 0) {
        return malformed(err);
    }
    column->n_entries = (uint32_t)n_entries;
    if (reading->flags & COLUMN_NUMBERS) {
        return read_number_entries(reading, err);
    }
    if (!column_read_entries(reading->payload, &reading->at, reading->flags & COLUMN_SEVERAL,
                             column)) {
        return malformed(err);
    }
    column->has_ports = reading->flags & COLUMN_PORTS;
    enum column_want want = ask_filter(reading);
    if (want == COLUMN_WANT_NOTHING) {
        return OK; /* and it stays COLUMN_STORE_ABSENT */
    }
    enum status status = OK;
    if (want == COLUMN_WANT_PRESENCE) {
        fill_presence(reading);
    } else {
        status = read_events(reading, err);
    }
    if (status == OK) {
        column->store = COLUMN_STORE_COLUMN;
    }
    return status;
}

enum status column_decode(struct codec *codec, struct span blob, size_t n_events,
                          column_lookup *lookup, void *context, struct column_filter *filter,
                          struct column *out_column, struct err *err)
{
    CHECK(n_events <= BLOCK_EVENTS_MAX);
    struct buf *unpacked = &out_column->payload;
    struct span payload = span_from(blob, 1);
    enum status status = OK;
    if (blob.size == 0 || blob.data[0] != 0) {
        buf_clear(unpacked);
        status = column_vector_unpack(codec, blob, COLUMN_PAYLOAD_BYTES_MAX, unpacked, err);
        payload = buf_span(unpacked);
    }
    out_column->store = COLUMN_STORE_ABSENT;
    out_column->has_ports = false;
    if (filter) {
        filter->answer = COLUMN_WANT_WHOLE;
    }
    if (status == OK && (payload.size < 2 || payload.data[0] != COLUMN_FORM)) {
        status = malformed(err);
    }
    if (status != OK) {
        return status;
    }
    struct column_reader reading = {
        .payload = payload,
        .at = 2,
        .n_events = n_events,
        .flags = (unsigned char)payload.data[1],
        .lookup = lookup,
        .context = context,
        .filter = filter,
        .column = out_column,
    };
    status = find_presence(&reading, err);
    if (status != OK) {
        return status;
    }
    return reading.flags & COLUMN_RAW ? read_raw(&reading, err) : read_entries(&reading, err);
}
