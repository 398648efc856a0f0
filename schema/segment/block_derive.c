#include "schema/segment/block_derive.h"

#include "schema/base/clock.h"
#include "schema/event/event.h"

static enum status find_column(const struct block_columns *columns, uint32_t wanted,
                               const struct columnar_column **out_column,
                               const uint16_t **out_slots, struct err *err)
{
    struct columnar_reader *reader = columns->reader;
    size_t count = wanted == INTERN_NONE ? 0 : columnar_column_count(reader);
    *out_column = NULL;
    *out_slots = NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t at;
        (void)columnar_column_way(reader, i, &at);
        if (at == wanted) {
            enum status status = columnar_column(reader, i, out_column, err);
            return THEN(status, columnar_column_slots(reader, i, out_slots, err));
        }
    }
    return OK;
}

enum status block_derive_column(const struct block_columns *columns, struct span path,
                                const struct columnar_column **out_column,
                                const uint16_t **out_slots, struct err *err)
{
    return find_column(columns, intern_find(&columns->vocabulary->paths, path), out_column,
                       out_slots, err);
}

static int64_t time_of(struct columnar_value value)
{
    int64_t time_us;
    return value.is_string && clock_parse_rfc3339(value.text, &time_us) ? time_us
                                                                        : BLOCK_DERIVE_TIME_NONE;
}

/* Of times in their form the microsecond is a division away. */
static void times_of_form(const struct columnar_column *column, const uint16_t *slots,
                          int64_t *out_times_us)
{
    for (size_t i = 0; i < column->n_values; i++) {
        int64_t ns = (int64_t)column->numbers[i];
        int64_t us = ns / 1000 - (ns % 1000 < 0);
        out_times_us[slots ? slots[i] : i] = us;
    }
    for (size_t i = 0; i < column->n_odd; i++) {
        size_t at = (size_t)column->odd[i];
        out_times_us[slots ? slots[at] : at] = time_of(columnar_value_of(column->odd_texts[i]));
    }
}

/* Each value of the vocabulary is read once. */
static void times_of_ids(const struct vocabulary *vocabulary, const struct columnar_column *column,
                         const uint16_t *slots, int64_t *out_times_us)
{
    int64_t times_us[BLOCK_EVENTS_MAX];
    CHECK(column->n_ids <= BLOCK_EVENTS_MAX);
    for (size_t i = 0; i < column->n_ids; i++) {
        times_us[i] =
            time_of(columnar_value_of(vocabulary_value(vocabulary, (uint32_t)column->ids[i])));
    }
    for (size_t i = 0; i < column->n_values; i++) {
        out_times_us[slots ? slots[i] : i] = times_us[column->places ? column->places[i] : 0];
    }
}

enum status block_derive_times(const struct block_columns *columns, const char *path,
                               int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    const struct columnar_column *column = NULL;
    const uint16_t *slots = NULL;
    enum status status = block_derive_column(columns, span_str(path), &column, &slots, err);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        out_times_us[i] = BLOCK_DERIVE_TIME_NONE;
    }
    if (column && column->way == COLUMNAR_FORM && column->form.kind == VALUE_FORM_TIME) {
        times_of_form(column, slots, out_times_us);
        return OK;
    }
    if (column && column->n_ids > 0) {
        times_of_ids(columns->vocabulary, column, slots, out_times_us);
    } else if (column) {
        struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
        for (size_t i = 0; i < column->n_values; i++) {
            out_times_us[slots ? slots[i] : i] = time_of(columnar_walk_next(&walk));
        }
    }
    return OK;
}

enum status block_derive_identities(const struct block_columns *columns,
                                    uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    const struct columnar_column *column = NULL;
    const uint16_t *slots = NULL;
    enum status status = block_derive_column(columns, span_str("uid"), &column, &slots, err);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        out_hashes[i] = BLOCK_DERIVE_HASH_NONE;
    }
    if (column) {
        struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
        for (size_t i = 0; i < column->n_values; i++) {
            struct columnar_value value = columnar_walk_next(&walk);
            struct event event = {.uid = value.text};
            out_hashes[slots ? slots[i] : i] = value.is_string && value.text.size > 0
                                                   ? event_identity_hash(&event)
                                                   : BLOCK_DERIVE_HASH_NONE;
        }
    }
    return OK;
}

/* What each line that was kept whole has at the path. */
typedef bool take_noted(void *out, size_t slot, struct span text);

static enum status noted_in_lines(const struct block_columns *columns, const char *path,
                                  take_noted *take, void *out, struct err *err)
{
    const struct columnar_column *column = NULL;
    const uint16_t *slots = NULL;
    enum status status = find_column(columns, SEGMENT_PATH_LINE, &column, &slots, err);
    struct arena arena = ARENA_INIT;
    struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
    for (size_t i = 0; status == OK && column && i < column->n_values; i++) {
        struct event event;
        arena_reset(&arena);
        bool good = event_parse(columnar_walk_next(&walk).text, 0, &arena, &event);
        struct span text = good ? event_get(&event, path) : span_of(NULL, 0);
        if (!good || (text.size > 0 && !take(out, slots ? slots[i] : i, text))) {
            status = err_set(err, ERR_CORRUPT, "what is noted of an arrival cannot be read");
        }
    }
    arena_fini(&arena);
    return status;
}

static bool take_time(void *out, size_t slot, struct span text)
{
    int64_t *times_us = out;
    return clock_parse_rfc3339(text, &times_us[slot]);
}

enum status block_derive_noted_times(const struct block_columns *columns, const char *path,
                                     int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    enum status status = block_derive_times(columns, path, out_times_us, err);
    return THEN(status, noted_in_lines(columns, path, take_time, out_times_us, err));
}

static bool take_hash(void *out, size_t slot, struct span text)
{
    uint32_t *hashes = out;
    struct value_form_bits bits;
    bool good = value_form_read((struct value_form){VALUE_FORM_INTEGER, 0}, text, &bits);
    hashes[slot] = good ? (uint32_t)bits.number : BLOCK_DERIVE_HASH_NONE;
    return good;
}

enum status block_derive_noted_hashes(const struct block_columns *columns, const char *path,
                                      uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    const struct columnar_column *column = NULL;
    const uint16_t *slots = NULL;
    enum status status = block_derive_column(columns, span_str(path), &column, &slots, err);
    struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
    for (size_t i = 0; i < BLOCK_EVENTS_MAX; i++) {
        out_hashes[i] = BLOCK_DERIVE_HASH_NONE;
    }
    for (size_t i = 0; status == OK && column && i < column->n_values; i++) {
        if (!take_hash(out_hashes, slots ? slots[i] : i, columnar_walk_next(&walk).text)) {
            status = err_set(err, ERR_CORRUPT, "what is noted of an arrival cannot be read");
        }
    }
    return THEN(status, noted_in_lines(columns, path, take_hash, out_hashes, err));
}
