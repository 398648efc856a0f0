/* The words of a segment (FTS5) against the events and the dictionary. Words are many and their
 * trees change as blocks come, so they are compared as sums: for each block over all (word, event)
 * of hash64(word) mixed with the event's id, taken once from the events and once from the tables
 * (fts5vocab, https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module). Inside
 * schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_WORDS_H
#define SCHEMA_VERIFY_VERIFY_WORDS_H

#include "schema/block/batch.h"
#include "schema/segment/segment.h"
#include "schema/verify/verify_segment.h"

struct verify_words;

MUST_USE enum status verify_words_new(const struct verify_segment *verify, struct segment *segment,
                                      struct verify_words **out_words, struct err *err);
void verify_words_free(struct verify_words *words);

/* A block: begin, the cells of each field that is kept as text, end. can_tell false: its words are
 * passed over. */
void verify_words_begin(struct verify_words *words, const struct block_info *info, bool can_tell);
MUST_USE enum status verify_words_add(struct verify_words *words, const struct batch *batch,
                                      const struct batch_cell *cells, size_t count,
                                      struct err *err);
MUST_USE enum status verify_words_end(struct verify_words *words, struct err *err);

/* After all blocks. */
MUST_USE enum status verify_words_compare(struct verify_words *words, struct err *err);

#endif
