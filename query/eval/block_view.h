/* One block of a segment at a time, its parts read when first asked for and kept until the view
 * moves on. One thread. */
#ifndef QUERY_EVAL_BLOCK_VIEW_H
#define QUERY_EVAL_BLOCK_VIEW_H

#include "schema/block/bitmap.h"
#include "schema/segment/segment.h"

enum { BLOCK_VIEW_COLUMNS = 8 };

struct block_view_column {
    long field; /* -1: free */
    uint64_t used;
    struct column column;
};

struct block_view {
    struct segment *segment;
    const struct block_info *info;
    uint64_t clock;
    bool has_times;
    bool has_arrivals;
    bool has_partial;
    bool has_text_fields;
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t arrivals_us[BLOCK_EVENTS_MAX];
    struct bitmap partial;
    uint32_t *text_fields;
    size_t n_text_fields;
    size_t text_fields_capacity;
    struct block_lines lines;
    struct arena arena; /* of the event parsed last */
    struct block_view_column columns[BLOCK_VIEW_COLUMNS];
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
MUST_USE enum status block_view_partial(struct block_view *view, const struct bitmap **out_map,
                                        struct err *err);
/* Is the field kept as text in this block? */
MUST_USE enum status block_view_is_text(struct block_view *view, size_t field, bool *out_is,
                                        struct err *err);
/* Lives until the view moves, or BLOCK_VIEW_COLUMNS others were read. */
MUST_USE enum status block_view_column(struct block_view *view, size_t field,
                                       const struct column **out_column, struct err *err);
/* No more of it than the filter wants; what is not whole is not kept for the next one. */
MUST_USE enum status block_view_column_filtered(struct block_view *view, size_t field,
                                                struct column_filter *filter,
                                                const struct column **out_column, struct err *err);
/* All columns of the block's events, or of how they came. They live until the view moves. */
MUST_USE enum status block_view_columns(struct block_view *view, enum segment_data which,
                                        struct block_columns *out_columns, struct err *err);
/* The bytes of all the block's events, a line each; live until the view moves. */
MUST_USE enum status block_view_ndjson(struct block_view *view, struct span *out_ndjson,
                                       struct err *err);
/* Which event the byte at `offset` of them belongs to, and where the next one begins. */
MUST_USE enum status block_view_slot_at(struct block_view *view, size_t offset, size_t *out_slot,
                                        size_t *out_next, struct err *err);
/* The event's bytes; live until the view moves. */
MUST_USE enum status block_view_line(struct block_view *view, size_t slot, struct span *out_line,
                                     struct err *err);
/* The event read from its bytes, with its time as the archive has it; lives until the next one is
 * read or the view moves. */
MUST_USE enum status block_view_event(struct block_view *view, size_t slot, struct event *out_event,
                                      struct err *err);

#endif
