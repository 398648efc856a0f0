/* What a block has beside its lines, by which searches and hunts pass it over: times and numbers of
 * its row, and the list of its observables. Both are made again of its columns, so that what was
 * changed is found even where the digest of what is stored was changed with it. Inside
 * schema/verify/; one thread. */
#ifndef SCHEMA_VERIFY_VERIFY_BESIDE_H
#define SCHEMA_VERIFY_VERIFY_BESIDE_H

#include "schema/segment/block_observables.h"
#include "schema/verify/verify_segment.h"

/* Zeroed to begin with; for the blocks of a segment, in order. */
struct verify_beside {
    struct block_observables memory;
    struct observable_index index;
    uint32_t next_value; /* of the vocabulary: those before it are in the lists so far */
    bool is_gap;         /* the block before has no list that can be read */
};
void verify_beside_fini(struct verify_beside *beside);

/* A block whose events are whole. */
MUST_USE enum status verify_beside_block(struct verify_beside *beside,
                                         const struct verify_segment *verify,
                                         struct segment *segment, const struct block_info *info,
                                         struct err *err);
/* After the last block. */
MUST_USE enum status verify_beside_end(struct verify_beside *beside,
                                       const struct verify_segment *verify, struct segment *segment,
                                       struct err *err);

#endif
