/* A writer's parts, and its checker's. Private to the room, and to the test of what becomes of a
 * block that does not read back. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_WRITER_H
#define SCHEMA_COLUMNAR_COLUMNAR_WRITER_H

#include "schema/columnar/columnar_arrange.h"

struct columnar_checker {
    struct vocabulary vocabulary; /* from the parts, as another process will have it */
    struct columnar_reader *reader;
    struct codec *codec;
    struct packer *packer; /* for reading parts */
    struct buf again;      /* the lines, read back */
};

struct columnar_writer {
    struct vocabulary vocabulary;
    struct columnar_checker checker;
    struct codec *codec;
    struct packer *packer;
    struct columnar_cut cut;
    struct columnar_planner planner;
    struct columnar_pack pack;
    struct columnar_arrange arrange;
    struct buf head;
};

MUST_USE enum status columnar_checker_init(struct columnar_checker *checker, struct err *err);
/* Zeroed or half-built is fine. */
void columnar_checker_fini(struct columnar_checker *checker);
/* True when the block gives these lines back. */
bool columnar_checker_reads_back(struct columnar_checker *checker, struct span block,
                                 const struct span *lines, size_t n_lines);
#endif
