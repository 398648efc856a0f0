#include "schema/columnar/columnar_unpack.h"

#include "schema/columnar/checksum.h"

/* A column that is read: its bytes, and where the next part begins. */
struct unpacking {
    struct columnar_reader *reader;
    size_t i; /* of the column */
    struct columnar_column *column;
    struct span bytes;
    size_t at;
    size_t leader; /* of what follows: a section */
};

static enum status damaged(const struct unpacking *unpacking, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "column %u of a block is damaged",
                   (unsigned)unpacking->column->path);
}

static enum status unpack_numbers(struct unpacking *unpacking, size_t count, uint64_t **out,
                                  struct err *err)
{
    struct columnar_reader *reader = unpacking->reader;
    *out = arena_alloc(&reader->arena, (count + 1) * sizeof **out);
    return *out ? packer_read_numbers(reader->packer, unpacking->bytes, &unpacking->at, *out, count,
                                      err)
                : err_nomem(err, "columns");
}

/* A number that may be at most `max`. */
static enum status unpack_count(struct unpacking *unpacking, uint64_t max, size_t *out,
                                struct err *err)
{
    uint64_t number = 0;
    if (!buf_read_varint(unpacking->bytes, &unpacking->at, &number) || number > max) {
        return damaged(unpacking, err);
    }
    *out = (size_t)number;
    return OK;
}

static enum status unpack_byte(struct unpacking *unpacking, uint8_t max, uint8_t *out,
                               struct err *err)
{
    if (unpacking->at >= unpacking->bytes.size ||
        (uint8_t)unpacking->bytes.data[unpacking->at] > max) {
        return damaged(unpacking, err);
    }
    *out = (uint8_t)unpacking->bytes.data[unpacking->at++];
    return OK;
}

/* For each line what the column orders others by: the place of its value and one more; 0: it has
 * none. */
static enum status line_keys(struct columnar_reader *reader, size_t i, const uint16_t **out_keys,
                             size_t *out_n_keys, struct err *err)
{
    struct columnar_section *section = &reader->sections.items[i];
    const struct columnar_column *column = NULL;
    const uint16_t *slots = NULL;
    enum status status = columnar_column(reader, i, &column, err);
    status = THEN(status, columnar_column_slots(reader, i, &slots, err));
    if (status == OK && !section->keys) {
        uint16_t *keys = arena_alloc(&reader->arena, reader->n_lines * sizeof *keys);
        if (!keys) {
            return err_nomem(err, "columns");
        }
        memset(keys, 0, reader->n_lines * sizeof *keys);
        for (size_t k = 0; k < column->n_values; k++) {
            keys[slots ? slots[k] : k] = (uint16_t)(column->places[k] + 1);
        }
        section->keys = keys;
    }
    if (status == OK) {
        *out_keys = section->keys;
        *out_n_keys = column->n_ids + 1;
    }
    return status;
}

/* For each value its place among the values as they are packed; NULL: the same. */
static enum status unpack_order(struct unpacking *unpacking, const uint16_t **out_order,
                                struct err *err)
{
    struct columnar_reader *reader = unpacking->reader;
    size_t by = 0;
    const uint16_t *keys = reader->lines.items;
    size_t n_keys = reader->shapes.count;
    size_t by_max = COLUMNAR_ORDER_COLUMN + reader->sections.count - 1;
    enum status status = unpack_count(unpacking, by_max, &by, err);
    *out_order = NULL;
    if (status != OK || by == COLUMNAR_ORDER_LINES) {
        return status;
    }
    if (by >= COLUMNAR_ORDER_COLUMN) {
        size_t other = by - COLUMNAR_ORDER_COLUMN;
        if (reader->sections.items[other].way != COLUMNAR_IDS ||
            reader->depth == COLUMNAR_ORDER_DEPTH_MAX) {
            return damaged(unpacking, err);
        }
        reader->depth++;
        status = line_keys(reader, other, &keys, &n_keys, err);
        reader->depth--;
    }
    return THEN(status, columnar_reader_order(reader, unpacking->i, keys, n_keys, out_order, err));
}

/* As unpack_numbers, from that order into the lines'. */
static enum status unpack_ordered(struct unpacking *unpacking, const uint16_t *order,
                                  uint64_t **out, struct err *err)
{
    size_t count = unpacking->column->n_values;
    uint64_t *packed = NULL;
    enum status status = unpack_numbers(unpacking, count, order ? &packed : out, err);
    if (status != OK || !order) {
        return status;
    }
    *out = arena_alloc(&unpacking->reader->arena, (count + 1) * sizeof **out);
    if (!*out) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = packed[order[i]];
    }
    return OK;
}

