/* Appending to a segment. Inside schema/ only; one thread, one writer for a segment at a time (the
 * archive's lock). What is added is in one transaction from the first block to the commit. After
 * any failure the writer is of no more use: close it, which undoes what is not committed. */
#ifndef SCHEMA_SEGMENT_WRITER_H
#define SCHEMA_SEGMENT_WRITER_H

#include "schema/batch.h"
#include "schema/segment_internal.h"

/* Fields of one segment; the values of further ones are found by scan. */
enum { SEGMENT_FIELDS_MAX = 4096, SEGMENT_TEXT_BYTES_MAX = 64 * 1024 };

struct segment_writer;

/* Opens the day's segment, made when it is not there. */
MUST_USE enum status segment_writer_open(const char *dir, int64_t day_us, int compression_level,
                                         struct segment_writer **out_writer, struct err *err);
/* NULL is fine. */
void segment_writer_close(struct segment_writer *writer);

int64_t segment_writer_day_us(const struct segment_writer *writer);
/* The segment as the writer sees it, uncommitted blocks included. */
struct segment *segment_writer_segment(struct segment_writer *writer);

/* Appends the batch's events as one block. */
MUST_USE enum status segment_writer_add(struct segment_writer *writer, const struct batch *batch,
                                        const struct paths *paths, struct err *err);

/* Commits (fsynced). inbox_id > 0: from now on the segment holds that archive's inbox up to it. */
MUST_USE enum status segment_writer_commit(struct segment_writer *writer, const char *archive_id,
                                           int64_t inbox_id, struct err *err);

/* How the fields of a block are kept: see segment.h. Adds the columns, new values and text terms
 * of the batch's cells as block `block`; out_text_fields gets the ids of the fields kept as text,
 * as delta varints; events that are not shown whole are set in *partial. (block_fields.c) */
struct dictionary;
MUST_USE enum status block_fields_write(struct segment *segment, struct dictionary *dictionary,
                                        uint32_t *field_of_path, const struct batch *batch,
                                        const struct paths *paths, int64_t block,
                                        struct buf *out_text_fields, struct bitmap *partial,
                                        struct err *err);

#endif
