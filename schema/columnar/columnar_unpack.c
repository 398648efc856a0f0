#include "schema/columnar/columnar_unpack.h"

#include "schema/columnar/checksum.h"
#include "schema/columnar/columnar_form.h"
#include "schema/columnar/columnar_part.h"

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
static enum status find_order(struct columnar_part *part, size_t by, const uint16_t **out_order,
                              struct err *err)
{
    struct columnar_reader *reader = part->reader;
    const uint16_t *keys = reader->lines.items;
    size_t n_keys = reader->shapes.count;
    enum status status = OK;
    *out_order = NULL;
    if (by == COLUMNAR_ORDER_LINES) {
        return OK;
    }
    if (by >= COLUMNAR_ORDER_COLUMN) {
        size_t other = by - COLUMNAR_ORDER_COLUMN;
        if (reader->sections.items[other].way != COLUMNAR_IDS ||
            reader->depth == COLUMNAR_ORDER_DEPTH_MAX) {
            return columnar_part_damaged(part, err);
        }
        reader->depth++;
        status = line_keys(reader, other, &keys, &n_keys, err);
        reader->depth--;
    }
    return THEN(status, columnar_reader_order(reader, part->i, keys, n_keys, out_order, err));
}

static enum status unpack_order(struct columnar_part *part, const uint16_t **out_order,
                                struct err *err)
{
    size_t by = 0;
    enum status status = columnar_part_order_by(part, &by, err);
    return THEN(status, find_order(part, by, out_order, err));
}

/* From the order in which they are packed into the lines'. */
static enum status put_in_order(struct columnar_part *part, const uint16_t *order,
                                const uint64_t **numbers, struct err *err)
{
    size_t count = part->column->n_values;
    uint64_t *ordered = arena_alloc(&part->reader->arena, (count + 1) * sizeof *ordered);
    if (!ordered) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        ordered[i] = (*numbers)[order[i]];
    }
    *numbers = ordered;
    return OK;
}

static enum status unpack_form(struct columnar_part *part, struct err *err)
{
    struct columnar_column *column = part->column;
    struct columnar_section *section = &part->reader->sections.items[part->i];
    enum status status = section->is_packed ? OK : columnar_form_unpack(part, err);
    const uint16_t *order = NULL;
    part->at = part->bytes.size;
    if (status == OK && column->form.kind != VALUE_FORM_UUID) {
        status = find_order(part, section->order_by, &order, err);
    }
    if (status != OK) {
        return status;
    }
    column->numbers = section->packed.numbers;
    column->seconds = section->packed.seconds;
    if (order) {
        status = put_in_order(part, order, &column->numbers, err);
    }
    if (order && column->seconds) {
        status = THEN(status, put_in_order(part, order, &column->seconds, err));
    }
    return status;
}

static enum status unpack_list(struct columnar_part *part, struct err *err)
{
    struct columnar_column *column = part->column;
    uint64_t *ids = NULL;
    enum status status = columnar_part_count(part, column->n_values, &column->n_ids, err);
    status = THEN(status, columnar_part_numbers(part, column->n_ids, &ids, err));
    for (size_t i = 0; status == OK && i < column->n_ids; i++) {
        if (ids[i] >= part->reader->vocabulary->values.count || (i > 0 && ids[i] <= ids[i - 1])) {
            return columnar_part_damaged(part, err);
        }
    }
    column->ids = ids;
    return status == OK && column->n_ids == 0 ? columnar_part_damaged(part, err) : status;
}

static enum status check_places(const struct columnar_part *part, const uint64_t *places,
                                size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (places[i] >= part->column->n_ids) {
            return columnar_part_damaged(part, err);
        }
    }
    return OK;
}

