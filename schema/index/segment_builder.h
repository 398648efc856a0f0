/* Batches into blocks, on a thread of its own: while the caller reads and parses events into the
 * next batches, this one packs and stores those that are full. The builder owns the open segments.
 * One caller's thread; what it hands over with segment_builder_put is the builder's until
 * segment_builder_reclaim. Inside schema/ only. */
#ifndef SCHEMA_INDEX_SEGMENT_BUILDER_H
#define SCHEMA_INDEX_SEGMENT_BUILDER_H

#include "schema/block/batch.h"
#include "schema/file/file.h"

struct segment_builder;

/* merge_before_us: of indexer_options. */
MUST_USE enum status segment_builder_new(const char *dir, const char *archive_id,
                                         int compression_level, int64_t merge_before_us,
                                         struct segment_builder **out_builder, struct err *err);
/* Forgets all that is not committed. NULL is fine. */
void segment_builder_free(struct segment_builder *builder);

/* Hands a batch over; waits while BUILDER_QUEUE_MAX others are under way. What the segment has
 * already is taken out of it first. Unless `all`, a batch that this has thinned out is not written.
 * The batch is taken in any case. ERR of an earlier batch: the builder is then of no more use. */
MUST_USE enum status segment_builder_put(struct segment_builder *builder, struct batch *batch,
                                         bool all, int64_t inbox_id, struct err *err);
/* A batch that is done with: empty, or thinned out and to be filled up. NULL: none now. */
struct batch *segment_builder_reclaim(struct segment_builder *builder);

/* Waits until nothing is under way: what comes back from then on has come back. */
MUST_USE enum status segment_builder_wait(struct segment_builder *builder, struct err *err);

/* Waits for all batches, commits every segment, and adds to `counters` what became of the events
 * since the last time, and to *unread_blocks the damaged blocks of segments that were opened
 * (segment_writer_unread). inbox_id > 0: the segments then hold the inbox up to it. */
MUST_USE enum status segment_builder_commit(struct segment_builder *builder, int64_t inbox_id,
                                            int64_t *counters, int64_t *unread_blocks,
                                            struct err *err);

/* Memory of the batches that are under way, about. */
size_t segment_builder_bytes(struct segment_builder *builder);

#endif
