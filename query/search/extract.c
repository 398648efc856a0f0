/* Goes day by day in one thread, oldest first, and hands out each event with its provenance: when
 * it came, from where, and its marks, which are columns of the segment and not in the event's
 * bytes. */
#include "query/search/extract.h"

#include "query/eval/field_values.h"
#include "schema/block/bitmap.h"
#include "schema/event/source.h"

/* The block at hand. */
struct extract_run {
    struct day_iterator *iterator;
    struct extract *extract;
    struct plan *plan;
    struct field_values source;
    struct field_values mark;
};

static bool has_mark(const struct extract_run *run, size_t slot, const char *name)
{
    size_t count;
    const struct span *marks = field_values_at(&run->mark, slot, &count);
    bool has = false;
    for (size_t i = 0; i < count; i++) {
        has = has || span_is(marks[i], name);
    }
    return has;
}

static enum status extract_slot(struct extract_run *run, size_t slot, const int64_t *times_us,
                                const int64_t *arrivals_us, struct err *err)
{
    struct copy_event event = {.time_us = times_us[slot], .received_us = arrivals_us[slot]};
    enum status status = block_view_line(plan_view(run->plan), slot, &event.raw, err);
    if (status != OK) {
        return status;
    }
    size_t n_sources;
    const struct span *sources = field_values_at(&run->source, slot, &n_sources);
    event.source = n_sources > 0 ? sources[0] : span_of(NULL, 0);
    event.time_is_arrival = has_mark(run, slot, "arrival-time");
    event.session_stream = has_mark(run, slot, "session-stream");
    run->extract->events++;
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
    status = block_view_times(view, &times_us, err);
    status = THEN(status, block_view_arrivals(view, &arrivals_us, err));
    status = THEN(status, field_values_read(&run->source, view, SEGMENT_DATA_ARRIVALS,
                                            span_str(SOURCE_FIELD), err));
    status = THEN(status, field_values_read(&run->mark, view, SEGMENT_DATA_ARRIVALS,
                                            span_str(SOURCE_MARK_FIELD), err));
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
    field_values_fini(&run.source);
    field_values_fini(&run.mark);
    return status;
}
