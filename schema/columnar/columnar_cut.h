/* The lines of a block, cut: the shape of each, and its values sorted into columns. The first half
 * of writing a block; private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_CUT_H
#define SCHEMA_COLUMNAR_COLUMNAR_CUT_H

#include "schema/columnar/columnar.h"
#include "schema/columnar/line_cut.h"

/* The values of one path, in the order of their lines. */
struct columnar_cut_column {
    uint32_t path;
    struct columnar_cut_values VEC_OF(struct span) values;
    VEC(uint16_t) lines; /* of each value */
};

struct columnar_cut {
    struct vocabulary *vocabulary;
    uint64_t *seen; /* fingerprints of shapes that came once, in this block or before */

    VEC(uint32_t) shapes;                    /* of each line: a place in used_shapes */
    VEC(uint32_t) used_shapes;               /* of the vocabulary, in the order they came */
    VEC(struct columnar_cut_column) columns; /* the first n_columns are this block's */
    size_t n_columns;

    VEC(uint32_t) place_of_shape; /* by shape: its place in used_shapes + 1, 0 when not used */
    VEC(uint32_t) column_of_path; /* by path: column + 1 */
    VEC(struct columnar_cut_line) lines;
    VEC(struct span) cells; /* the values of all lines */
    struct line_cut line;   /* the one that is cut now */
};

MUST_USE enum status columnar_cut_init(struct columnar_cut *cut, struct vocabulary *vocabulary,
                                       struct err *err);
void columnar_cut_fini(struct columnar_cut *cut);

/* Cuts the lines; shapes that are worth it go into the vocabulary. */
MUST_USE enum status columnar_cut_lines(struct columnar_cut *cut, const struct span *lines,
                                        size_t n_lines, struct err *err);
/* Keeps each line whole, as a value of the path of the line itself. */
MUST_USE enum status columnar_cut_whole(struct columnar_cut *cut, const struct span *lines,
                                        size_t n_lines, struct err *err);

#endif
