/* Which lines have a column, and the order in which its values are packed. */
#include "schema/columnar/columnar_unpack.h"

/* Each line is written down, and the next one over it unless it has the column. */
static enum status list_slots(struct columnar_reader *reader, struct columnar_section *section,
                              struct err *err)
{
    uint16_t *slots = arena_alloc(&reader->arena, (section->n_values + 1) * sizeof *slots);
    uint8_t *has = arena_alloc(&reader->arena, reader->shapes.count);
    if (!slots || !has) {
        return err_nomem(err, "columns");
    }
    memset(has, 0, reader->shapes.count);
    for (size_t s = 0; s < section->n_shapes; s++) {
        has[reader->shapes_of_columns[section->first_shape + s]] = 1;
    }
    size_t count = 0;
    for (size_t i = 0; i < reader->n_lines; i++) {
        slots[count] = (uint16_t)i;
        count += has[reader->lines.items[i]];
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
        status = list_slots(reader, section, err);
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
