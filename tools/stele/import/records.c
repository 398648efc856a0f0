/* The records of a chunk: each line, or each object of a stream of JSON, is brought down through
 * its wrappers to an event. What fails goes on as a record with its error. One thread. */
#include "tools/stele/import/records.h"

#include "schema/event/json_text.h"
#include "tools/stele/import/event_inside.h"
#include "tools/stele/import/records_internal.h"

const char *record_form_text(enum record_form form)
{
    static const char *const texts[RECORD_FORM_COUNT] = {
        [RECORD_LINE] = "lines of JSON",
        [RECORD_OBJECT] = "JSON objects over several lines, or without lines",
        [RECORD_ARRAY] = "a JSON array",
        [RECORD_LIST] = "a list in a JSON object (events, Items)",
        [RECORD_FLUENTD_FILE] = "Fluentd's lines of a file (time, tag, JSON)",
        [RECORD_FLUENTD_STDOUT] = "Fluentd's lines of stdout (time tag: JSON)",
        [RECORD_CSV] = "CSV with a column of events",
        [RECORD_COPY] = "rows of PostgreSQL's COPY",
        [RECORD_TEXT] = "lines of a log with events in them",
    };
    return texts[form];
}

void records_fini(struct records *records)
{
    arena_fini(&records->text);
    arena_fini(&records->arena);
}

bool records_chunk(struct records *records, const struct chunk *chunk, int64_t now_us)
{
    records->now_us = now_us;
    records->chunk = *chunk;
    records->prefix = (struct fluentd_prefix){.time_us = records->plain ? records->time_us : 0};
    records->line_end = 0;
    records->mark = chunk->bytes.data;
    records->counted = 0;
    records->counted_line = chunk->first_line;
    records->depth = 1;
    arena_reset(&records->text);
    struct event_reader *reader = &records->levels[0];
    bool fine = event_reader_init(reader, chunk->bytes, now_us, &records->text);
    reader->arena = &records->arena;
    reader->in_array = records->in_array;
    return fine;
}

int64_t records_line(struct records *records)
{
    size_t at = (size_t)(records->mark - records->chunk.bytes.data);
    CHECK(at >= records->counted && at <= records->chunk.bytes.size);
    records->counted_line += chunk_count_lines(
        span_of(records->chunk.bytes.data + records->counted, at - records->counted));
    records->counted = at;
    return records->counted_line;
}

static bool in_chunk(const struct records *records, const char *at)
{
    struct span bytes = records->chunk.bytes;
    return (uintptr_t)at >= (uintptr_t)bytes.data &&
           (uintptr_t)at < (uintptr_t)bytes.data + bytes.size;
}

/* Without fields it has been scanned, which knows only types that are strings. */
static bool has_type(const struct event *event)
{
    return event_inside_is_type(event->type) &&
           (event->n_fields == 0 || event_inside_type_is_own(event->raw));
}

/* Is it worth a look whether the object is a wrapper? An event has a type; in what Splunk exports
 * it may stand beside _raw. */
static bool can_wrap(const struct event *event)
{
    bool wraps = !has_type(event);
    for (size_t i = 0; i < event->n_fields && !wraps; i++) {
        wraps = span_is(event->fields[i].path, "_raw");
    }
    return wraps;
}

static bool open_wrapper(struct records *records, const struct event *event)
{
    struct span inner;
    if (records->plain || records->depth == RECORDS_DEPTH_MAX || !can_wrap(event)) {
        return false;
    }
    enum wrapper wrapper = wrapper_open(event->raw, &records->arena, &inner, &records->nomem);
    if (wrapper == WRAPPER_NONE || records->nomem) {
        return false;
    }
    records->wrapper = records->wrapper == WRAPPER_NONE ? wrapper : records->wrapper;
    return records_push(records, inner, false);
}

static enum record_form form_of(const struct records *records)
{
    if (records->csv) {
        return RECORD_CSV;
    }
    if (records->copy_row) {
        return RECORD_COPY;
    }
    if (records->prefix.form != FLUENTD_PREFIX_NONE) {
        return records->prefix.form == FLUENTD_PREFIX_STDOUT ? RECORD_FLUENTD_STDOUT
                                                             : RECORD_FLUENTD_FILE;
    }
    if (records->found_in_text) {
        return RECORD_TEXT;
    }
    if (records->levels[0].in_array) {
        return records->in_list ? RECORD_LIST : RECORD_ARRAY;
    }
    return records->chunk.spans ? RECORD_OBJECT : RECORD_LINE;
}

static void fill(struct records *records, struct record *record)
{
    struct event *event = &record->event;
    record->form = form_of(records);
    record->wrapper = records->wrapper;
    record->tag = records->prefix.tag;
    record->received_us = records->now_us;
    int64_t time_us = records->prefix.time_us;
    bool fits = time_us >= EVENT_TIME_MIN_US && time_us <= records->now_us + CLOCK_DAY_US;
    if (fits && (event->time_is_arrival || record->fault != EVENT_FAULT_NONE)) {
        event->time_us = time_us;
        record->received_us = time_us;
    }
    record->in_chunk = in_chunk(records, event->raw.data);
    if (record->in_chunk && event->raw.data > records->mark) {
        records->mark = event->raw.data;
    }
}

/* What is tried with a piece that is no event: to find one in it. True: the next one to read is. */
static bool mend(struct records *records, struct record *record)
{
    if (records->plain || record->fault == EVENT_FAULT_NONE) {
        return false;
    }
    record_fault_bound(records, record);
    return record_fault_is_tail(records, record->event.raw) || record_fault_rescue(records, record);
}

/* The next piece of the highest level; false when that has come to its end. */
static bool next_piece(struct records *records, struct record *out_record)
{
    struct event_reader *reader = &records->levels[records->depth - 1];
    reader->head_only = records->head_only && records->depth == 1;
    if (!records->plain && record_fault_take_text(reader, &out_record->event)) {
        out_record->fault = EVENT_FAULT_NOT_JSON;
        return true;
    }
    return event_reader_next(reader, &out_record->event, &out_record->fault, &records->nomem) &&
           !records->nomem;
}

/* Back at the chunk, for the next record. True: *out_record is a row without an event. */
static bool begin_record(struct records *records, struct record *out_record)
{
    arena_reset(&records->arena);
    records->wrapper = WRAPPER_NONE;
    records->found_in_text = false;
    records->copy_row = false;
    if (!records->plain) {
        record_start_seek(records);
    }
    return records->csv && !records->nomem && record_start_row(records, out_record);
}

bool records_next(struct records *records, struct record *out_record)
{
    struct event *event = &out_record->event;
    while (!records->nomem) {
        if (records->depth == 1 && begin_record(records, out_record)) {
            return true;
        }
        if (records->nomem) {
            break;
        }
        bool more = next_piece(records, out_record);
        if (records->nomem || (!more && records->depth == 1)) {
            records->in_array = records->levels[0].in_array;
            break;
        }
        if (!more) {
            records->depth--;
            continue;
        }
        if (records->depth == 1 && event->raw.data > records->mark) {
            records->mark = event->raw.data;
        }
        bool opened = out_record->fault == EVENT_FAULT_NONE && open_wrapper(records, event);
        if (opened || records->nomem || mend(records, out_record)) {
            continue;
        }
        bool typeless =
            !records->plain && out_record->fault == EVENT_FAULT_NONE && !has_type(event);
        out_record->fault = typeless ? EVENT_FAULT_NO_TYPE : out_record->fault;
        fill(records, out_record);
        return true;
    }
    return false;
}
