/* Appending to a segment. One writer for a segment at a time (the archive's lock), and one thread,
 * but for segment_writer_pack and segment_writer_store, which may run beside each other. What is
 * added is in one transaction from the first block to the commit. After any failure the writer is
 * of no more use: close it, which undoes what is not committed. */
#ifndef SCHEMA_SEGMENT_SEGMENT_WRITER_H
#define SCHEMA_SEGMENT_SEGMENT_WRITER_H

#include "schema/block/batch.h"
#include "schema/segment/segment.h"

struct segment_writer;

/* Opens the day's segment, made when it is not there. */
MUST_USE enum status segment_writer_open(const char *dir, int64_t day_us, int compression_level,
                                         struct segment_writer **out_writer, struct err *err);
/* NULL is fine. */
void segment_writer_close(struct segment_writer *writer);

/* How many blocks are damaged, so that it is not known what they hold: such events, when they come
 * again, are not found by segment_writer_known. */
size_t segment_writer_unread(const struct segment_writer *writer);

int64_t segment_writer_day_us(const struct segment_writer *writer);
/* The segment as the writer sees it, uncommitted blocks included. */
struct segment *segment_writer_segment(struct segment_writer *writer);

/* Whether the segment may hold an event of the batch already; looks only at what was packed, so may
 * be asked while another thread stores. */
bool segment_writer_may_know(const struct segment_writer *writer, const struct batch *batch);
/* Sets the bits of the batch's events that the segment holds already (event_same). */
MUST_USE enum status segment_writer_known(struct segment_writer *writer, const struct batch *batch,
                                          struct bitmap *out_known, struct err *err);

/* A segment without blocks: the number of its first one, where it is not to be 1 (blocks of the day
 * were deleted, schema/index/deletion.h). Before the first segment_writer_add. */
void segment_writer_number_from(struct segment_writer *writer, int64_t first_block);

/* Appends the batch's events as one block. */
MUST_USE enum status segment_writer_add(struct segment_writer *writer, const struct batch *batch,
                                        struct err *err);

/* The same in two steps: packing, and storing what was packed, in that order of batches. Packing
 * the next batch needs nothing of what the thread that stores has under work: each has a vocabulary
 * of its own. All else that a writer does waits until neither is under way. */
struct block_pack_made;
/* NULL: out of memory. Keeps its memory from batch to batch. */
struct block_pack_made *segment_writer_made_new(void);
/* NULL is fine. */
void segment_writer_made_free(struct block_pack_made *packed);
/* The batch must stay as it is until it is stored. */
MUST_USE enum status segment_writer_pack(struct segment_writer *writer, const struct batch *batch,
                                         struct block_pack_made *packed, struct err *err);
MUST_USE enum status segment_writer_store(struct segment_writer *writer,
                                          struct block_pack_made *packed, struct err *err);

/* Commits (fsynced). inbox_id > 0: from now on the segment holds that archive's inbox up to it. */
MUST_USE enum status segment_writer_commit(struct segment_writer *writer, const char *archive_id,
                                           int64_t inbox_id, struct err *err);

/* A file that is not a day of an archive (schema/copy/copy_writer.h): made with the tables of a
 * segment, in a transaction that is open. */
MUST_USE enum status segment_writer_create_file(const char *path, struct sqlite3 **out_db,
                                                struct err *err);
/* Writes into such a file; the writer closes the handle in any case. */
MUST_USE enum status segment_writer_open_file(struct sqlite3 *db, const char *path, int64_t day_us,
                                              int compression_level,
                                              struct segment_writer **out_writer, struct err *err);
/* Commits what a writer of such a file has added, without a sync. The segment can be asked then,
 * and nothing more be added. */
MUST_USE enum status segment_writer_end(struct segment_writer *writer, struct err *err);

#endif
