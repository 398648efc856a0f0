/* One block: what is stored, its events, how they came, its place in the chain. Inside
 * schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_BLOCK_H
#define SCHEMA_VERIFY_VERIFY_BLOCK_H

#include "schema/segment/segment.h"
#include "schema/verify/verify_segment.h"

struct verify_block {
    const struct verify_segment *verify;
    struct segment *segment;
    struct block_lines lines;
    struct digest chain; /* of the blocks before; grows with each */
    struct digest other; /* what it is if the proof that did not continue it is right */
};
void verify_block_fini(struct verify_block *work);

/* *out_whole: its events are what they were, or nothing says otherwise. */
MUST_USE enum status verify_block(struct verify_block *work, const struct block_info *info,
                                  bool *out_whole, struct err *err);

#endif
