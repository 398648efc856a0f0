/* Nearly all values are strings without escapes, small integers, booleans; those are what they look
 * like. All else goes through the parser of events, so that no second one must agree with it. */
#include "schema/event/event_value.h"

#include "schema/text/ascii.h"

enum { PLAIN_DIGITS_MAX = 15 }; /* 2^53 has 16 */

void event_value_reader_fini(struct event_value_reader *reader)
{
    arena_fini(&reader->arena);
    buf_fini(&reader->text);
}

/* An integer as event.h writes integers. */
static bool is_plain_integer(struct span text)
{
    size_t sign = text.size > 1 && text.data[0] == '-';
    struct span digits = span_from(text, sign);
    return digits.size > 0 && digits.size <= PLAIN_DIGITS_MAX && ascii_all_digits(digits) &&
           (digits.data[0] != '0' || (digits.size == 1 && sign == 0));
}

/* What stands at x.y... of {"x":value} stands at path.y...; an empty path is parsed as it is, for
 * what stands below it has no dot in front. */
static bool place(struct event_value_reader *reader, struct span path, struct event_field *field)
{
    if (path.size == 0) {
        return true;
    }
    struct span below = span_from(field->path, 1);
    if (below.size == 0) {
        field->path = path;
        return true;
    }
    char *whole = arena_alloc(&reader->arena, path.size + below.size);
    if (whole) {
        memcpy(whole, path.data, path.size);
        memcpy(whole + path.size, below.data, below.size);
        field->path = span_of(whole, path.size + below.size);
    }
    return whole != NULL;
}

static bool parse(struct event_value_reader *reader, struct span path, struct span text,
                  bool is_string, event_value_each *each, void *context)
{
    struct event_reader parser;
    struct event event;
    enum event_fault fault;
    bool nomem = false;
    buf_clear(&reader->text);
    buf_add_str(&reader->text, path.size > 0 ? "{\"x\":" : "{\"\":");
    buf_add_str(&reader->text, is_string ? "\"" : "");
    buf_add_span(&reader->text, text);
    buf_add_str(&reader->text, is_string ? "\"}" : "}");
    arena_reset(&reader->arena);
    if (!buf_ok(&reader->text) ||
        !event_reader_init(&parser, buf_span(&reader->text), 0, &reader->arena)) {
        return false;
    }
    if (!event_reader_next(&parser, &event, &fault, &nomem) || fault != EVENT_FAULT_NONE) {
        return !nomem;
    }
    bool more = true;
    for (size_t i = 0; more && i < event.n_fields; i++) {
        if (!place(reader, path, &event.fields[i])) {
            return false;
        }
        more = each(context, &event.fields[i]);
    }
    return true;
}

bool event_value_fields(struct event_value_reader *reader, struct span path, struct span text,
                        bool is_string, event_value_each *each, void *context)
{
    struct event_field field = {.path = path, .value = text};
    if (is_string && !(text.size > 0 && memchr(text.data, '\\', text.size))) {
        field.kind = EVENT_STRING;
        if (text.size > 0) {
            (void)each(context, &field);
        }
        return true;
    }
    if (!is_string && is_plain_integer(text)) {
        field.kind = EVENT_NUMBER;
        (void)each(context, &field);
        return true;
    }
    if (!is_string && (span_is(text, "true") || span_is(text, "false"))) {
        field.kind = EVENT_BOOL;
        (void)each(context, &field);
        return true;
    }
    return span_is(text, "null") && !is_string
               ? true
               : parse(reader, path, text, is_string, each, context);
}
