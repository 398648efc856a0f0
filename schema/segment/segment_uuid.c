/* Values that are UUIDs: read once for a segment and found by comparing 16 bytes. One thread for
 * each segment. */
#include "schema/segment/segment_uuid.h"

#include "schema/segment/segment_internal.h"

static int nibble_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool segment_uuid_parse(struct span text, unsigned char out[SEGMENT_UUID_BYTES])
{
    if (text.size != SEGMENT_UUID_TEXT_BYTES) {
        return false;
    }
    unsigned char bytes[SEGMENT_UUID_BYTES] = {0};
    size_t n = 0;
    for (size_t i = 0; i < SEGMENT_UUID_TEXT_BYTES; i++) {
        int nibble = nibble_of(text.data[i]);
        if (is_dash_place(i) ? text.data[i] != '-' : nibble < 0) {
            return false;
        }
        if (!is_dash_place(i)) {
            bytes[n / 2] |= (unsigned char)(n % 2 ? nibble : nibble << 4);
            n++;
        }
    }
    memcpy(out, bytes, sizeof bytes);
    return true;
}

bool segment_value_is_uuid(struct span text)
{
    unsigned char bytes[SEGMENT_UUID_BYTES];
    return segment_uuid_parse(text, bytes);
}

static struct span write_text(const unsigned char *bytes, char out[SEGMENT_UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < SEGMENT_UUID_TEXT_BYTES; i++) {
        if (is_dash_place(i)) {
            out[i] = '-';
        } else {
            out[i] = digits[n % 2 ? bytes[n / 2] & 15 : bytes[n / 2] >> 4];
            n++;
        }
    }
    return span_of(out, SEGMENT_UUID_TEXT_BYTES);
}

void segment_uuids_fini(struct segment_uuids *values)
{
    buf_fini(&values->runs);
    arena_fini(&values->arena);
    *values = (struct segment_uuids){0};
}

static const struct segment_uuid_run *runs_of(const struct segment_uuids *values, size_t *out_count)
{
    *out_count = values->runs.size / sizeof(struct segment_uuid_run);
    return (const struct segment_uuid_run *)(const void *)values->runs.data;
}

static enum status add_run(struct segment *segment, sqlite3_stmt *stmt, uint32_t *next,
                           struct err *err)
{
    struct segment_uuids *values = &segment->uuids;
    int64_t first = sqlite3_column_int64(stmt, 0);
    int64_t field = sqlite3_column_int64(stmt, 1);
    struct span data = db_column_span(stmt, 2);
    if (first < *next || first >= UINT32_MAX || field < 0 || field > UINT32_MAX ||
        data.size % SEGMENT_UUID_BYTES != 0 ||
        data.size / SEGMENT_UUID_BYTES > UINT32_MAX - (uint64_t)first) {
        return err_set(err, ERR_CORRUPT, "%s: the dictionary is damaged", segment->path);
    }
    struct span copy = arena_copy(&values->arena, data);
    struct segment_uuid_run run = {(uint32_t)first, (uint32_t)(data.size / SEGMENT_UUID_BYTES),
                                   (uint32_t)field, (const unsigned char *)copy.data};
    buf_add(&values->runs, &run, sizeof run);
    *next = run.first + run.count;
    return copy.data ? buf_status(&values->runs, segment->path, err)
                     : err_nomem(err, segment->path);
}

static enum status load(struct segment *segment, struct err *err)
{
    if (segment->uuids.loaded) {
        return OK;
    }
    sqlite3_stmt *stmt = NULL;
    enum status status = segment_statement(segment, SEGMENT_UUIDS, &stmt, err);
    bool row = false;
    uint32_t next = 0;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        status = add_run(segment, stmt, &next, err);
    }
    (void)sqlite3_reset(stmt);
    if (status != OK) {
        segment_uuids_fini(&segment->uuids);
    }
    segment->uuids.loaded = status == OK;
    return status;
}

/* The first run that ends behind `value`; n_runs when there is none. */
static size_t run_from(const struct segment_uuid_run *runs, size_t n_runs, int64_t value)
{
    size_t low = 0;
    size_t high = n_runs;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((int64_t)runs[middle].first + runs[middle].count <= value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum status segment_uuid_text(struct segment *segment, uint32_t value, bool *out_found,
                              uint32_t *out_field, char out[SEGMENT_UUID_TEXT_BYTES],
                              struct err *err)
{
    enum status status = load(segment, err);
    if (status != OK) {
        return status;
    }
    size_t n_runs;
    const struct segment_uuid_run *runs = runs_of(&segment->uuids, &n_runs);
    size_t at = run_from(runs, n_runs, value);
    *out_found = at < n_runs && runs[at].first <= value;
    if (*out_found) {
        (void)write_text(runs[at].data + (size_t)(value - runs[at].first) * SEGMENT_UUID_BYTES,
                         out);
        *out_field = runs[at].field;
    }
    return OK;
}

enum status segment_uuid_each(struct segment *segment, int64_t from, int64_t to, long field,
                              segment_value_each *each, void *context, bool *more, struct err *err)
{
    enum status status = load(segment, err);
    if (status != OK) {
        return status;
    }
    size_t n_runs;
    const struct segment_uuid_run *runs = runs_of(&segment->uuids, &n_runs);
    for (size_t r = run_from(runs, n_runs, from); *more && r < n_runs && runs[r].first < to; r++) {
        for (uint32_t i = 0; *more && i < runs[r].count; i++) {
            int64_t value = (int64_t)runs[r].first + i;
            char text[SEGMENT_UUID_TEXT_BYTES];
            if (value >= from && value < to && (field < 0 || runs[r].field == (uint32_t)field)) {
                *more = each(context, (uint32_t)value, runs[r].field,
                             write_text(runs[r].data + (size_t)i * SEGMENT_UUID_BYTES, text));
            }
        }
    }
    return OK;
}

/* False: no UUID begins so. */
static bool maybe_prefix(struct span term)
{
    for (size_t i = 0; i < term.size; i++) {
        if (is_dash_place(i) ? term.data[i] != '-' : nibble_of(term.data[i]) < 0) {
            return false;
        }
    }
    return term.size <= SEGMENT_UUID_TEXT_BYTES;
}

enum status segment_uuid_matches(struct segment *segment, struct span term, bool is_prefix,
                                 segment_value_each *each, void *context, struct err *err)
{
    unsigned char wanted[SEGMENT_UUID_BYTES];
    bool exact = segment_uuid_parse(term, wanted);
    if (!exact && (!is_prefix || !maybe_prefix(term))) {
        return OK;
    }
    enum status status = load(segment, err);
    size_t n_runs = 0;
    const struct segment_uuid_run *runs = status == OK ? runs_of(&segment->uuids, &n_runs) : NULL;
    for (size_t r = 0; r < n_runs; r++) {
        for (uint32_t i = 0; i < runs[r].count; i++) {
            const unsigned char *bytes = runs[r].data + (size_t)i * SEGMENT_UUID_BYTES;
            char text[SEGMENT_UUID_TEXT_BYTES];
            if (exact && memcmp(bytes, wanted, SEGMENT_UUID_BYTES) != 0) {
                continue;
            }
            struct span whole = write_text(bytes, text);
            if ((exact || memcmp(text, term.data, term.size) == 0) &&
                !each(context, runs[r].first + i, runs[r].field, whole)) {
                return OK;
            }
        }
    }
    return status;
}
