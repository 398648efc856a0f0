/* One block of a segment at a time, its parts read when first asked for and kept until the view
 * moves on. One thread. */
#ifndef QUERY_EVAL_BLOCK_VIEW_H
#define QUERY_EVAL_BLOCK_VIEW_H

#include "schema/block/bitmap.h"
#include "schema/segment/segment.h"

struct block_view {
    struct segment *segment;
    const struct block_info *info;
    bool has_times;
    bool has_arrivals;
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t arrivals_us[BLOCK_EVENTS_MAX];
    struct block_lines lines;
    struct arena arena; /* of the event parsed last */
};

/* NULL: out of memory (a view is large). The segment must outlive it. */
struct block_view *block_view_new(struct segment *segment);
/* NULL is fine. */
void block_view_free(struct block_view *view);
/* On to another block of the segment. */
void block_view_move(struct block_view *view, const struct block_info *info);

MUST_USE enum status block_view_times(struct block_view *view, const int64_t **out_us,
                                      struct err *err);
MUST_USE enum status block_view_arrivals(struct block_view *view, const int64_t **out_us,
                                         struct err *err);
/* All columns of the block's events, or of how they came. They live until the view moves. */
MUST_USE enum status block_view_columns(struct block_view *view, enum segment_data which,
                                        struct block_columns *out_columns, struct err *err);
/* The event's bytes; live until the view moves. */
MUST_USE enum status block_view_line(struct block_view *view, size_t slot, struct span *out_line,
                                     struct err *err);
/* The event read from its bytes, with its time as the archive has it; lives until the next one is
 * read or the view moves. */
MUST_USE enum status block_view_event(struct block_view *view, size_t slot, struct event *out_event,
                                      struct err *err);

#endif
