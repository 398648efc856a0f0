/* What writing and reading a columnar block share. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_FORMAT_H
#define SCHEMA_COLUMNAR_COLUMNAR_FORMAT_H

#include "schema/columnar/columnar.h"

enum {
    COLUMNAR_VERSION = 1,
    COLUMNAR_HEAD_BYTES_MAX = 64 * 1024,
    /* the texts of a column: as many bytes as all lines of a block can have */
    COLUMNAR_TEXT_BYTES_MAX = 1 << 30,
};

#endif
