/* How each column of a block is arranged: in which order its values are packed, and in which of
 * the ways that only packing can compare. All are tried now and then, and the smallest is
 * remembered. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_ARRANGE_H
#define SCHEMA_COLUMNAR_COLUMNAR_ARRANGE_H

#include "schema/columnar/columnar_pack.h"

enum { COLUMNAR_ARRANGE_LEADERS_MAX = 3 };

struct columnar_arrange {
    struct columnar_pack *pack;
    /* what columns may be ordered by: first the shapes, then columns of ids */
    struct {
        size_t by; /* COLUMNAR_ORDER_... */
        size_t n_keys;
        VEC(uint16_t) keys; /* of each line */
    } orders[1 + COLUMNAR_ARRANGE_LEADERS_MAX];
    size_t n_orders;
    VEC(uint16_t) next; /* by key: where the next value with it stands */
    struct buf best;    /* a column as it was smallest so far */
};

void columnar_arrange_fini(struct columnar_arrange *arrange);

/* Begins with a block that was planned. */
MUST_USE enum status columnar_arrange_begin(struct columnar_arrange *arrange, struct err *err);
/* Packs the column of plan i; its way may change. */
MUST_USE enum status columnar_arrange_column(struct columnar_arrange *arrange, size_t i,
                                             struct err *err);

#endif
