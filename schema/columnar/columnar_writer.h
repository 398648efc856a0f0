/* A writer's parts. Private to the room, and to the test of what becomes of a block that does not
 * read back. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_WRITER_H
#define SCHEMA_COLUMNAR_COLUMNAR_WRITER_H

#include "schema/columnar/columnar_arrange.h"

struct columnar_writer {
    struct vocabulary vocabulary;
    struct vocabulary copy;         /* from the parts, as another process will have it */
    struct columnar_reader *reader; /* of the copy */
    struct codec *codec;
    struct packer *packer;
    struct columnar_cut cut;
    struct columnar_planner planner;
    struct columnar_pack pack;
    struct columnar_arrange arrange;
    struct buf head;
    struct buf again; /* the lines, read back */
};

#endif
