/* What of a block was read stays until the view moves on; of columns the BLOCK_VIEW_COLUMNS used
 * last. By the view's thread; reads only. */
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
        for (size_t i = 0; i < BLOCK_VIEW_COLUMNS; i++) {
            view->columns[i].field = -1;
        }
    }
    return view;
}

void block_view_free(struct block_view *view)
{
    if (view) {
        for (size_t i = 0; i < BLOCK_VIEW_COLUMNS; i++) {
            column_fini(&view->columns[i].column);
        }
        free(view->text_fields);
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
    view->has_partial = view->has_text_fields = false;
    for (size_t i = 0; i < BLOCK_VIEW_COLUMNS; i++) {
        view->columns[i].field = -1;
        view->columns[i].used = 0;
    }
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

enum status block_view_partial(struct block_view *view, const struct bitmap **out_map,
                               struct err *err)
{
    enum status status = OK;
    if (!view->has_partial) {
        bitmap_clear(&view->partial);
        if (view->info->has_partial) {
            status = segment_partial(view->segment, view->info->id, &view->partial, err);
        }
        view->has_partial = status == OK;
    }
    if (status == OK) {
        *out_map = &view->partial;
    }
    return status;
}

static enum status read_text_fields(struct block_view *view, struct err *err)
{
    const uint32_t *fields = NULL;
    size_t count = 0;
    enum status status = segment_text_fields(view->segment, view->info->id, &fields, &count, err);
    if (status != OK) {
        return status;
    }
    if (count > view->text_fields_capacity) {
        uint32_t *copy = realloc(view->text_fields, count * sizeof *copy);
        if (!copy) {
            return err_nomem(err, "search");
        }
        view->text_fields = copy;
        view->text_fields_capacity = count;
    }
    if (count > 0) {
        memcpy(view->text_fields, fields, count * sizeof *fields);
    }
    view->n_text_fields = count;
    view->has_text_fields = true;
    return OK;
}

enum status block_view_is_text(struct block_view *view, size_t field, bool *out_is, struct err *err)
{
    if (!view->info->has_text) {
        *out_is = false;
        return OK;
    }
    enum status status = view->has_text_fields ? OK : read_text_fields(view, err);
    bool is = false;
    for (size_t i = 0; status == OK && i < view->n_text_fields; i++) {
        is = is || view->text_fields[i] == field;
    }
    if (status == OK) {
        *out_is = is;
    }
    return status;
}

enum status block_view_column(struct block_view *view, size_t field,
                              const struct column **out_column, struct err *err)
{
    return block_view_column_filtered(view, field, NULL, out_column, err);
}

enum status block_view_column_filtered(struct block_view *view, size_t field,
                                       struct column_filter *filter,
                                       const struct column **out_column, struct err *err)
{
    struct block_view_column *oldest = &view->columns[0];
    for (size_t i = 0; i < BLOCK_VIEW_COLUMNS; i++) {
        struct block_view_column *here = &view->columns[i];
        if (here->field == (long)field) {
            here->used = ++view->clock;
            *out_column = &here->column;
            return OK;
        }
        oldest = here->used < oldest->used ? here : oldest;
    }
    oldest->field = -1;
    enum status status =
        segment_column_filtered(view->segment, field, view->info->id, filter, &oldest->column, err);
    if (status == OK) {
        bool whole = !filter || filter->answer == COLUMN_WANT_WHOLE;
        oldest->field = whole ? (long)field : -1;
        oldest->used = whole ? ++view->clock : 0;
        *out_column = &oldest->column;
    }
    return status;
}

enum status block_view_columns(struct block_view *view, enum segment_data which,
                               struct block_columns *out_columns, struct err *err)
{
    return segment_open_columns(view->segment, which, view->info->id, out_columns, err);
}

enum status block_view_ndjson(struct block_view *view, struct span *out_ndjson, struct err *err)
{
    return segment_ndjson(view->segment, view->info->id, &view->lines, out_ndjson, err);
}

enum status block_view_slot_at(struct block_view *view, size_t offset, size_t *out_slot,
                               size_t *out_next, struct err *err)
{
    enum status status = segment_lines(view->segment, view->info->id, &view->lines, err);
    if (status == OK) {
        *out_slot = block_line_at(&view->lines, offset);
        *out_next = view->lines.start[*out_slot + 1];
    }
    return status;
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
