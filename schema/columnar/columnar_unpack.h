/* A block while it is read, and its columns as they are unpacked. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_UNPACK_H
#define SCHEMA_COLUMNAR_COLUMNAR_UNPACK_H

#include "schema/columnar/columnar_format.h"
#include "schema/columnar/line_cut.h"

/* What is short is copied without asking for its size: texts of columns have as many bytes behind
 * them, and so has the place where they go. */
enum { COLUMNAR_NEAR = 32 };

/* Gives the place behind the copy. */
static inline char *columnar_put(char *to, const char *from, size_t size)
{
    memcpy(to, from, COLUMNAR_NEAR);
    if (size > COLUMNAR_NEAR) {
        memcpy(to + COLUMNAR_NEAR, from + COLUMNAR_NEAR, size - COLUMNAR_NEAR);
    }
    return to + size;
}

/* A column as it is stored. */
struct columnar_section {
    size_t offset; /* in the block */
    size_t size;
    struct span bytes; /* begun: without the checksum */
    uint64_t id;       /* one */
    uint32_t path;
    enum columnar_way way;
    uint8_t form; /* enum value_form_kind */
    bool has_odd;
    size_t n_values;
    size_t first_shape; /* in shapes_of_columns: the shapes that have it, as places in shapes */
    size_t n_shapes;
    struct columnar_column *column; /* in the arena: begun, with its ids alone; NULL: not yet */
    struct columnar_texts texts;    /* text: as they are packed; text NULL: not asked for */
    uint64_t *which;                /* text: of each value, which of them; NULL: in turn */
    struct columnar_numbers packed; /* form: as they are packed, when is_packed */
    bool is_packed;
    size_t order_by;       /* of text and a form: in what order they are packed */
    bool is_whole;         /* the rest of it is unpacked, too */
    size_t leader;         /* begun, follows: a section of ids */
    size_t at;             /* begun: where in the bytes the rest is */
    const uint16_t *slots; /* NULL: not asked for */
    const uint16_t *keys;  /* of lines, to order other columns; NULL: not asked for */
};

struct columnar_reader {
    const struct vocabulary *vocabulary;
    struct codec *codec;
    struct packer *packer;
    struct arena arena; /* the block's columns */
    struct span block;  /* unless it is fetched */
    columnar_fetch *fetch;
    void *context;
    size_t size; /* of the block */
    size_t end;  /* of what is known of it, while it is opened */
    bool lacks_vocabulary;
    size_t n_lines;
    VEC(uint64_t) shapes; /* of the vocabulary, those that the block uses */
    VEC(uint16_t) lines;  /* of each line, its place in shapes */
    uint32_t *shapes_of_columns;
    unsigned depth; /* columns that are unpacked, each of which needs the next */
    VEC(struct columnar_section) sections;
    VEC(uint32_t) column_of_path; /* section + 1 */
    struct buf scratch;
    VEC(uint64_t) numbers; /* of a column, as they are packed */
};

static inline const struct vocabulary_shape *
columnar_reader_shape(const struct columnar_reader *reader, size_t place)
{
    return vocabulary_shape(reader->vocabulary, (uint32_t)reader->shapes.items[place]);
}

/* Bytes of the block, which live until the next one. */
MUST_USE enum status columnar_reader_bytes(struct columnar_reader *reader, size_t offset,
                                           size_t size, struct span *out, struct err *err);

/* For each value of column i its place among the values when they are put in order by the keys of
 * their lines, each below n_keys. ERR_NOMEM. */
MUST_USE enum status columnar_reader_order(struct columnar_reader *reader, size_t i,
                                           const uint16_t *keys, size_t n_keys,
                                           const uint16_t **out_order, struct err *err);

#endif
