/* Bytes into columns: see column.h for the form. The index is first 1 where an event has the field
 * and 0 where not, and then filled with entries. */
#include "schema/column.h"

struct reading {
    struct span payload;
    size_t at;
    size_t n_events;
    unsigned flags;
    column_lookup *lookup;
    void *context;
    struct column *column;
    size_t n_present;
};

static enum status malformed(struct err *err)
{
    return err_set(err, ERR_CORRUPT, "a column that is not well formed");
}

/* The next n bytes; NULL when there are fewer. */
static const unsigned char *take(struct reading *reading, size_t n)
{
    if (reading->payload.size - reading->at < n) {
        return NULL;
    }
    const char *bytes = reading->payload.data + reading->at;
    reading->at += n;
    return (const unsigned char *)bytes;
}

static bool take_number(struct reading *reading, uint64_t most, uint64_t *out_number)
{
    return varint_read(reading->payload, &reading->at, out_number) && *out_number <= most;
}

static enum status take_partner(struct reading *reading, struct column_partner *out_partner,
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

static enum status presence_by(struct reading *reading, struct err *err)
{
    struct column_partner partner;
    enum status status = take_partner(reading, &partner, err);
    if (status != OK) {
        return status;
    }
    const unsigned char *says = take(reading, (size_t)partner.n_entries + 1);
    size_t some = 0;
    for (size_t slot = 0; says && slot < reading->n_events; slot++) {
        some += says[partner.index[slot]] == 2;
    }
    const unsigned char *bits = says ? take(reading, (some + 7) / 8) : NULL;
    if (!bits) {
        return malformed(err);
    }
    size_t n = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        unsigned is = says[partner.index[slot]];
        if (some > 0 && is == 2) {
            is = bits[n / 8] >> n % 8 & 1;
            n++;
        }
        reading->column->index[slot] = is == 1;
        reading->n_present += is == 1;
    }
    return OK;
}

static enum status read_presence(struct reading *reading, struct err *err)
{
    uint16_t *index = reading->column->index;
    if (reading->flags & COLUMN_PRESENCE) {
        return presence_by(reading, err);
    }
    if (reading->flags & COLUMN_ALL) {
        for (size_t slot = 0; slot < reading->n_events; slot++) {
            index[slot] = 1;
        }
        reading->n_present = reading->n_events;
        return OK;
    }
    const unsigned char *bits = take(reading, (reading->n_events + 7) / 8);
    if (!bits) {
        return malformed(err);
    }
    for (size_t first = 0; first < reading->n_events; first += 8) {
        unsigned byte = bits[first / 8];
        size_t n = reading->n_events - first < 8 ? reading->n_events - first : 8;
        for (size_t i = 0; i < n; i++) {
            index[first + i] = byte >> i & 1;
        }
        reading->n_present += (size_t)__builtin_popcount(byte & ((1u << n) - 1));
    }
    return OK;
}

static void set_present(struct reading *reading)
{
    struct column *column = reading->column;
    memset(&column->present, 0, sizeof column->present);
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        if (column->index[slot]) {
            bitmap_set(&column->present, slot);
        }
    }
}

static enum status read_raw(struct reading *reading, struct err *err)
{
    struct column *column = reading->column;
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
    column->store = FIELD_NUMBER;
    column->n_entries = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        uint64_t rest = 0;
        for (size_t b = 0; column->index[slot] && b < width; b++) {
            rest |= (uint64_t)*bytes++ << (8 * b);
        }
        column->numbers[slot] = (int64_t)((uint64_t)unzigzag(least) + rest);
    }
    return OK;
}

/* n entries of one or two planes of bytes, widened; false when there are fewer. */
static bool take_vector(struct reading *reading, size_t n, uint16_t *restrict out)
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
static void put_rest(const struct reading *reading, const uint16_t *restrict rest)
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

