/* Which lines have a column, and the order in which its values are packed. */
#include "schema/columnar/columnar_unpack.h"

/* The lines of each shape, by counting. */
static enum status list_lines(struct columnar_reader *reader, struct err *err)
{
    size_t n_shapes = reader->shapes.count;
    uint32_t *first = arena_alloc(&reader->arena, (n_shapes + 2) * sizeof *first);
    uint16_t *list = arena_alloc(&reader->arena, reader->n_lines * sizeof *list);
    if (!first || !list) {
        return err_nomem(err, "columns");
    }
    memset(first, 0, (n_shapes + 2) * sizeof *first);
    for (size_t i = 0; i < reader->n_lines; i++) {
        first[reader->lines.items[i] + 2]++;
    }
    for (size_t s = 2; s <= n_shapes; s++) {
        first[s] += first[s - 1];
    }
    for (size_t i = 0; i < reader->n_lines; i++) {
        list[first[reader->lines.items[i] + 1]++] = (uint16_t)i;
    }
    reader->first_line = first;
    reader->lines_by_shape = list;
    return OK;
}

/* The lines of several shapes, a bit for each. */
static enum status merge_lines(struct columnar_reader *reader, struct columnar_section *section,
                               struct err *err)
{
    size_t n_words = (reader->n_lines + 63) / 64;
    uint16_t *slots = arena_alloc(&reader->arena, (section->n_values + 1) * sizeof *slots);
    uint64_t *bits = arena_alloc(&reader->arena, n_words * sizeof *bits);
    if (!slots || !bits) {
        return err_nomem(err, "columns");
    }
    memset(bits, 0, n_words * sizeof *bits);
    for (size_t s = 0; s < section->n_shapes; s++) {
        uint32_t shape = reader->shapes_of_columns[section->first_shape + s];
        for (size_t i = reader->first_line[shape]; i < reader->first_line[shape + 1]; i++) {
            uint16_t line = reader->lines_by_shape[i];
            bits[line / 64] |= UINT64_C(1) << line % 64;
        }
    }
    size_t count = 0;
    for (size_t w = 0; w < n_words; w++) {
        for (uint64_t word = bits[w]; word; word &= word - 1) {
            slots[count++] = (uint16_t)(w * 64 + (size_t)__builtin_ctzll(word));
        }
    }
    CHECK(count == section->n_values);
    section->slots = slots;
    return OK;
}

enum status columnar_column_slots(struct columnar_reader *reader, size_t i,
                                  const uint16_t **out_slots, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    enum status status = OK;
    if (!section->slots && section->n_values < reader->n_lines) {
        status = reader->lines_by_shape ? OK : list_lines(reader, err);
        if (status == OK && section->n_shapes == 1) {
            uint32_t shape = reader->shapes_of_columns[section->first_shape];
            section->slots = reader->lines_by_shape + reader->first_line[shape];
        } else {
            status = THEN(status, merge_lines(reader, section, err));
        }
    }
    if (status == OK) {
        *out_slots = section->slots;
    }
    return status;
}

/* By counting: where the values of each key begin, then each value behind those before it. */
static enum status sort_by_key(struct columnar_reader *reader, size_t n_values,
                               const uint16_t *keys, size_t n_keys, const uint16_t *slots,
                               const uint16_t **out_order, struct err *err)
{
    uint16_t *order = arena_alloc(&reader->arena, (n_values + 1) * sizeof *order);
    uint16_t *next = arena_alloc(&reader->arena, (n_keys + 1) * sizeof *next);
    if (!order || !next) {
        return err_nomem(err, "columns");
    }
    memset(next, 0, (n_keys + 1) * sizeof *next);
    for (size_t k = 0; k < n_values; k++) {
        next[keys[slots ? slots[k] : k] + 1]++;
    }
    for (size_t key = 1; key < n_keys; key++) {
        next[key] = (uint16_t)(next[key] + next[key - 1]);
    }
    for (size_t k = 0; k < n_values; k++) {
        order[k] = next[keys[slots ? slots[k] : k]]++;
    }
    *out_order = order;
    return OK;
}

enum status columnar_reader_order(struct columnar_reader *reader, size_t i, const uint16_t *keys,
                                  size_t n_keys, const uint16_t **out_order, struct err *err)
{
    const uint16_t *slots = NULL;
    enum status status = columnar_column_slots(reader, i, &slots, err);
    return THEN(status, sort_by_key(reader, reader->sections.items[i].n_values, keys, n_keys, slots,
                                    out_order, err));
}
