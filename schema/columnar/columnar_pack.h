/* Columns as they were planned, into bytes. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_PACK_H
#define SCHEMA_COLUMNAR_COLUMNAR_PACK_H

#include "schema/columnar/columnar_format.h"
#include "schema/columnar/columnar_plan.h"

enum { COLUMNAR_PACK_LEADERS_MAX = 3 };

struct columnar_pack {
    struct columnar_planner *planner;
    struct packer *packer;
    struct buf body; /* the sections, one behind the other */
    struct buf best; /* a column as it was smallest so far */

    /* what columns may be ordered by: first the shapes, then columns of ids */
    struct {
        size_t by; /* COLUMNAR_ORDER_... */
        size_t n_keys;
        VEC(uint16_t) keys; /* of each line */
    } orders[1 + COLUMNAR_PACK_LEADERS_MAX];
    size_t n_orders;

    VEC(uint16_t) values; /* of a column, in the order in which they are packed; empty: as lines */
    VEC(uint16_t) next;   /* by key: where in `values` the next one stands */
    VEC(uint64_t) numbers;
    VEC(uint64_t) ordered;
    struct buf texts;
};

void columnar_pack_fini(struct columnar_pack *pack);

/* Begins with a block that was planned, and appends the shapes of its lines to the body. */
MUST_USE enum status columnar_pack_shapes(struct columnar_pack *pack, struct err *err);
/* Appends the column of plan i, in the order that makes it smallest; its way may change. */
MUST_USE enum status columnar_pack_column(struct columnar_pack *pack, size_t i, struct err *err);

#endif
