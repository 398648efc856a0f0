/* What of a block was read stays until the view moves on. By the view's thread; reads only. */
#include "query/eval/block_view.h"
#include "schema/block/bitmap.h"
#include "schema/segment/segment.h"

#include <stdlib.h>

struct block_view *block_view_new(struct segment *segment)
{
    struct block_view *view = calloc(1, sizeof *view);
    if (view) {
        view->segment = segment;
        view->lines = (struct block_lines)BLOCK_LINES_INIT;
    }
    return view;
}

void block_view_free(struct block_view *view)
{
    if (view) {
        block_lines_fini(&view->lines);
        arena_fini(&view->arena);
        free(view);
    }
}

void block_view_move(struct block_view *view, const struct block_info *info)
{
    if (view->info == info) {
        return;
    }
    view->info = info;
    view->has_times = view->has_arrivals = false;
}

enum status block_view_times(struct block_view *view, const int64_t **out_us, struct err *err)
{
    enum status status = OK;
    if (!view->has_times) {
        status = segment_times(view->segment, view->info->id, view->times_us, err);
        view->has_times = status == OK;
    }
    if (status == OK) {
        *out_us = view->times_us;
    }
    return status;
}

enum status block_view_arrivals(struct block_view *view, const int64_t **out_us, struct err *err)
{
    enum status status = OK;
    if (!view->has_arrivals) {
        status = segment_arrivals(view->segment, view->info->id, view->arrivals_us, err);
        view->has_arrivals = status == OK;
    }
    if (status == OK) {
        *out_us = view->arrivals_us;
    }
    return status;
}

enum status block_view_columns(struct block_view *view, enum segment_data which,
                               struct block_columns *out_columns, struct err *err)
{
    return segment_open_columns(view->segment, which, view->info->id, out_columns, err);
}

enum status block_view_line(struct block_view *view, size_t slot, struct span *out_line,
                            struct err *err)
{
    enum status status = segment_lines(view->segment, view->info->id, &view->lines, err);
    if (status == OK) {
        *out_line = block_line(&view->lines, slot);
    }
    return status;
}

enum status block_view_event(struct block_view *view, size_t slot, struct event *out_event,
                             struct err *err)
{
    struct span line;
    const int64_t *arrivals_us;
    enum status status = block_view_line(view, slot, &line, err);
    status = THEN(status, block_view_arrivals(view, &arrivals_us, err));
    if (status != OK) {
        return status;
    }
    arena_reset(&view->arena);
    struct event event;
    if (!event_parse(line, arrivals_us[slot], &view->arena, &event)) {
        return err_set(err, ERR_CORRUPT, "block %lld, event %zu cannot be read",
                       (long long)view->info->id, slot);
    }
    *out_event = event;
    return OK;
}