/* Spellings one behind the other; start[count] is the end of the last. */
static enum status unpack_texts(struct unpacking *unpacking, size_t count, bool *out_is_quoted,
                                const char **out_text, uint64_t **out_start, struct err *err)
{
    struct columnar_reader *reader = unpacking->reader;
    uint8_t is_quoted = 0;
    enum status status = unpack_byte(unpacking, 1, &is_quoted, err);
    status = THEN(status, unpack_numbers(unpacking, count, out_start, err));
    buf_clear(&reader->scratch);
    status = THEN(status, packer_read_bytes(reader->packer, unpacking->bytes, &unpacking->at,
                                            COLUMNAR_TEXT_BYTES_MAX, &reader->scratch, err));
    if (status != OK) {
        return status;
    }
    uint64_t *start = *out_start;
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = start[i];
        start[i] = end;
        if (size > reader->scratch.size - end) {
            return damaged(unpacking, err);
        }
        end += size;
    }
    start[count] = end;
    struct span text = arena_keep(&reader->arena, buf_span(&reader->scratch));
    if (!text.data) {
        return err_nomem(err, "columns");
    }
    *out_is_quoted = is_quoted;
    *out_text = text.data;
    return end == text.size ? OK : damaged(unpacking, err);
}

/* The texts that begin at those places, one behind the other in the lines' order. */
static enum status order_texts(struct columnar_reader *reader, const uint16_t *order, size_t count,
                               const char **text, uint64_t **start, struct err *err)
{
    const uint64_t *from = *start;
    char *to = arena_alloc(&reader->arena, from[count] + 1);
    uint64_t *ends = arena_alloc(&reader->arena, (count + 1) * sizeof *ends);
    if (!to || !ends) {
        return err_nomem(err, "columns");
    }
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = from[order[i] + 1] - from[order[i]];
        ends[i] = end;
        memcpy(to + end, *text + from[order[i]], size);
        end += size;
    }
    ends[count] = end;
    *text = to;
    *start = ends;
    return OK;
}

/* The places of odd values: ascending. */
static enum status unpack_odd(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    uint64_t *odd = NULL;
    enum status status = unpack_count(unpacking, column->n_values, &column->n_odd, err);
    status = THEN(status, unpack_numbers(unpacking, column->n_odd, &odd, err));
    for (size_t i = 0; status == OK && i < column->n_odd; i++) {
        if (odd[i] >= column->n_values || (i > 0 && odd[i] <= odd[i - 1])) {
            return damaged(unpacking, err);
        }
    }
    column->odd = odd;
    return status;
}

static enum status unpack_odd_texts(struct unpacking *unpacking, struct err *err)
{
    struct columnar_reader *reader = unpacking->reader;
    struct columnar_column *column = unpacking->column;
    bool is_quoted = false;
    const char *text = NULL;
    uint64_t *start = NULL;
    enum status status = unpack_texts(unpacking, column->n_odd, &is_quoted, &text, &start, err);
    struct span *texts = arena_alloc(&reader->arena, (column->n_odd + 1) * sizeof *texts);
    struct buf spelling = BUF_INIT;
    for (size_t i = 0; status == OK && texts && i < column->n_odd; i++) {
        buf_clear(&spelling);
        buf_add_str(&spelling, is_quoted ? "\"" : "");
        buf_add(&spelling, text + start[i], (size_t)(start[i + 1] - start[i]));
        buf_add_str(&spelling, is_quoted ? "\"" : "");
        texts[i] = arena_keep(&reader->arena, buf_span(&spelling));
        status = texts[i].data ? buf_status(&spelling, "columns", err) : err_nomem(err, "columns");
    }
    buf_fini(&spelling);
    column->odd_texts = texts;
    return status == OK && !texts ? err_nomem(err, "columns") : status;
}

static enum status unpack_uuids(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    size_t count = column->n_values;
    size_t size = count * VALUE_FORM_UUID_BYTES;
    uint64_t *numbers = arena_alloc(&unpacking->reader->arena, (count + 1) * sizeof *numbers);
    uint64_t *seconds = NULL;
    if (!numbers) {
        return err_nomem(err, "columns");
    }
    if (size > unpacking->bytes.size - unpacking->at) {
        return damaged(unpacking, err);
    }
    const uint8_t *packed = (const uint8_t *)unpacking->bytes.data + unpacking->at;
    unpacking->at += size;
    enum status status = unpack_numbers(unpacking, count, &seconds, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        struct value_form_bits bits =
            value_form_uuid_unpack(packed + i * VALUE_FORM_UUID_BYTES, (uint8_t)seconds[i]);
        numbers[i] = bits.number;
        seconds[i] = bits.second;
    }
    column->numbers = numbers;
    column->seconds = seconds;
    return status;
}

