/* Which lines have a column, and what follows from that: the order in which its values are packed,
 * and its places when it follows another. */
#include "schema/columnar/columnar_unpack.h"

static bool shape_has(const struct columnar_reader *reader, size_t place, uint32_t path)
{
    const struct vocabulary_shape *shape = columnar_reader_shape(reader, place);
    const uint32_t *paths = vocabulary_paths(reader->vocabulary, shape);
    for (size_t i = 0; i < shape->n_values; i++) {
        if (paths[i] == path) {
            return true;
        }
    }
    return false;
}

enum status columnar_column_slots(struct columnar_reader *reader, size_t i,
                                  const uint16_t **out_slots, struct err *err)
{
    struct columnar_section *section = vec_at(&reader->sections, i);
    if (!section->slots && section->n_values < reader->n_lines) {
        uint16_t *slots = arena_alloc(&reader->arena, (section->n_values + 1) * sizeof *slots);
        uint8_t *has = arena_alloc(&reader->arena, reader->shapes.count);
        if (!slots || !has) {
            return err_nomem(err, "columns");
        }
        for (size_t s = 0; s < reader->shapes.count; s++) {
            has[s] = shape_has(reader, s, section->path);
        }
        size_t count = 0;
        for (size_t line = 0; line < reader->n_lines; line++) {
            slots[count] = (uint16_t)line; /* there is room for one more than there are */
            count += has[reader->lines.items[line]];
        }
        CHECK(count == section->n_values);
        section->slots = slots;
    }
    *out_slots = section->slots;
    return OK;
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

/* The places that follow from the leader's: `map` has one for each of the leader's. False: a line
 * has the follower and not the leader. */
static bool follow_lines(const struct columnar_reader *reader, const struct columnar_column *leader,
                         const struct columnar_column *column, const uint64_t *map,
                         const uint8_t *has, uint64_t *places)
{
    size_t theirs = 0;
    size_t mine = 0;
    for (size_t line = 0; line < reader->n_lines && mine < column->n_values; line++) {
        uint8_t which = has[reader->lines.items[line]];
        if (which == 2) {
            return false;
        }
        if (which == 3) {
            places[mine++] = map[leader->places[theirs]];
        }
        theirs += which & 1;
    }
    return mine == column->n_values;
}

enum status columnar_reader_follow(struct columnar_reader *reader,
                                   const struct columnar_column *leader,
                                   const struct columnar_column *column, const uint64_t *map,
                                   uint64_t **out_places, struct err *err)
{
    uint64_t *places = arena_alloc(&reader->arena, (column->n_values + 1) * sizeof *places);
    uint8_t *has = arena_alloc(&reader->arena, reader->shapes.count); /* 1 leader, 2 follower */
    if (!places || !has) {
        return err_nomem(err, "columns");
    }
    for (size_t s = 0; s < reader->shapes.count; s++) {
        has[s] =
            (uint8_t)(shape_has(reader, s, leader->path) | shape_has(reader, s, column->path) << 1);
    }
    if (!follow_lines(reader, leader, column, map, has, places)) {
        return err_set(err, ERR_CORRUPT, "column %u of a block follows one that lines do not have",
                       (unsigned)column->path);
    }
    *out_places = places;
    return OK;
}
