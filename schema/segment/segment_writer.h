/* Appending to a segment. One writer for a segment at a time (the archive's lock), and one thread,
 * but for segment_writer_pack and segment_writer_store, which may run beside each other. What is
 * added is in one transaction from the first block to the commit. After any failure the writer is
 * of no more use: close it, which undoes what is not committed. */
#ifndef SCHEMA_SEGMENT_SEGMENT_WRITER_H
#define SCHEMA_SEGMENT_SEGMENT_WRITER_H

#include "schema/block/batch.h"
#include "schema/segment/segment.h"

struct segment_writer;

/* Opens the file that has the day; where none has, its own is made. */
MUST_USE enum status segment_writer_open(const char *dir, int64_t day_us, int compression_level,
                                         struct segment_writer **out_writer, struct err *err);
/* Opens the file of merged days at that path, which is named by first_us and made when it is not
 * there, for blocks of day_us. */
MUST_USE enum status segment_writer_open_merged(const char *path, int64_t first_us, int64_t day_us,
                                                int compression_level,
                                                struct segment_writer **out_writer,
                                                struct err *err);
/* NULL is fine. */
void segment_writer_close(struct segment_writer *writer);

/* How many blocks are damaged, so that it is not known what they hold: such events, when they come
 * again, are not found by segment_writer_known. */
size_t segment_writer_unread(const struct segment_writer *writer);

/* Whether the file has blocks of the day, or it is in use. */
bool segment_writer_has_day(struct segment_writer *writer, int64_t day_us);
/* Whether segment_writer_use_day was called for it: does not look at what another thread stores. */
bool segment_writer_uses_day(struct segment_writer *writer, int64_t day_us);
/* Before batches of another day than that of the opening are asked for and packed: learns what the
 * file has of it. first_block: the number of its first block, if it has none yet. While no other
 * thread stores. */
MUST_USE enum status segment_writer_use_day(struct segment_writer *writer, int64_t day_us,
                                            int64_t first_block, struct err *err);
/* The segment as the writer sees it, uncommitted blocks included; the day used last is selected. */
struct segment *segment_writer_segment(struct segment_writer *writer);

/* Whether the segment may hold an event of the batch already; looks only at what was packed, so may
 * be asked while another thread stores. */
bool segment_writer_may_know(const struct segment_writer *writer, const struct batch *batch);
/* Sets the bits of the batch's events that the segment holds already (event_same). */
MUST_USE enum status segment_writer_known(struct segment_writer *writer, const struct batch *batch,
                                          struct bitmap *out_known, struct err *err);

/* The day used last, without blocks: the number of its first one, where it is not to be 1 (blocks
 * of the day were deleted, schema/index/deletion.h). Before the first segment_writer_add. */
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

/* Appends a block of another segment, packed again: with its day and number, its events, how they
 * came and all that proves it but for the digest of what is stored. ERR_CORRUPT: it is damaged, or
 * what was packed does not tell the same times and identities: it stays where it is. */
MUST_USE enum status segment_writer_add_block(struct segment_writer *writer, struct segment *from,
                                              const struct block_info *block, struct err *err);

/* Commits (fsynced). inbox_id > 0: from now on the segment holds that archive's inbox up to it. */
MUST_USE enum status segment_writer_commit(struct segment_writer *writer, const char *archive_id,
                                           int64_t inbox_id, struct err *err);

/* Takes the day's blocks out of a file of merged days, which gets smaller, or goes with its last
 * day. Nothing to do when it has not the day. The vocabulary stays, as other blocks are told by it.
 * ERR_NOT_FOUND: no such file. */
MUST_USE enum status segment_writer_remove_day(const char *path, int64_t day_us, struct err *err);

/* Deletes a segment's file and its log, as far as they are there, for good. Readers that have it
 * open go on. */
MUST_USE enum status segment_unlink(const char *path, struct err *err);

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