static enum status unpack_times(struct unpacking *unpacking, const uint16_t *order, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    uint8_t power = 0;
    uint64_t *numbers = NULL;
    enum status status = unpack_byte(unpacking, VALUE_FORM_FRACTION_MAX, &power, err);
    status = THEN(status, unpack_ordered(unpacking, order, &numbers, err));
    uint64_t unit = 1;
    for (uint8_t i = 0; i < power; i++) {
        unit *= 10;
    }
    for (size_t i = 0; status == OK && i < column->n_values; i++) {
        numbers[i] *= unit;
    }
    column->numbers = numbers;
    return status;
}

static enum status unpack_form(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    uint8_t kind = 0;
    const uint16_t *order = NULL;
    enum status status = unpack_order(unpacking, &order, err);
    status = THEN(status, unpack_byte(unpacking, VALUE_FORM_ENDPOINT, &kind, err));
    status = THEN(status,
                  unpack_byte(unpacking, VALUE_FORM_FRACTION_TRIMMED, &column->form.fraction, err));
    status = THEN(status, unpack_odd(unpacking, err));
    column->form.kind = (enum value_form_kind)kind;
    if (status == OK && kind == VALUE_FORM_NONE) {
        return damaged(unpacking, err);
    }
    if (column->n_odd > 0) {
        status = THEN(status, unpack_odd_texts(unpacking, err));
    }
    if (kind == VALUE_FORM_UUID) {
        return THEN(status, unpack_uuids(unpacking, err));
    }
    if (kind == VALUE_FORM_TIME) {
        return THEN(status, unpack_times(unpacking, order, err));
    }
    uint64_t *numbers = NULL;
    uint64_t *seconds = NULL;
    status = THEN(status, unpack_ordered(unpacking, order, &numbers, err));
    if (kind == VALUE_FORM_ENDPOINT) {
        status = THEN(status, unpack_ordered(unpacking, order, &seconds, err));
    }
    column->numbers = numbers;
    column->seconds = seconds;
    return status;
}

static enum status unpack_list(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    uint64_t *ids = NULL;
    enum status status = unpack_count(unpacking, column->n_values, &column->n_ids, err);
    status = THEN(status, unpack_numbers(unpacking, column->n_ids, &ids, err));
    for (size_t i = 0; status == OK && i < column->n_ids; i++) {
        if (ids[i] >= unpacking->reader->vocabulary->values.count ||
            (i > 0 && ids[i] <= ids[i - 1])) {
            return damaged(unpacking, err);
        }
    }
    column->ids = ids;
    return status == OK && column->n_ids == 0 ? damaged(unpacking, err) : status;
}

static enum status check_places(const struct unpacking *unpacking, const uint64_t *places,
                                size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (places[i] >= unpacking->column->n_ids) {
            return damaged(unpacking, err);
        }
    }
    return OK;
}

static enum status unpack_ids(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    const uint16_t *order = NULL;
    uint64_t *places = NULL;
    enum status status = unpack_order(unpacking, &order, err);
    status = THEN(status, unpack_ordered(unpacking, order, &places, err));
    column->places = places;
    return THEN(status, check_places(unpacking, places, column->n_values, err));
}

static enum status unpack_leader(struct unpacking *unpacking, size_t *out_leader, struct err *err)
{
    const struct columnar_reader *reader = unpacking->reader;
    enum status status = unpack_count(unpacking, reader->sections.count - 1, out_leader, err);
    if (status == OK && reader->sections.items[*out_leader].way != COLUMNAR_IDS) {
        return damaged(unpacking, err);
    }
    return status;
}

