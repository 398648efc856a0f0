/* A line, one JSON object, cut into its shape and its values, so that the values put back into the
 * shape's holes give the line again, byte for byte. Pure functions, any thread.
 *
 * Shape: all bytes outside of values: keys, order, blanks, brackets; where a value stood, a hole.
 * Value: what stands behind a key's colon, as it is spelled: a string with its quotes, a bare word
 * (a number, true, null), a whole array, or an object that is too deep to be cut. Nothing is
 * unescaped or checked, so 1.0, -0 and \u0041 stay as they are. */
#ifndef SCHEMA_COLUMNAR_LINE_CUT_H
#define SCHEMA_COLUMNAR_LINE_CUT_H

#include "schema/base/span.h"

/* What is over a bound is not cut. */
enum {
    LINE_CUT_BYTES_MAX = 64 * 1024,
    LINE_CUT_SHAPE_BYTES_MAX = 8 * 1024,
    LINE_CUT_VALUES_MAX = 256,
    LINE_CUT_DEPTH_MAX = 6, /* objects in objects; what is deeper is one value */
};

/* No line has this byte outside of its values: a control character is no JSON there. */
#define LINE_CUT_HOLE '\x01'

struct line_cut {
    size_t shape_size;
    size_t n_values;
    struct span values[LINE_CUT_VALUES_MAX]; /* parts of the line */
    char shape[LINE_CUT_SHAPE_BYTES_MAX];
};

/* Objects are opened down to `depth` (1: only the line's own). False when the line is to be kept
 * whole: it is no object, something stands behind the object, a string holds a control character,
 * or a bound is reached. */
bool line_cut(struct span line, int depth, struct line_cut *out);

/* The end of the string that begins at line[at], a quote: the place behind its last quote; 0 when
 * it has no end, or a control character in it. */
size_t line_cut_string_end(struct span line, size_t at);

#endif
