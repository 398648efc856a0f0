/* The words of a block's text: of all values that are neither in the vocabulary nor told by a form
 * (the odd ones of a column with a form are not), and of lines that were not cut. One row a block
 * in the segment's index, so that a question for rare words skips most blocks. Inside schema/ only;
 * one thread. */
#ifndef SCHEMA_SEGMENT_BLOCK_WORDS_H
#define SCHEMA_SEGMENT_BLOCK_WORDS_H

#include "schema/columnar/columnar_recent.h"
#include "schema/event/event_value.h"
#include "schema/segment/segment.h"

/* Memory that is kept from block to block; zeroed to begin with. */
struct block_words {
    struct event_value_reader reader;
    struct buf text; /* what was gathered: values, DB_RECORD_SEPARATOR behind each */
    struct arena arena;
    struct columnar_recents recents; /* of the column: a value is gathered once, about */
};
void block_words_fini(struct block_words *words);

/* Gathers the text of a block of events into words->text; empty: it has none. */
MUST_USE enum status block_words_gather(struct block_words *words,
                                        const struct block_columns *columns, struct err *err);

#endif
