/* What the blocks of a segment share: shapes, the paths of their values, and the values that
 * repeat, each with a number. It only grows; a block names what it needs by number. One thread
 * writes; a vocabulary that no thread changes may be read by many.
 *
 * Shape 0 is a single hole, whose path, number 0, is the whole line: so a line that is not cut is a
 * value like any other. Paths follow from the shapes in their order and are stored nowhere. */
#ifndef SCHEMA_COLUMNAR_VOCABULARY_H
#define SCHEMA_COLUMNAR_VOCABULARY_H

#include "schema/base/intern.h"
#include "schema/block/dictionary.h"
#include "schema/columnar/packer.h"

enum {
    VOCABULARY_SHAPES_MAX = 8192,
    VOCABULARY_PATHS_MAX = 8192,
    /* shapes whose lines have the same keys at the top: from so many on, objects are kept whole, as
     * values, and from twice as many on, lines */
    VOCABULARY_SHAPES_OF_KEYS_MAX = 32,
    VOCABULARY_VALUE_BYTES_MAX = 1024,
};

/* A path is the spelled keys from the top, joined by VOCABULARY_KEY_END; the second, third, ...
 * value of one path in one line has its number behind VOCABULARY_KEY_AGAIN, which stands alone for
 * the path of the whole line. */
#define VOCABULARY_KEY_END   '\x02'
#define VOCABULARY_KEY_AGAIN '\x03'

struct vocabulary_shape {
    struct span bytes;
    uint32_t first_path; /* in shape_paths: one for each hole */
    uint32_t n_values;
};

struct vocabulary {
    struct intern paths;
    struct intern shape_bytes;
    VEC(struct vocabulary_shape) shapes;
    VEC(uint32_t) shape_paths;
    VEC(uint8_t) keys_used; /* by a hash of the keys at the top: how many shapes, up to 255 */
    struct dictionary values;
    struct buf work;
};

/* ERR_NOMEM; fini is right after either. */
MUST_USE enum status vocabulary_init(struct vocabulary *vocabulary, struct err *err);
void vocabulary_fini(struct vocabulary *vocabulary);

/* The shape's number, INTERN_NONE when it is not there. */
uint32_t vocabulary_find_shape(const struct vocabulary *vocabulary, struct span shape);
/* Adds a shape that is not there, and its paths. *out_shape INTERN_NONE: a bound is reached.
 * ERR_CORRUPT: these bytes are no shape; ERR_NOMEM. After a failure the vocabulary is of no more
 * use. */
MUST_USE enum status vocabulary_add_shape(struct vocabulary *vocabulary, struct span shape,
                                          uint32_t *out_shape, struct err *err);
/* How many shapes have this one's keys at the top (by a hash, so others may be among them). */
unsigned vocabulary_shapes_of_keys(const struct vocabulary *vocabulary, struct span shape);

static inline const struct vocabulary_shape *vocabulary_shape(const struct vocabulary *vocabulary,
                                                              uint32_t shape)
{
    return vec_at(&vocabulary->shapes, shape);
}

static inline const uint32_t *vocabulary_paths(const struct vocabulary *vocabulary,
                                               const struct vocabulary_shape *shape)
{
    return vocabulary->shape_paths.items + shape->first_path;
}

static inline struct span vocabulary_value(const struct vocabulary *vocabulary, uint32_t value)
{
    CHECK(value < vocabulary->values.count);
    return span_of(vocabulary->values.values[value].text, vocabulary->values.values[value].size);
}

/* A quote at both ends: they can be left away. A value that is a line need not be a string. */
static inline bool vocabulary_is_quoted(struct span value)
{
    return value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"';
}

/* How far a vocabulary had grown. */
struct vocabulary_mark {
    uint32_t shapes;
    uint32_t values;
};

static inline struct vocabulary_mark vocabulary_mark(const struct vocabulary *vocabulary)
{
    return (struct vocabulary_mark){(uint32_t)vocabulary->shapes.count, vocabulary->values.count};
}

/* Appends what came after the mark, as a part that vocabulary_read_part adds again; nothing when
 * nothing came. */
MUST_USE enum status vocabulary_write_part(const struct vocabulary *vocabulary,
                                           struct vocabulary_mark since, struct packer *packer,
                                           struct buf *out, struct err *err);
/* True when the bytes of a part are as they were written, by their checksum. */
bool vocabulary_part_holds(struct span part);
/* Adds a part. Parts are read in the order they were written; ERR_CORRUPT when this one does not
 * follow, is damaged, or is none. Its values are not hashed before one is added: a reader that
 * looks many up calls dictionary_hash first. */
MUST_USE enum status vocabulary_read_part(struct vocabulary *vocabulary, struct span part,
                                          struct packer *packer, struct err *err);

#endif
