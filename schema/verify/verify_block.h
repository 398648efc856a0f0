/* One block: what is stored, its events, how they came. Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_BLOCK_H
#define SCHEMA_VERIFY_VERIFY_BLOCK_H

#include "schema/segment/segment.h"
#include "schema/verify/verify_segment.h"

/* For the day, which joins the blocks. */
struct verify_block_outcome {
    bool has_proof;
    struct digest chain; /* that of the proof */
    bool whole;          /* its events are what they were, or nothing says otherwise */
};

/* Into `lines` go the block's lines, if they are made. */
MUST_USE enum status verify_block(const struct verify_segment *verify, struct segment *segment,
                                  struct block_lines *lines, const struct block_info *info,
                                  struct verify_block_outcome *out, struct err *err);

#endif