static enum status unpack_ids(struct columnar_part *part, struct err *err)
{
    struct columnar_reader *reader = part->reader;
    size_t count = part->column->n_values;
    const uint16_t *order = NULL;
    const uint64_t *packed = NULL;
    bool is_bad = false;
    enum status status = unpack_order(part, &order, err);
    status = THEN(status, columnar_part_scratch(part, count, &packed, err));
    uint16_t *places = arena_alloc(&reader->arena, (count + 1) * sizeof *places);
    if (status != OK || !places) {
        return status != OK ? status : err_nomem(err, "columns");
    }
    for (size_t k = 0; k < count; k++) {
        is_bad |= packed[k] >= part->column->n_ids;
    }
    for (size_t k = 0; k < count; k++) {
        places[k] = (uint16_t)packed[order ? order[k] : k];
    }
    part->column->places = places;
    return is_bad ? columnar_part_damaged(part, err) : OK;
}

static enum status unpack_leader(struct columnar_part *part, size_t *out_leader, struct err *err)
{
    const struct columnar_reader *reader = part->reader;
    enum status status = columnar_part_count(part, reader->sections.count - 1, out_leader, err);
    if (status == OK && reader->sections.items[*out_leader].way != COLUMNAR_IDS) {
        return columnar_part_damaged(part, err);
    }
    return status;
}

static enum status unpack_follower(struct columnar_part *part, struct err *err)
{
    struct columnar_reader *reader = part->reader;
    struct columnar_column *column = part->column;
    const struct columnar_column *leader = NULL;
    uint64_t *map = NULL;
    uint64_t *odd_places = NULL;
    enum status status = columnar_column(reader, part->leader, &leader, err);
    status = THEN(status, columnar_part_numbers(part, leader->n_ids, &map, err));
    status = THEN(status, check_places(part, map, leader->n_ids, err));
    status = THEN(status, columnar_part_odd(part, err));
    status = THEN(status, columnar_part_numbers(part, column->n_odd, &odd_places, err));
    status = THEN(status, check_places(part, odd_places, column->n_odd, err));
    if (status != OK) {
        return status;
    }
    const uint16_t *keys = NULL;
    const uint16_t *slots = NULL;
    size_t n_keys = 0;
    status = line_keys(reader, part->leader, &keys, &n_keys, err);
    status = THEN(status, columnar_column_slots(reader, part->i, &slots, err));
    if (status != OK) {
        return status;
    }
    uint16_t *places = arena_alloc(&reader->arena, (column->n_values + 1) * sizeof *places);
    if (!places) {
        return err_nomem(err, "columns");
    }
    for (size_t k = 0; k < column->n_values; k++) {
        uint16_t key = keys[slots ? slots[k] : k];
        if (key == 0) { /* a line has the follower and not the leader */
            return columnar_part_damaged(part, err);
        }
        places[k] = (uint16_t)map[key - 1];
    }
    for (size_t i = 0; i < column->n_odd; i++) {
        places[column->odd[i]] = (uint16_t)odd_places[i];
    }
    column->places = places;
    column->n_odd = 0; /* they are among the places now */
    return OK;
}

/* The texts as they are packed, and how the values follow from them. */
static enum status unpack_texts(struct columnar_part *part, struct err *err)
{
    struct columnar_section *section = &part->reader->sections.items[part->i];
    size_t n_values = section->n_values;
    size_t n_repeats = 0;
    uint64_t *start = NULL;
    struct columnar_texts texts = {.count = n_values};
    enum status status = columnar_part_order_by(part, &section->order_by, err);
    status = THEN(status, columnar_part_count(part, n_values, &n_repeats, err));
    if (status == OK && n_repeats > 0) {
        status = columnar_part_numbers(part, n_values, &section->which, err);
        texts.count = status == OK ? columnar_part_which(section->which, n_values, n_repeats) : 0;
        if (status == OK && texts.count == 0) {
            return columnar_part_damaged(part, err);
        }
    }
    status = THEN(
        status, columnar_part_texts(part, texts.count, &texts.is_quoted, &texts.text, &start, err));
    texts.start = start;
    if (status == OK && part->at != part->bytes.size) {
        return columnar_part_damaged(part, err);
    }
    if (status == OK) {
        section->texts = texts;
    }
    return status;
}