static enum status unpack_follower(struct unpacking *unpacking, struct err *err)
{
    struct columnar_reader *reader = unpacking->reader;
    struct columnar_column *column = unpacking->column;
    const struct columnar_column *leader = NULL;
    uint64_t *map = NULL;
    uint64_t *odd_places = NULL;
    enum status status = columnar_column(reader, unpacking->leader, &leader, err);
    status = THEN(status, unpack_numbers(unpacking, leader->n_ids, &map, err));
    status = THEN(status, check_places(unpacking, map, leader->n_ids, err));
    status = THEN(status, unpack_odd(unpacking, err));
    status = THEN(status, unpack_numbers(unpacking, column->n_odd, &odd_places, err));
    status = THEN(status, check_places(unpacking, odd_places, column->n_odd, err));
    if (status != OK) {
        return status;
    }
    uint64_t *places = NULL;
    status = columnar_reader_follow(reader, leader, column, map, &places, err);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < column->n_odd; i++) {
        places[column->odd[i]] = odd_places[i];
    }
    column->places = places;
    column->n_odd = 0; /* they are among the places now */
    return OK;
}

static enum status unpack_text(struct unpacking *unpacking, struct err *err)
{
    struct columnar_column *column = unpacking->column;
    const uint16_t *order = NULL;
    uint64_t *start = NULL;
    enum status status = unpack_order(unpacking, &order, err);
    status = THEN(status, unpack_texts(unpacking, column->n_values, &column->is_quoted,
                                       &column->text, &start, err));
    if (status == OK && order) {
        status =
            order_texts(unpacking->reader, order, column->n_values, &column->text, &start, err);
    }
    column->start = start;
    return status;
}

static bool has_ids(enum columnar_way way)
{
    return way == COLUMNAR_ONE || way == COLUMNAR_IDS || way == COLUMNAR_FOLLOWS;
}

/* What stands before the rest of a column: its ids, if it has some. */
static enum status begin(struct columnar_reader *reader, size_t i, struct err *err)
{
    struct columnar_section *section = &reader->sections.items[i];
    struct unpacking unpacking = {.reader = reader, .i = i};
    unpacking.column = arena_alloc(&reader->arena, sizeof *unpacking.column);
    if (!unpacking.column) {
        return err_nomem(err, "columns");
    }
    *unpacking.column = (struct columnar_column){
        .path = section->path, .way = section->way, .n_values = section->n_values};
    if (!checksum_holds(section->bytes, &unpacking.bytes)) {
        return damaged(&unpacking, err);
    }
    enum status status = OK;
    if (section->way == COLUMNAR_FOLLOWS) {
        status = unpack_leader(&unpacking, &unpacking.leader, err);
    }
    if (has_ids(section->way)) {
        status = THEN(status, unpack_list(&unpacking, err));
    }
    if (status == OK && section->way == COLUMNAR_ONE && unpacking.column->n_ids != 1) {
        return damaged(&unpacking, err);
    }
    if (status == OK) {
        section->column = unpacking.column;
        section->bytes = unpacking.bytes;
        section->at = unpacking.at;
        section->leader = unpacking.leader;
    }
    return status;
}

static enum status unpack_rest(struct columnar_reader *reader, size_t i, struct err *err)
{
    struct columnar_section *section = &reader->sections.items[i];
    static enum status (*const ways[])(struct unpacking *, struct err *) = {
        [COLUMNAR_IDS] = unpack_ids,
        [COLUMNAR_FOLLOWS] = unpack_follower,
        [COLUMNAR_FORM] = unpack_form,
        [COLUMNAR_TEXT] = unpack_text,
    };
    struct unpacking unpacking = {.reader = reader,
                                  .i = i,
                                  .column = section->column,
                                  .bytes = section->bytes,
                                  .at = section->at,
                                  .leader = section->leader};
    enum status status = section->way == COLUMNAR_ONE ? OK : ways[section->way](&unpacking, err);
    if (status == OK && unpacking.at != unpacking.bytes.size) {
        status = damaged(&unpacking, err);
    }
    section->is_whole = status == OK;
    return status;
}

enum status columnar_column(struct columnar_reader *reader, size_t i,
                            const struct columnar_column **out_column, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    enum status status = section->column ? OK : begin(reader, i, err);
    if (status == OK && !section->is_whole) {
        status = unpack_rest(reader, i, err);
    }
    if (status == OK) {
        *out_column = section->column;
    }
    return status;
}

enum status columnar_column_ids(struct columnar_reader *reader, size_t i, const uint64_t **out_ids,
                                size_t *out_n_ids, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    bool is_begun = section->column || !has_ids(section->way);
    enum status status = is_begun ? OK : begin(reader, i, err);
    if (status == OK) {
        *out_ids = section->column ? section->column->ids : NULL;
        *out_n_ids = section->column ? section->column->n_ids : 0;
    }
    return status;
}
