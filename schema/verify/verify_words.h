/* The words of a segment's text (FTS5) against its text. Words are many and their trees change as
 * blocks come, so they are compared as sums: for each block over its words of hash64(word) mixed
 * with the block's number, taken once from the columns and once from the table (fts5vocab,
 * https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module). Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_WORDS_H
#define SCHEMA_VERIFY_VERIFY_WORDS_H

#include "schema/segment/segment.h"
#include "schema/verify/verify_segment.h"

struct verify_words;

MUST_USE enum status verify_words_new(const struct verify_segment *verify, struct segment *segment,
                                      struct verify_words **out_words, struct err *err);
/* NULL is fine. */
void verify_words_free(struct verify_words *words);

/* A block whose events are whole. */
MUST_USE enum status verify_words_block(struct verify_words *words, const struct block_info *info,
                                        struct err *err);

/* After all blocks. */
MUST_USE enum status verify_words_compare(struct verify_words *words, struct err *err);

#endif
