/* Pieces that are no event as a whole. An event in the text of a line becomes a level of its own;
 * behind a torn record reading goes on at the next one. */
#include "schema/event/json_text.h"
#include "schema/text/ascii.h"
#include "tools/stele/import/event_inside.h"
#include "tools/stele/import/json_scan.h"
#include "tools/stele/import/records_internal.h"
#include "tools/stele/import/text_event.h"

static struct span line_at(struct span text, size_t at)
{
    struct span line = span_from(text, at);
    line.size = span_find(line, '\n');
    return line;
}

static bool is_scalar(struct span text)
{
    return text.size > 0 &&
           (ascii_is_digit(text.data[0]) || text.data[0] == '-' || span_is(text, "true") ||
            span_is(text, "false") || span_is(text, "null"));
}

/* Behind a bracket: an object, a list, a string, a scalar with something of an array behind it, or
 * the end of the line. */
static bool begins_array(struct span line)
{
    line = ascii_skip_blanks(line);
    if (line.size == 0 || strchr("{[\"]", line.data[0])) {
        return true;
    }
    size_t end = 0;
    while (end < line.size && !strchr(" \t\r,]", line.data[end])) {
        end++;
    }
    struct span rest = ascii_skip_blanks(span_from(line, end));
    bool closed = span_starts(rest, "]");
    rest = closed ? ascii_skip_blanks(span_from(rest, 1)) : rest;
    return is_scalar(span_of(line.data, end)) &&
           (rest.size == 0 || strchr(closed ? ",]" : ",", rest.data[0]));
}

bool record_fault_take_text(struct event_reader *reader, struct event *out_event)
{
    size_t at = json_text_skip_space(reader->text, reader->at);
    if (reader->in_array || at >= reader->text.size || reader->text.data[at] != '[' ||
        begins_array(line_at(reader->text, at + 1))) {
        return false;
    }
    struct span line = line_at(reader->body, at);
    reader->at = at + line.size;
    *out_event =
        (struct event){.raw = ascii_trim_end(line, " \t\r"), .time_us = reader->arrival_us};
    return true;
}

void record_fault_bound(struct records *records, struct record *record)
{
    struct event *event = &record->event;
    struct event_reader *reader = &records->levels[records->depth - 1];
    size_t at = (size_t)(event->raw.data - reader->body.data);
    if (reader->in_array) {
        size_t end = json_text_value_end(reader->body, at);
        if (end > at && end < reader->at) {
            reader->at = end;
            event->raw.size = end - at;
        }
        return;
    }
    struct span line = line_at(reader->body, at);
    bool brackets = strchr("{[", *event->raw.data) && *event->raw.data;
    bool control = (unsigned char)*event->raw.data < ' ';
    if (!brackets && !control && event->raw.size < line.size) { /* a scalar that text follows */
        event->raw = ascii_trim_end(line, " \t\r");
        reader->at = at + line.size;
        record->fault = EVENT_FAULT_NOT_JSON;
    }
    if (records->depth == 1 && records->prefix.form != FLUENTD_PREFIX_NONE &&
        at == records->line_at + records->prefix.size) {
        event->raw.size += at - records->line_at;
        event->raw.data = reader->body.data + records->line_at;
    }
}

bool record_fault_is_tail(const struct records *records, struct span raw)
{
    return records->in_text[records->depth - 1] && !memchr(raw.data, '{', raw.size);
}

/* In a list of other things than objects, as Fluent Bit and Loki write them (a time, and an event
 * or its text): what holds the event; else the list. */
static struct span element_with_event(struct span list)
{
    struct span found = list;
    struct span element;
    for (size_t at = 0; json_scan_element(list, &at, &element);) {
        bool object = *element.data == '{' && event_inside_value(element, false);
        if (object || event_inside_string(element)) {
            if (found.data != list.data) {
                return list;
            }
            found = element;
        }
    }
    return found;
}

/* A list or a string in which there are events. */
static bool open_value(struct records *records, struct span raw)
{
    if (*raw.data == '[' && event_inside_value(raw, false)) {
        struct span found = element_with_event(raw);
        if (found.data != raw.data) {
            raw = found;
        }
    } else if (!event_inside_string(raw)) {
        return false;
    }
    if (*raw.data == '"') {
        raw = json_text_unescape(span_of(raw.data + 1, raw.size - 2), &records->arena);
        records->nomem = records->nomem || !raw.data;
    }
    records->found_in_text = true;
    return !records->nomem && records_push(records, raw, false);
}

/* What the head in front of the event says holds up to the end of its line. */
static void use_head(struct records *records, const struct text_event *found)
{
    bool chunk = records->depth == 1;
    if (found->torn || found->prefix.time_us != 0 || found->prefix.tag.size > 0) {
        records->prefix = found->prefix;
        records->line_end = chunk ? found->end : records->levels[0].at;
        records->line_at = records->line_end;
    }
}

/* A line of Teleport's own log, in its form for people. */
static bool is_text_log(struct span raw)
{
    return *raw.data != '{' && memmem(raw.data, raw.size, "[AUDIT", 6) != NULL;
}

bool record_fault_rescue(struct records *records, struct record *record)
{
    struct event_reader *reader = &records->levels[records->depth - 1];
    struct span raw = record->event.raw;
    struct text_event found;
    if (records->depth + 1 >= RECORDS_DEPTH_MAX || raw.size == 0) {
        return false;
    }
    if (record->fault == EVENT_FAULT_NOT_OBJECT &&
        raw.data + raw.size == reader->body.data + reader->at && open_value(records, raw)) {
        return true;
    }
    if (records->nomem || !text_event_find(reader, raw, &records->arena, &found, &records->nomem)) {
        record->fault = is_text_log(raw) ? EVENT_FAULT_TEXT_LOG : record->fault;
        return records->nomem;
    }
    if (found.torn) {
        size_t start = (size_t)(raw.data - reader->body.data);
        record->event.raw = ascii_trim_end(span_of(raw.data, found.at - start), " \t\r\n,");
        reader->at = found.at;
        use_head(records, &found);
        return false;
    }
    size_t end = found.end > reader->at ? found.end : reader->at;
    reader->at = end;
    records->found_in_text = true;
    use_head(records, &found);
    return records_push(records, span_of(reader->body.data + found.at, end - found.at), true);
}
