#include "schema/columnar/columnar_part.h"

enum status columnar_part_damaged(const struct columnar_part *part, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "column %u of a block is damaged",
                   (unsigned)part->column->path);
}

enum status columnar_part_numbers(struct columnar_part *part, size_t count, uint64_t **out,
                                  struct err *err)
{
    struct columnar_reader *reader = part->reader;
    *out = arena_alloc(&reader->arena, (count + 1) * sizeof **out);
    return *out ? packer_read_numbers(reader->packer, part->bytes, &part->at, *out, count, err)
                : err_nomem(err, "columns");
}

enum status columnar_part_scratch(struct columnar_part *part, size_t count, const uint64_t **out,
                                  struct err *err)
{
    struct columnar_reader *reader = part->reader;
    vec_clear(&reader->numbers);
    if (!vec_reserve(&reader->numbers, count + 1)) {
        return err_nomem(err, "columns");
    }
    *out = reader->numbers.items;
    return packer_read_numbers(reader->packer, part->bytes, &part->at, reader->numbers.items, count,
                               err);
}

enum status columnar_part_count(struct columnar_part *part, uint64_t max, size_t *out,
                                struct err *err)
{
    uint64_t number = 0;
    if (!buf_read_varint(part->bytes, &part->at, &number) || number > max) {
        return columnar_part_damaged(part, err);
    }
    *out = (size_t)number;
    return OK;
}

enum status columnar_part_byte(struct columnar_part *part, uint8_t max, uint8_t *out,
                               struct err *err)
{
    if (part->at >= part->bytes.size || (uint8_t)part->bytes.data[part->at] > max) {
        return columnar_part_damaged(part, err);
    }
    *out = (uint8_t)part->bytes.data[part->at++];
    return OK;
}

enum status columnar_part_order_by(struct columnar_part *part, size_t *out_by, struct err *err)
{
    return columnar_part_count(part, COLUMNAR_ORDER_COLUMN + part->reader->sections.count - 1,
                               out_by, err);
}

enum status columnar_part_odd(struct columnar_part *part, struct err *err)
{
    struct columnar_column *column = part->column;
    uint64_t *odd = NULL;
    enum status status = columnar_part_count(part, column->n_values, &column->n_odd, err);
    status = THEN(status, columnar_part_numbers(part, column->n_odd, &odd, err));
    for (size_t i = 0; status == OK && i < column->n_odd; i++) {
        if (odd[i] >= column->n_values || (i > 0 && odd[i] <= odd[i - 1])) {
            return columnar_part_damaged(part, err);
        }
    }
    column->odd = odd;
    return status;
}

enum status columnar_part_texts(struct columnar_part *part, size_t count, bool *out_is_quoted,
                                const char **out_text, uint64_t **out_start, struct err *err)
{
    struct columnar_reader *reader = part->reader;
    uint8_t is_quoted = 0;
    enum status status = columnar_part_byte(part, 1, &is_quoted, err);
    status = THEN(status, columnar_part_numbers(part, count, out_start, err));
    buf_clear(&reader->scratch);
    status = THEN(status, packer_read_bytes(reader->packer, part->bytes, &part->at,
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
            return columnar_part_damaged(part, err);
        }
        end += size;
    }
    start[count] = end;
    char *text = arena_alloc(&reader->arena, reader->scratch.size + COLUMNAR_NEAR);
    if (!text) {
        return err_nomem(err, "columns");
    }
    if (reader->scratch.size > 0) {
        memcpy(text, reader->scratch.data, reader->scratch.size);
    }
    *out_is_quoted = is_quoted;
    *out_text = text;
    return end == reader->scratch.size ? OK : columnar_part_damaged(part, err);
}

size_t columnar_part_which(uint64_t *numbers, size_t count, size_t n_repeats)
{
    size_t next = n_repeats;
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] > n_repeats) {
            return 0;
        }
        numbers[i] = numbers[i] > 0 ? numbers[i] - 1 : next++;
    }
    return next;
}

enum status columnar_part_spread(struct columnar_part *part, const uint64_t *which,
                                 const uint16_t *order, const char **text, uint64_t **start,
                                 struct err *err)
{
    struct arena *arena = &part->reader->arena;
    size_t count = part->column->n_values;
    const uint64_t *from = *start;
    uint64_t *to = arena_alloc(arena, (count + 1) * sizeof *to);
    if (!to) {
        return err_nomem(err, "columns");
    }
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = order ? order[i] : i;
        at = which ? (size_t)which[at] : at;
        to[i] = end;
        end += from[at + 1] - from[at];
        if (end > COLUMNAR_TEXT_BYTES_MAX) {
            return columnar_part_damaged(part, err);
        }
    }
    to[count] = end;
    char *spread = arena_alloc(arena, end + COLUMNAR_NEAR);
    if (!spread) {
        return err_nomem(err, "columns");
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = order ? order[i] : i;
        at = which ? (size_t)which[at] : at;
        (void)columnar_put(spread + to[i], *text + from[at], from[at + 1] - from[at]);
    }
    *text = spread;
    *start = to;
    return OK;
}
