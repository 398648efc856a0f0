/* Goes day by day in one thread, oldest first, and hands out each event with its provenance: when
 * it came, from where, and its marks, which are columns of the segment and not in the event's
 * bytes. */
#include "query/search/extract.h"
#include "schema/block/bitmap.h"
#include "schema/event/source.h"

#include <stdlib.h>

/* One block's stele.source or stele.mark. */
struct reserved {
    const struct column *column; /* NULL: no event of the block has it */
    bool is_lost;                /* kept as text: what an event has is not known */
    uint32_t entry;              /* that `texts` is of, + 1 */
    struct span texts[2];
    size_t n_texts;
};

/* The block at hand. */
struct extract_run {
    struct day_iterator *iterator;
    struct extract *extract;
    struct plan *plan;
    struct reserved source;
    struct reserved mark;
    struct arena arena; /* texts of `source` and `mark` */
};

static enum status reserved_read(struct extract_run *run, const char *name, struct reserved *out,
                                 struct err *err)
{
    *out = (struct reserved){0};
    long field = segment_field_find(plan_segment(run->plan), span_str(name));
    if (field < 0) {
        return OK;
    }
    enum status status =
        block_view_is_text(plan_view(run->plan), (size_t)field, &out->is_lost, err);
    if (status == OK && !out->is_lost) {
        status = block_view_column(plan_view(run->plan), (size_t)field, &out->column, err);
    }
    return status;
}

/* The texts of the slot's entry; events one after the other mostly have the same one. */
static enum status reserved_at(struct extract_run *run, struct reserved *reserved, size_t slot,
                               struct err *err)
{
    const struct column *column = reserved->column;
    uint32_t entry = column && column->store == COLUMN_STORE_COLUMN ? column->index[slot] : 0;
    if (entry == reserved->entry) {
        return OK;
    }
    reserved->entry = entry;
    reserved->n_texts = 0;
    enum status status = OK;
    for (uint32_t i = entry ? column->entry_start[entry - 1] : 0;
         entry && status == OK && i < column->entry_start[entry] && reserved->n_texts < 2; i++) {
        uint32_t field;
        struct span text;
        status =
            segment_value(plan_segment(run->plan), column->entry_values[i], &field, &text, err);
        if (status == OK) {
            text = arena_copy(&run->arena, text);
            reserved->texts[reserved->n_texts++] = text;
            status = text.data ? OK : err_nomem(err, "copy");
        }
    }
    return status;
}

static bool has_mark(const struct reserved *mark, const char *name)
{
    bool has = false;
    for (size_t i = 0; i < mark->n_texts; i++) {
        has = has || span_is(mark->texts[i], name);
    }
    return has;
}

static enum status extract_slot(struct extract_run *run, size_t slot, const int64_t *times_us,
                                const int64_t *arrivals_us, struct err *err)
{
    struct copy_event event = {.time_us = times_us[slot], .received_us = arrivals_us[slot]};
    enum status status = block_view_line(plan_view(run->plan), slot, &event.raw, err);
    status = THEN(status, reserved_at(run, &run->source, slot, err));
    status = THEN(status, reserved_at(run, &run->mark, slot, err));
    if (status != OK) {
        return status;
    }
    event.source = run->source.n_texts > 0 ? run->source.texts[0] : span_of(NULL, 0);
    event.time_is_arrival = has_mark(&run->mark, "arrival-time");
    event.session_stream = has_mark(&run->mark, "session-stream");
    run->extract->events++;
    run->extract->without_source += run->source.is_lost;
    return run->extract->each(run->extract->context, &event, err);
}

static enum status extract_block(struct extract_run *run, const struct block_info *info,
                                 struct err *err)
{
    struct bitmap map;
    const int64_t *times_us;
    const int64_t *arrivals_us;
    enum status status = plan_eval(run->plan, info, day_iterator_from_us(run->iterator),
                                   day_iterator_to_us(run->iterator), &map, err);
    if (status != OK || bitmap_is_empty(&map)) {
        return status;
    }
    struct block_view *view = plan_view(run->plan);
    arena_reset(&run->arena);
    status = block_view_times(view, &times_us, err);
    status = THEN(status, block_view_arrivals(view, &arrivals_us, err));
    status = THEN(status, reserved_read(run, SOURCE_FIELD, &run->source, err));
    status = THEN(status, reserved_read(run, SOURCE_MARK_FIELD, &run->mark, err));
    for (size_t slot = bitmap_next(&map, 0); status == OK && slot < BLOCK_EVENTS_MAX;
         slot = bitmap_next(&map, slot + 1)) {
        status = extract_slot(run, slot, times_us, arrivals_us, err);
    }
    return status;
}

/* `day` of `n_days` is at hand. */
static enum status extract_blocks(struct extract_run *run, size_t day, size_t n_days,
                                  struct err *err)
{
    const struct day_iterator_options *search = day_iterator_options_of(run->iterator);
    size_t count;
    const struct block_info *infos = segment_blocks(plan_segment(run->plan), &count);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = extract_block(run, &infos[i], err);
        if (search->progress) {
            int64_t thousandths =
                (int64_t)(1000 * ((double)day + (double)(i + 1) / (double)count) / (double)n_days);
            search->progress(search->progress_context, thousandths, run->extract->events);
        }
    }
    return status;
}

static enum status extract_inbox(struct extract_run *run, const struct day_iterator_day *day,
                                 struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < day->n_waiting; i++) {
        const struct inbox_scan_event *waiting = day->waiting[i];
        struct copy_event event = {.raw = waiting->event.raw,
                                   .time_us = waiting->event.time_us,
                                   .received_us = waiting->received_us,
                                   .time_is_arrival = waiting->event.time_is_arrival,
                                   .source = waiting->source};
        for (size_t f = 0; f < waiting->event.n_fields; f++) {
            const struct event_field *field = &waiting->event.fields[f];
            event.session_stream =
                event.session_stream || (span_is(field->path, SOURCE_MARK_FIELD) &&
                                         span_is(field->value, "session-stream"));
        }
        run->extract->events++;
        status = run->extract->each(run->extract->context, &event, err);
    }
    return status;
}

enum status extract_run(struct day_iterator *iterator, struct extract *extract, struct err *err)
{
    CHECK(day_iterator_options_of(iterator)->oldest_first);
    struct extract_run run = {.iterator = iterator, .extract = extract};
    size_t n_days;
    (void)day_iterator_days(iterator, &n_days);
    enum status status = OK;
    bool end = false;
    for (size_t i = 0; status == OK && !end; i++) {
        struct day_iterator_day day;
        status = day_iterator_next(iterator, &day, &end, err);
        if (status != OK || end) {
            break;
        }
        run.plan = day.plan;
        if (day.plan) {
            status = extract_blocks(&run, i, n_days, err);
        }
        status = THEN(status, extract_inbox(&run, &day, err));
    }
    arena_fini(&run.arena);
    return status;
}
