/* Columns as they were planned, into bytes. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_PACK_H
#define SCHEMA_COLUMNAR_COLUMNAR_PACK_H

#include "schema/columnar/columnar_format.h"
#include "schema/columnar/columnar_plan.h"

struct columnar_pack {
    struct columnar_planner *planner;
    struct packer *packer;
    struct buf body;      /* the sections, one behind the other */
    VEC(uint16_t) values; /* of a column, in the order in which they are packed; empty: as lines */
    VEC(uint64_t) numbers;
    VEC(uint64_t) ordered;
    VEC(struct span) spans;
    VEC(uint32_t) firsts;
    struct index_table table;
    struct buf texts;
};

void columnar_pack_fini(struct columnar_pack *pack);

/* Appends the shapes of the lines to the body. */
MUST_USE enum status columnar_pack_shapes(struct columnar_pack *pack, struct err *err);
/* Appends a column, whose values stand in the order `by` (pack->values has it); `apart`: texts that
 * come again are packed once. */
MUST_USE enum status columnar_pack_way(struct columnar_pack *pack, const struct columnar_plan *plan,
                                       size_t by, bool apart, struct err *err);

#endif
