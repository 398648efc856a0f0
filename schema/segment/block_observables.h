/* The list of a block's observables (schema/segment/segment_observable.h), made of its columns.
 * Inside schema/ only. */
#ifndef SCHEMA_SEGMENT_BLOCK_OBSERVABLES_H
#define SCHEMA_SEGMENT_BLOCK_OBSERVABLES_H

#include "schema/columnar/columnar_recent.h"
#include "schema/segment/segment_observable.h"

/* Memory that is kept from block to block; zeroed to begin with. One thread. */
struct block_observables {
    struct observable_index_builder draft;
    struct segment_observable_scanner scanner;
    VEC(uint64_t) values; /* the new ones: path << 32 | value */
    struct buf list;
    struct columnar_recents recents; /* of the column: a value is looked at once, about */
};
void block_observables_fini(struct block_observables *memory);

/* Makes memory->list, of a block whose events' columns are open; with it the values from value_from
 * up to and without value_to came into the vocabulary. */
MUST_USE enum status block_observables_make(struct segment *segment,
                                            struct block_observables *memory,
                                            const struct block_columns *columns,
                                            uint32_t value_from, uint32_t value_to,
                                            struct err *err);

#endif
