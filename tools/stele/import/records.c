/* The records of a chunk: each line, or each object of a stream of JSON, is brought down through
 * its wrappers to an event. What fails goes on as a record with its error. One thread. */
#include "tools/stele/import/records.h"

#include "schema/event/json_text.h"
#include "schema/text/ascii.h"
#include "tools/stele/import/csv_row.h"
#include "tools/stele/import/json_scan.h"

const char *record_form_text(enum record_form form)
{
    static const char *const texts[RECORD_FORM_COUNT] = {
        [RECORD_LINE] = "lines of JSON",
        [RECORD_OBJECT] = "JSON objects over several lines, or without lines",
        [RECORD_ARRAY] = "a JSON array",
        [RECORD_LIST] = "a list in a JSON object (events, Items)",
        [RECORD_FLUENTD_FILE] = "Fluentd's lines of a file (time, tag, JSON)",
        [RECORD_FLUENTD_STDOUT] = "Fluentd's lines of stdout (time tag: JSON)",
        [RECORD_CSV] = "CSV with a column event_data",
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

/* White space, byte order marks and, in an array, commas. */
static size_t skip_between(const struct event_reader *reader)
{
    size_t at = reader->at;
    while (at < reader->text.size) {
        char c = reader->text.data[at];
        if (ascii_is_space(c) || (reader->in_array && c == ',')) {
            at++;
        } else if (c == '\xef' && span_starts(span_from(reader->text, at), "\xef\xbb\xbf")) {
            at += 3;
        } else {
            break;
        }
    }
    return at;
}

/* Into a list of events, when the object at `at` has one. */
static bool enter_list(struct records *records, struct event_reader *reader, size_t at)
{
    bool look = !records->started || records->chunk.spans;
    size_t list = look ? wrapper_list_begin(reader->text, at) : 0;
    if (list > 0) {
        reader->at = list;
        reader->in_array = true;
        records->in_list = true;
    }
    return list > 0;
}

static void read_line_start(struct records *records, struct event_reader *reader, size_t at)
{
    struct span line = span_from(reader->text, at);
    line.size = span_find(line, '\n');
    size_t end = at + line.size;
    if (!records->started && span_ends(line, "\r")) {
        line.size--;
    }
    if (!records->started && csv_row_header_has(line, "event_data", &records->csv_column)) {
        records->csv = true;
        reader->at = end;
    } else if (fluentd_prefix_read(line, &records->prefix)) {
        records->line_at = at;
        records->line_end = end;
        reader->at = at + records->prefix.size;
    }
}

/* Moves the chunk's reader to where JSON begins, over what stands around it. */
static void seek(struct records *records)
{
    struct event_reader *reader = &records->levels[0];
    for (bool again = true; again; records->started = true) {
        again = false;
        size_t at = skip_between(reader);
        if (at >= records->line_end) {
            records->prefix = (struct fluentd_prefix){0};
        }
        if (at >= reader->text.size) {
            return;
        }
        char c = reader->text.data[at];
        if (records->in_list && reader->in_array && c == ']') {
            reader->at = wrapper_list_end(reader->text, at + 1);
            reader->in_array = false;
            again = true;
        } else if (!reader->in_array && c == '{') {
            again = enter_list(records, reader, at);
        } else if (!reader->in_array && c != '[' && !records->csv) {
            read_line_start(records, reader, at);
            again = records->csv;
        }
        records->in_list = records->in_list && reader->in_array;
    }
}

/* The text as the level above. */
static bool push(struct records *records, struct span text)
{
    struct event_reader *reader = &records->levels[records->depth];
    records->nomem = !event_reader_init(reader, text, records->now_us, &records->arena);
    records->depth += !records->nomem;
    return !records->nomem;
}

/* The next row: its cell becomes the level above the chunk. True: it has none, and *out_record is
 * the row as a fault. */
static bool csv_next(struct records *records, struct record *out_record)
{
    struct event_reader *reader = &records->levels[0];
    size_t at = skip_between(reader);
    if (at >= reader->body.size) {
        reader->at = at;
        return false;
    }
    struct span rest = span_from(reader->body, at);
    struct csv_row row = csv_row_read(rest, records->csv_column);
    reader->at = at + row.size;
    records->mark = rest.data;
    struct span text = csv_row_cell_text(row.cell, &records->arena);
    if (row.found && (!text.data || text.size > 0)) {
        records->nomem = !text.data || !push(records, text);
        return false;
    }
    *out_record = (struct record){.fault = EVENT_FAULT_NOT_JSON,
                                  .event.raw = span_of(rest.data, row.size),
                                  .received_us = records->now_us,
                                  .form = RECORD_CSV,
                                  .in_chunk = true};
    return true;
}

/* Is it worth a look whether the object is a wrapper? An event has a type; in what Splunk exports
 * it may stand beside _raw. */
static bool can_wrap(const struct event *event)
{
    bool wraps = event->type.size == 0 || event->type.data[0] == '{';
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
    return push(records, inner);
}

static enum record_form form_of(const struct records *records)
{
    if (records->csv) {
        return RECORD_CSV;
    }
    if (records->prefix.form != FLUENTD_PREFIX_NONE) {
        return records->prefix.form == FLUENTD_PREFIX_STDOUT ? RECORD_FLUENTD_STDOUT
                                                             : RECORD_FLUENTD_FILE;
    }
    if (records->levels[0].in_array) {
        return records->in_list ? RECORD_LIST : RECORD_ARRAY;
    }
    return records->chunk.spans ? RECORD_OBJECT : RECORD_LINE;
}

/* One broken element of an array does not take the rest of the chunk with it. */
static void mend_fault(struct records *records, struct event *event)
{
    struct event_reader *reader = &records->levels[records->depth - 1];
    size_t at = (size_t)(event->raw.data - reader->body.data);
    if (reader->in_array) {
        size_t end = json_text_value_end(reader->body, at);
        if (end > at && end < reader->at) {
            reader->at = end;
            event->raw.size = end - at;
        }
    } else if (records->depth == 1 && records->prefix.form != FLUENTD_PREFIX_NONE &&
               at == records->line_at + records->prefix.size) {
        event->raw.size += at - records->line_at;
        event->raw.data = reader->body.data + records->line_at;
    }
}

static void fill(struct records *records, struct record *record)
{
    struct event *event = &record->event;
    record->form = form_of(records);
    record->wrapper = records->wrapper;
    record->tag = records->prefix.tag;
    record->received_us = records->now_us;
    if (record->fault != EVENT_FAULT_NONE) {
        mend_fault(records, event);
    }
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

bool records_next(struct records *records, struct record *out_record)
{
    struct event *event = &out_record->event;
    while (!records->nomem) {
        if (records->depth == 1) {
            arena_reset(&records->arena);
            records->wrapper = WRAPPER_NONE;
            if (!records->plain) {
                seek(records);
            }
            if (records->csv && csv_next(records, out_record)) {
                return true;
            }
        }
        struct event_reader *reader = &records->levels[records->depth - 1];
        reader->head_only = records->head_only && records->depth == 1;
        bool more = !records->nomem &&
                    event_reader_next(reader, event, &out_record->fault, &records->nomem);
        if (records->nomem) {
            break;
        }
        if (!more && records->depth == 1) {
            records->in_array = reader->in_array;
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
        if (!opened && !records->nomem) {
            fill(records, out_record);
            return true;
        }
    }
    return false;
}
