/* Writing the vectors of a block: what each event has one of. `packed` is for the function's own
 * use. Inside schema/ only. */
#ifndef SCHEMA_SEGMENT_BLOCK_VECTORS_H
#define SCHEMA_SEGMENT_BLOCK_VECTORS_H

#include "schema/block/batch.h"
#include "schema/segment/segment_internal.h"

/* Any payload, packed. */
MUST_USE enum status block_vectors_add(struct segment *segment, struct buf *packed,
                                       enum segment_vector kind, int64_t block, struct span payload,
                                       struct err *err);
#endif
