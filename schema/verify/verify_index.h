/* The indexes of a segment against the events themselves: each event is read again, and what a
 * block's vectors, columns and words say must be what it says. Sources and marks are not part of
 * the events; the digest of the index covers them (schema/segment/block_proof.h). Events that are
 * marked partial, and the words of blocks that have some, are passed over: they are searched by
 * their bytes. Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_INDEX_H
#define SCHEMA_VERIFY_VERIFY_INDEX_H

#include "schema/segment/segment.h"
#include "schema/verify/verify_segment.h"

struct verify_index;

MUST_USE enum status verify_index_new(const struct verify_segment *verify, struct segment *segment,
                                      struct verify_index **out_index, struct err *err);
void verify_index_free(struct verify_index *index);

/* A block whose events are whole. */
MUST_USE enum status verify_index_block(struct verify_index *index, const struct block_info *info,
                                        struct err *err);

/* After all blocks: the words of their texts, and those of the dictionary. */
MUST_USE enum status verify_index_words(struct verify_index *index, struct err *err);

#endif
