#include "schema/columnar/columnar_form.h"

static enum status unpack_odd_texts(struct columnar_part *part, struct err *err)
{
    struct columnar_reader *reader = part->reader;
    struct columnar_column *column = part->column;
    bool is_quoted = false;
    const char *text = NULL;
    uint64_t *start = NULL;
    enum status status = columnar_part_texts(part, column->n_odd, &is_quoted, &text, &start, err);
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

static enum status unpack_uuids(struct columnar_part *part, struct err *err)
{
    struct columnar_numbers *packed = &part->reader->sections.items[part->i].packed;
    size_t count = packed->count;
    size_t size = count * VALUE_FORM_UUID_BYTES;
    uint64_t *numbers = arena_alloc(&part->reader->arena, (count + 1) * sizeof *numbers);
    uint64_t *seconds = NULL;
    if (!numbers) {
        return err_nomem(err, "columns");
    }
    if (size > part->bytes.size - part->at) {
        return columnar_part_damaged(part, err);
    }
    const uint8_t *bytes = (const uint8_t *)part->bytes.data + part->at;
    part->at += size;
    enum status status = columnar_part_numbers(part, count, &seconds, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        struct value_form_bits bits =
            value_form_uuid_unpack(bytes + i * VALUE_FORM_UUID_BYTES, (uint8_t)seconds[i]);
        numbers[i] = bits.number;
        seconds[i] = bits.second;
    }
    packed->numbers = numbers;
    packed->seconds = seconds;
    return status;
}

static enum status unpack_times(struct columnar_part *part, struct err *err)
{
    struct columnar_numbers *packed = &part->reader->sections.items[part->i].packed;
    uint8_t power = 0;
    uint64_t *numbers = NULL;
    enum status status = columnar_part_byte(part, VALUE_FORM_FRACTION_MAX, &power, err);
    status = THEN(status, columnar_part_numbers(part, packed->count, &numbers, err));
    uint64_t unit = 1;
    for (uint8_t i = 0; i < power; i++) {
        unit *= 10;
    }
    for (size_t i = 0; status == OK && i < packed->count; i++) {
        numbers[i] *= unit;
    }
    packed->numbers = numbers;
    return status;
}

enum status columnar_form_unpack(struct columnar_part *part, struct err *err)
{
    struct columnar_column *column = part->column;
    struct columnar_section *section = &part->reader->sections.items[part->i];
    uint8_t kind = 0;
    uint64_t *numbers = NULL;
    uint64_t *seconds = NULL;
    section->packed = (struct columnar_numbers){.count = section->n_values};
    enum status status = columnar_part_order_by(part, &section->order_by, err);
    status = THEN(status, columnar_part_byte(part, VALUE_FORM_ENDPOINT, &kind, err));
    status = THEN(
        status, columnar_part_byte(part, VALUE_FORM_FRACTION_TRIMMED, &column->form.fraction, err));
    status = THEN(status, columnar_part_odd(part, err));
    column->form.kind = (enum value_form_kind)kind;
    if (status == OK && (kind != section->form || section->has_odd != (column->n_odd > 0))) {
        return columnar_part_damaged(part, err);
    }
    if (column->n_odd > 0) {
        status = THEN(status, unpack_odd_texts(part, err));
    }
    if (kind == VALUE_FORM_UUID) {
        status = THEN(status, unpack_uuids(part, err));
    } else if (kind == VALUE_FORM_TIME) {
        status = THEN(status, unpack_times(part, err));
    } else {
        status = THEN(status, columnar_part_numbers(part, section->n_values, &numbers, err));
        if (kind == VALUE_FORM_ENDPOINT) {
            status = THEN(status, columnar_part_numbers(part, section->n_values, &seconds, err));
        }
        section->packed.numbers = numbers;
        section->packed.seconds = seconds;
    }
    if (status == OK && part->at != part->bytes.size) {
        return columnar_part_damaged(part, err);
    }
    section->is_packed = status == OK;
    return status;
}