static enum status read_told(struct reading *reading, struct err *err)
{
    uint16_t *index = reading->column->index;
    uint16_t meaning[BLOCK_EVENTS_MAX + 1];
    uint16_t rest[BLOCK_EVENTS_MAX + 1];
    struct column_partner partner;
    enum status status = take_partner(reading, &partner, err);
    if (status != OK) {
        return status;
    }
    if (!take_vector(reading, (size_t)partner.n_entries + 1, meaning)) {
        return malformed(err);
    }
    size_t n_rest = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        n_rest += (index[slot] != 0) & (meaning[partner.index[slot]] == 0);
    }
    if (!take_vector(reading, n_rest, rest)) {
        return malformed(err);
    }
    rest[n_rest] = 0; /* looked at, and not taken */
    size_t n = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        uint16_t has = index[slot];
        uint16_t told = meaning[partner.index[slot]];
        uint16_t one_by_one = told == 0;
        index[slot] = (uint16_t)(has * (one_by_one ? rest[n] + 1 : told));
        n += has & one_by_one;
    }
    return OK;
}

static enum status read_index(struct reading *reading, struct err *err)
{
    struct column *column = reading->column;
    if (reading->flags & COLUMN_VALUES) {
        enum status status = read_told(reading, err);
        if (status != OK) {
            return status;
        }
    } else {
        uint16_t rest[BLOCK_EVENTS_MAX + 1];
        if (!take_vector(reading, reading->n_present, rest)) {
            return malformed(err);
        }
        rest[reading->n_present] = 0; /* looked at, and not taken */
        put_rest(reading, rest);
    }
    uint16_t most = 0;
    for (size_t slot = 0; slot < reading->n_events; slot++) {
        most = column->index[slot] > most ? column->index[slot] : most;
    }
    return most <= column->n_entries ? OK : malformed(err);
}

static bool read_numbers(struct reading *reading, int64_t *numbers)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < reading->column->n_entries; i++) {
        uint64_t delta;
        if (!take_number(reading, UINT64_MAX, &delta)) {
            return false;
        }
        before += (uint64_t)unzigzag(delta);
        numbers[i] = (int64_t)before;
    }
    return true;
}

static enum status read_ports(struct reading *reading, struct err *err)
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

static enum status read_entries(struct reading *reading, struct err *err)
{
    struct column *column = reading->column;
    int64_t numbers[BLOCK_EVENTS_MAX];
    uint64_t n_entries;
    if (!take_number(reading, reading->n_events, &n_entries) || n_entries == 0) {
        return malformed(err);
    }
    column->n_entries = (uint32_t)n_entries;
    bool is_number = reading->flags & COLUMN_NUMBERS;
    bool fine = is_number ? read_numbers(reading, numbers)
                          : column_read_entries(reading->payload, &reading->at,
                                                reading->flags & COLUMN_SEVERAL, column);
    enum status status = fine ? OK : malformed(err);
    if (status == OK && n_entries > 1) {
        status = read_index(reading, err);
    }
    if (status == OK && reading->flags & COLUMN_PORTS) {
        status = read_ports(reading, err);
    }
    if (status == OK && reading->at != reading->payload.size) {
        status = malformed(err);
    }
    if (status != OK) {
        return status;
    }
    column->store = is_number ? FIELD_NUMBER : FIELD_COLUMN;
    if (is_number) {
        set_present(reading);
        for (size_t slot = 0; slot < reading->n_events; slot++) {
            column->numbers[slot] = column->index[slot] ? numbers[column->index[slot] - 1] : 0;
        }
    }
    return OK;
}

enum status column_read(struct span payload, size_t n_events, column_lookup *lookup, void *context,
                        struct column *out_column, struct err *err)
{
    struct reading reading = {
        .payload = payload,
        .at = 2,
        .n_events = n_events,
        .flags = (unsigned char)payload.data[1],
        .lookup = lookup,
        .context = context,
        .column = out_column,
    };
    enum status status = read_presence(&reading, err);
    if (status != OK) {
        return status;
    }
    return reading.flags & COLUMN_RAW ? read_raw(&reading, err) : read_entries(&reading, err);
}
