/* Where a record of the chunk begins: over white space and what stands around lists, behind a
 * prefix, in a row. */
#include "schema/text/ascii.h"
#include "tools/stele/import/copy_row.h"
#include "tools/stele/import/records_internal.h"

/* White space, byte order marks, record separators (RFC 7464) and, where JSON goes on, commas. */
static size_t skip_between(const struct records *records, const struct event_reader *reader)
{
    bool commas = reader->in_array || (records->started && !records->csv);
    size_t at = reader->at;
    while (at < reader->text.size) {
        char c = reader->text.data[at];
        if (ascii_is_space(c) || (commas && c == ',') || c == '\x1e') {
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

bool records_push(struct records *records, struct span text, bool in_text)
{
    struct event_reader *reader = &records->levels[records->depth];
    records->nomem = !event_reader_init(reader, text, records->now_us, &records->arena);
    records->in_text[records->depth] = in_text;
    records->depth += !records->nomem;
    return !records->nomem;
}

/* Is it the first line of a file of rows? The reader is moved behind a header. */
static bool begin_csv(struct records *records, struct event_reader *reader, size_t at,
                      struct span line)
{
    struct csv_row_form *form = &records->csv_form;
    bool header = csv_row_header(line, form);
    records->csv = header || csv_row_holds_objects(span_from(reader->text, at), form, &header);
    reader->at = header ? at + line.size : at;
    return records->csv;
}

/* A row of COPY, whose event becomes the level above the chunk; its head; or its end. */
static bool read_copy_line(struct records *records, struct event_reader *reader, size_t at,
                           struct span line)
{
    struct span cell;
    if (copy_row_read(line, records->copy, &records->arena, &cell, &records->nomem)) {
        reader->at = at + line.size;
        records->mark = reader->body.data + at;
        records->copy_row = records_push(records, cell, false);
        return true;
    }
    records->copy = (records->copy && !span_starts(line, "\\.")) || copy_row_begins(line);
    return false;
}

/* At a line that does not begin with JSON. */
static void read_line_start(struct records *records, struct event_reader *reader, size_t at)
{
    struct span line = span_from(reader->text, at);
    line.size = span_find(line, '\n');
    size_t end = at + line.size;
    if (!records->started && begin_csv(records, reader, at, line)) {
        return;
    }
    if (fluentd_prefix_read(line, &records->prefix)) {
        records->line_at = at;
        records->line_end = end;
        reader->at = at + records->prefix.size;
    } else {
        (void)read_copy_line(records, reader, at, line);
    }
}

void record_start_seek(struct records *records)
{
    struct event_reader *reader = &records->levels[0];
    for (bool again = true; again; records->started = true) {
        again = false;
        size_t at = skip_between(records, reader);
        reader->at = at;
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
        } else if (records->copy && c == '{') {
            read_line_start(records, reader, at);
        } else if (!reader->in_array && c == '{') {
            again = enter_list(records, reader, at);
        } else if (!reader->in_array && c != '[' && !records->csv) {
            read_line_start(records, reader, at);
            again = records->csv;
        }
        records->in_list = records->in_list && reader->in_array;
    }
}

bool record_start_row(struct records *records, struct record *out_record)
{
    struct event_reader *reader = &records->levels[0];
    size_t at = skip_between(records, reader);
    if (at >= reader->body.size) {
        reader->at = at;
        return false;
    }
    struct span rest = span_from(reader->body, at);
    struct csv_row row = csv_row_read(rest, &records->csv_form);
    reader->at = at + row.size;
    records->mark = rest.data;
    struct span text = csv_row_cell_text(row.cell, &records->arena);
    if (row.found && (!text.data || text.size > 0)) {
        records->nomem = !text.data || !records_push(records, text, false);
        return false;
    }
    *out_record = (struct record){.fault = EVENT_FAULT_NOT_JSON,
                                  .event.raw = span_of(rest.data, row.size),
                                  .received_us = records->now_us,
                                  .form = RECORD_CSV,
                                  .in_chunk = true};
    return true;
}
