/* What writing and reading a columnar block share. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_FORMAT_H
#define SCHEMA_COLUMNAR_COLUMNAR_FORMAT_H

#include "schema/columnar/columnar.h"

enum {
    COLUMNAR_VERSION = 1,
    COLUMNAR_HEAD_BYTES_MAX = 64 * 1024,
    /* the byte of a column's way: the way, its form, whether it has odd values */
    COLUMNAR_WAY_MASK = 7,
    COLUMNAR_FORM_SHIFT = 3,
    COLUMNAR_FORM_MASK = 7,
    COLUMNAR_HAS_ODD = 64,
    /* the texts of a column: as many bytes as all lines of a block can have */
    COLUMNAR_TEXT_BYTES_MAX = 1 << 30,
};

/* The order in which the values of a column are packed: as their lines, by the shapes of these, or
 * by the value that the line has in another column of ids (lines without one first); values with
 * one key stay in order. Stored in files: never renumber. */
enum {
    COLUMNAR_ORDER_LINES = 0,
    COLUMNAR_ORDER_SHAPES = 1,
    COLUMNAR_ORDER_COLUMN = 2, /* and more: of the column with this number less two */
    /* the other column may be ordered by a third one, ...: so many in all */
    COLUMNAR_ORDER_DEPTH_MAX = 4,
};

#endif
