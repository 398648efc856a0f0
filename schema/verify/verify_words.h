/* The words of a segment's text (FTS5) against its text. Words are many and their trees change as
 * blocks come, so they are compared as sums: for each block over its words of hash64(word) mixed
 * with the block's number, taken once from the columns and once from the table (fts5vocab,
 * https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module). Inside schema/verify/. */
#ifndef SCHEMA_VERIFY_VERIFY_WORDS_H
#define SCHEMA_VERIFY_VERIFY_WORDS_H

#include "schema/base/vec.h"
#include "schema/segment/block_words.h"
#include "schema/verify/verify_segment.h"

/* A thread's memory; zeroed to begin with. */
struct verify_words {
    struct block_words text;
    struct verify_word_set {
        uint64_t *slots; /* hashes of words; 0 is free */
        size_t mask;     /* one less than the number of slots, which is a power of two */
        size_t count;    /* at most half of the slots */
    } seen;              /* of the block at hand */
    uint64_t sum;
    int64_t block;
    bool nomem;
};
void verify_words_fini(struct verify_words *words);

/* What the words of a block are by its text; *out_has: false when that cannot be read. For a block
 * whose events are whole. */
MUST_USE enum status verify_words_block(struct verify_words *words,
                                        const struct verify_segment *verify,
                                        struct segment *segment, const struct block_info *info,
                                        uint64_t *out_sum, bool *out_has, struct err *err);

/* What the table of a segment has. Zeroed to begin with; one thread at a time. */
struct verify_word_table {
    struct verify_word_sum {
        int64_t block;
        bool is_wanted;
        uint64_t wanted; /* by the text */
        uint64_t found;  /* by the table */
    } * sums;            /* by block */
    size_t n_sums;
    bool is_read; /* all of it */
    bool tree_is_damaged;
    enum status status; /* of reading it */
    struct err err;
};
void verify_word_table_fini(struct verify_word_table *table);

/* Reads it; what fails is told by verify_word_table_compare. No columns of the segment are open
 * afterwards. */
void verify_word_table_read(struct verify_word_table *table, struct segment *segment);
/* What the table should have of a block. */
void verify_word_table_want(struct verify_word_table *table, int64_t block, uint64_t sum);
/* After all blocks. */
MUST_USE enum status verify_word_table_compare(const struct verify_word_table *table,
                                               const struct verify_segment *verify,
                                               struct err *err);

#endif
