#include "query/render/event_type.h"

#include "schema/text/ascii.h"

static const struct event_type types[] = {
#define X(type, when, address, target, done, failed)                                               \
    {{type, sizeof type - 1}, when, address, target, done, failed},
#include "query/render/event_type.def"
#undef X
};

enum { TYPES = sizeof types / sizeof types[0] };

static const struct event_field *field_of(const struct event *event, struct span path)
{
    for (size_t i = 0; i < event->n_fields; i++) {
        if (span_equal(event->fields[i].path, path)) {
            return &event->fields[i];
        }
    }
    return NULL;
}

const struct event_field *event_type_field(const struct event *event, struct span names)
{
    const struct event_field *field = NULL;
    while (!field && names.size > 0) {
        size_t end = span_find(names, '|');
        field = field_of(event, span_of(names.data, end));
        names = end < names.size ? span_from(names, end + 1) : span_of(NULL, 0);
    }
    return field;
}

static bool is_of_type(const struct event_type *type, struct span name)
{
    struct span pattern = type->type;
    size_t star = span_find(pattern, '*');
    if (star == pattern.size) {
        return span_equal(pattern, name);
    }
    struct span end = span_from(pattern, star + 1);
    return name.size >= star + end.size &&
           (star == 0 || memcmp(name.data, pattern.data, star) == 0) &&
           span_equal(span_from(name, name.size - end.size), end);
}

/* Of a number as event.h writes it: digits. */
static unsigned small_number(struct span text)
{
    unsigned number = 0;
    for (size_t i = 0; i < text.size && i < 6 && ascii_is_digit(text.data[i]); i++) {
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    return number;
}

static bool holds(const struct event *event, struct span condition)
{
    size_t name = 0;
    while (name < condition.size && !memchr("=&<", condition.data[name], 3)) {
        name++;
    }
    const struct event_field *field = field_of(event, span_of(condition.data, name));
    if (!field || name == condition.size) {
        return field != NULL;
    }
    struct span value = span_from(condition, name + 1);
    switch (condition.data[name]) {
    case '=':
        return span_equal(field->value, value);
    case '&':
        return (small_number(field->value) & small_number(value)) != 0;
    default:
        return field->kind == EVENT_NUMBER && span_starts(field->value, "-");
    }
}

static bool fits(const struct event_type *type, const struct event *event)
{
    if (!is_of_type(type, event->type)) {
        return false;
    }
    for (struct span rest = span_str(type->when); rest.size > 0;) {
        size_t end = span_find(rest, ' ');
        if (!holds(event, span_of(rest.data, end))) {
            return false;
        }
        rest = end < rest.size ? span_from(rest, end + 1) : span_of(NULL, 0);
    }
    return true;
}

const struct event_type *event_type_find(const struct event *event)
{
    size_t at = 0;
    while (!fits(&types[at], event)) {
        at++;
        CHECK(at < TYPES); /* the last row fits all */
    }
    return &types[at];
}

bool event_type_failed(const struct event *event)
{
    enum event_severity severity = event_code_severity(event->code);
    if (severity == EVENT_SEVERITY_WARN || severity == EVENT_SEVERITY_ERROR) {
        return true;
    }
    const struct event_field *success = event_type_field(event, span_str("success|status.success"));
    return success && span_is(success->value, "false");
}