static enum status unpack_text(struct columnar_part *part, struct err *err)
{
    struct columnar_column *column = part->column;
    struct columnar_section *section = &part->reader->sections.items[part->i];
    enum status status = section->texts.start ? OK : unpack_texts(part, err);
    const uint16_t *order = NULL;
    part->at = part->bytes.size;
    status = THEN(status, find_order(part, section->order_by, &order, err));
    if (status != OK) {
        return status;
    }
    uint64_t *start = (uint64_t *)(uintptr_t)section->texts.start;
    column->text = section->texts.text;
    column->is_quoted = section->texts.is_quoted;
    if (order || section->which) {
        status = columnar_part_spread(part, section->which, order, &column->text, &start, err);
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
    struct columnar_part part = {.reader = reader, .i = i};
    part.column = arena_alloc(&reader->arena, sizeof *part.column);
    if (!part.column) {
        return err_nomem(err, "columns");
    }
    *part.column = (struct columnar_column){
        .path = section->path, .way = section->way, .n_values = section->n_values};
    enum status status = OK;
    if (section->way == COLUMNAR_ONE) {
        part.column->ids = &section->id;
        part.column->n_ids = 1;
    } else {
        struct span stored;
        status = columnar_reader_bytes(reader, section->offset, section->size, &stored, err);
        if (status == OK && !checksum_holds(stored, &part.bytes)) {
            status = columnar_part_damaged(&part, err);
        }
    }
    if (status == OK && section->way == COLUMNAR_FOLLOWS) {
        status = unpack_leader(&part, &part.leader, err);
    }
    if (section->way == COLUMNAR_IDS || section->way == COLUMNAR_FOLLOWS) {
        status = THEN(status, unpack_list(&part, err));
    }
    if (status == OK) {
        section->column = part.column;
        section->bytes = part.bytes;
        section->at = part.at;
        section->leader = part.leader;
    }
    return status;
}

/* What stands behind the ids, once the column is begun. */
static struct columnar_part rest_of(struct columnar_reader *reader, size_t i)
{
    const struct columnar_section *section = &reader->sections.items[i];
    return (struct columnar_part){.reader = reader,
                                  .i = i,
                                  .column = section->column,
                                  .bytes = section->bytes,
                                  .at = section->at,
                                  .leader = section->leader};
}

static enum status unpack_rest(struct columnar_reader *reader, size_t i, struct err *err)
{
    struct columnar_section *section = &reader->sections.items[i];
    static enum status (*const ways[])(struct columnar_part *, struct err *) = {
        [COLUMNAR_IDS] = unpack_ids,
        [COLUMNAR_FOLLOWS] = unpack_follower,
        [COLUMNAR_FORM] = unpack_form,
        [COLUMNAR_TEXT] = unpack_text,
    };
    struct columnar_part part = rest_of(reader, i);
    enum status status = section->way == COLUMNAR_ONE ? OK : ways[section->way](&part, err);
    if (status == OK && part.at != part.bytes.size) {
        status = columnar_part_damaged(&part, err);
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

enum status columnar_column_numbers(struct columnar_reader *reader, size_t i,
                                    struct columnar_numbers *out_numbers, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    CHECK(section->way == COLUMNAR_FORM);
    enum status status = section->column ? OK : begin(reader, i, err);
    if (status == OK && !section->is_packed) {
        struct columnar_part part = rest_of(reader, i);
        status = columnar_form_unpack(&part, err);
    }
    if (status == OK) {
        *out_numbers = section->packed;
    }
    return status;
}

enum status columnar_column_texts(struct columnar_reader *reader, size_t i,
                                  struct columnar_texts *out_texts, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    CHECK(section->way == COLUMNAR_TEXT);
    enum status status = section->column ? OK : begin(reader, i, err);
    if (status == OK && !section->texts.start) {
        struct columnar_part part = rest_of(reader, i);
        status = unpack_texts(&part, err);
    }
    if (status == OK) {
        *out_texts = section->texts;
    }
    return status;
}
