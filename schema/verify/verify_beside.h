/* What a block has beside its lines, by which searches and hunts pass it over: times and numbers of
 * its row, and the list of its observables. Both are made again of its columns, so that what was
 * changed is found even where the digest of what is stored was changed with it. Inside
 * schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_BESIDE_H
#define SCHEMA_VERIFY_VERIFY_BESIDE_H

#include "schema/segment/block_observables.h"
#include "schema/verify/verify_segment.h"

/* A thread's memory; zeroed to begin with. */
struct verify_beside {
    struct block_observables memory;
    struct observable_index index;
};
void verify_beside_fini(struct verify_beside *beside);

/* A block's list of observables: those of its events, and of `count` values of the vocabulary. */
struct verify_beside_list {
    bool is_there; /* it has one that can be read; else it is hunted by all it has */
    bool fits;     /* it is what they give */
    uint32_t first;
    uint32_t count;
};

/* A block whose events are whole. Looks at nothing but this block: what its list says of the values
 * that come before is for verify_beside_follow. */
MUST_USE enum status verify_beside_block(struct verify_beside *beside,
                                         const struct verify_segment *verify,
                                         struct segment *segment, const struct block_info *info,
                                         struct verify_beside_list *out_list, struct err *err);

/* The lists of a day so far: they follow each other in the values of the vocabulary that they have.
 * Zeroed to begin with. */
struct verify_beside_row {
    uint32_t next_value; /* those before it are in the lists so far */
    bool is_gap;         /* the block before has no list that can be read */
    int64_t last_id;     /* of the block before; 0: there is none */
};
/* The next block; NULL: its events are not whole. */
void verify_beside_follow(struct verify_beside_row *row, const struct verify_segment *verify,
                          const struct block_info *info, const struct verify_beside_list *list);
/* After the last block. */
MUST_USE enum status verify_beside_end(const struct verify_beside_row *row,
                                       const struct verify_segment *verify, struct segment *segment,
                                       struct err *err);

#endif
