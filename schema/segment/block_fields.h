/* How the fields of a block are kept (schema/segment/segment.h): decided by counting, field by
 * field (block_fields.c), written as columns (block_columns.c) or as terms (block_terms.c), and the
 * observables in them (block_observed.c). Inside
 * schema/ only; one thread. */
#ifndef SCHEMA_SEGMENT_BLOCK_FIELDS_H
#define SCHEMA_SEGMENT_BLOCK_FIELDS_H

#include "schema/block/batch.h"
#include "schema/block/column_predict.h"
#include "schema/block/dictionary.h"
#include "schema/block/observable_index.h"
#include "schema/segment/segment_internal.h"

/* Fields of one segment; the values of further ones are found by scan. */
enum { BLOCK_FIELDS_MAX = 4096, BLOCK_FIELDS_TEXT_BYTES_MAX = 64 * 1024 };

/* What a segment's writer remembers from block to block. */
struct block_fields_memory {
    uint32_t field_of_path[PATH_TABLE_MAX]; /* field id + 1, for the paths of one indexer */
    struct column_predict_memory relations[BLOCK_FIELDS_MAX];
    struct observable_scanner observer;
    struct observable_index_builder observed; /* of the block */
    struct observable_index_builder found;    /* of a value */
};
void block_fields_memory_fini(struct block_fields_memory *memory);

/* One field's cells of the block, by slot, and its distinct values. */
struct block_fields_cells {
    uint32_t field;
    const struct batch_cell *cells;
    size_t count;
    const uint32_t *distinct; /* values of the batch */
    uint32_t n_distinct;
    bool several; /* some event has more than one */
    bool ports;   /* some cell has one */
};

/* A column that waits to be written. */
struct block_fields_draft {
    uint32_t field;
    struct column_source source;
};

/* What one block's fields are worked on with. */
struct block_fields_work {
    struct segment *segment;
    struct dictionary *dictionary;
    struct block_fields_memory *memory;
    const struct batch *batch;
    int64_t block;
    size_t n_events;
    struct bitmap *partial;
    struct arena arena; /* until the block is done */
    uint32_t *seen;     /* by value of the batch: number among the field's distinct values + 1 */
    struct buf drafts;  /* struct block_fields_draft */
    struct buf texts;   /* struct batch_cell of text fields, by field */
    struct buf named;   /* struct batch_cell: named values that stand whole in no column */
    struct buf *text_fields;
    uint32_t text_field_before; /* last id in text_fields */
    struct buf encoded;
};

/* Adds the columns, new values and text terms of the batch's cells as block `block`;
 * out_text_fields gets the ids of the fields kept as text, as delta varints; events that are not
 * shown whole are set in *partial. */
MUST_USE enum status block_fields_write(struct segment *segment, struct dictionary *dictionary,
                                        struct block_fields_memory *memory,
                                        const struct batch *batch, int64_t block,
                                        struct buf *out_text_fields, struct bitmap *partial,
                                        struct err *err);

/* Drafts: ids[d] is what the d-th distinct value is in the dictionary; numbers[d] its number. */
MUST_USE enum status block_fields_draft_values(struct block_fields_work *work,
                                               const struct block_fields_cells *field,
                                               const uint32_t *ids, struct err *err);
MUST_USE enum status block_fields_draft_numbers(struct block_fields_work *work,
                                                const struct block_fields_cells *field,
                                                const int64_t *numbers, struct err *err);
/* Writes all drafts as columns. */
MUST_USE enum status block_fields_write_drafts(struct block_fields_work *work, struct err *err);


/* Writes the observables of the values from first_value on, of work->texts and of work->named. */
MUST_USE enum status block_fields_write_observables(struct block_fields_work *work,
                                                    uint32_t first_value, struct err *err);

#endif
