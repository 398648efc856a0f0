#include "tools/stele/import/text_event.h"

#include "schema/event/event_time.h"
#include "schema/event/json_text.h"
#include "schema/text/ascii.h"
#include "tools/stele/import/event_inside.h"
#include "tools/stele/import/wrapper.h"

enum { HEAD_WORDS_MAX = 16 };

/* Is what is in front of an event (part of) another record, rather than the head of a log? */
static bool is_torn(struct span front)
{
    for (size_t at = 0; at < front.size; at++) {
        char c = front.data[at];
        bool empty = c == '{' && at + 1 < front.size && front.data[at + 1] == '}';
        bool member = c == '"' && at + 1 < front.size && front.data[at + 1] == ':';
        if ((c == '{' && !empty) || member || c == '\0') {
            return true;
        }
    }
    return false;
}

/* Is there an object that is an event, or holds one? strict: one of Teleport itself. */
static bool is_event(const struct event_reader *reader, size_t at, bool strict, struct arena *arena,
                     size_t *out_end, bool *out_nomem)
{
    struct event_reader try = *reader;
    struct event event;
    enum event_fault fault;
    try.at = at;
    try.in_array = false;
    try.head_only = true;
    try.arena = arena;
    if (!event_reader_next(&try, &event, &fault, out_nomem) || fault != EVENT_FAULT_NONE) {
        return false;
    }
    *out_end = try.at;
    if (event_inside_is_type(event.type)) {
        return !strict || event.uid.size > 0 || event.code.size > 0;
    }
    struct span inner;
    return !strict && wrapper_open(event.raw, arena, &inner, out_nomem) != WRAPPER_NONE;
}

/* Does nothing but white space stand between the line's begin and `at`? */
static bool begins_line(struct span text, size_t at)
{
    while (at > 0 && (text.data[at - 1] == ' ' || text.data[at - 1] == '\t')) {
        at--;
    }
    return at == 0 || text.data[at - 1] == '\n';
}

/* Is what was found inside of the record in front a record of its own, and no member of that? */
static bool stands_alone(const struct event_reader *reader, size_t at, size_t end)
{
    if (reader->in_array) {
        return begins_line(reader->body, at);
    }
    size_t next = json_text_skip_space(reader->body, end);
    return next >= reader->body.size || !strchr(",}", reader->body.data[next]) ||
           reader->body.data[next] == '\0';
}

/* "test.log: [1791275442.000000000, ", also "[0] test.log: [[1791275442.0, {}], ": Fluent Bit. */
static bool read_fluent_bit(struct span front, struct fluentd_prefix *out)
{
    const char *colon = memmem(front.data, front.size, ": [", 3);
    if (!colon) {
        return false;
    }
    struct span tag = span_of(front.data, (size_t)(colon - front.data));
    const char *blank = memrchr(tag.data, ' ', tag.size);
    tag = blank ? span_from(tag, (size_t)(blank - tag.data) + 1) : tag;
    struct span time = span_from(front, (size_t)(colon - front.data) + 3);
    time = span_starts(time, "[") ? span_from(time, 1) : time;
    time.size = span_find(time, ',');
    if (!event_time_read(time, &out->time_us)) {
        return false;
    }
    out->tag = tag;
    return true;
}

/* Fluentd's prefix, or a time, that begins at a word of the head. The line is the head up to and
 * with the event's brace. */
static bool read_word(struct span line, struct fluentd_prefix *out)
{
    struct fluentd_prefix prefix;
    if (fluentd_prefix_read(line, &prefix) && prefix.size + 1 == line.size) {
        *out = prefix;
        return true;
    }
    if (line.size < 20 || line.data[0] != '2' || line.data[4] != '-') {
        return false;
    }
    struct span word = line;
    word.size = span_find(line, ' ');
    if (word.size == 10) { /* a date: the clock is the next word */
        word.size += 1 + span_find(span_from(line, 11), ' ');
        word.size -= word.size > line.size;
    }
    return event_time_read(word, &out->time_us);
}

static struct fluentd_prefix read_head(struct span line)
{
    struct fluentd_prefix prefix = {0};
    if (read_fluent_bit(line, &prefix)) {
        return prefix;
    }
    struct span rest = ascii_skip_blanks(line);
    for (int i = 0; i < HEAD_WORDS_MAX && rest.size > 1; i++) {
        if (read_word(rest, &prefix)) {
            return prefix;
        }
        rest = ascii_skip_blanks(span_from(rest, span_find(rest, ' ')));
    }
    return (struct fluentd_prefix){0};
}

/* Fluentd's prefix behind a torn line, whose end is not known. */
static struct fluentd_prefix read_torn_head(struct span line)
{
    struct fluentd_prefix prefix = {0};
    size_t from = line.size > 128 ? line.size - 128 : 0;
    for (size_t at = from; at < line.size; at++) {
        struct span rest = span_from(line, at);
        if (*rest.data == '2' && rest.size > 20 && rest.data[4] == '-' &&
            fluentd_prefix_read(rest, &prefix) && prefix.size + 1 == rest.size) {
            return prefix;
        }
    }
    return (struct fluentd_prefix){0};
}

/* The brace of an object with members from `at` on. */
static size_t next_brace(struct span text, size_t at, size_t end)
{
    while (at < end) {
        const char *brace = memchr(text.data + at, '{', end - at);
        if (!brace) {
            break;
        }
        at = (size_t)(brace - text.data);
        size_t quote = json_text_skip_space(text, at + 1);
        if (quote < text.size && text.data[quote] == '"') {
            return at;
        }
        at++;
    }
    return end;
}

bool text_event_find(const struct event_reader *reader, struct span piece, struct arena *arena,
                     struct text_event *out_found, bool *out_nomem)
{
    size_t start = (size_t)(piece.data - reader->body.data);
    size_t end = start + piece.size;
    size_t at = next_brace(reader->body, start + 1, end);
    for (int tries = 0; at < end && tries < TEXT_EVENT_TRIES_MAX; tries++) {
        struct span front = span_of(piece.data, at - start);
        bool torn = is_torn(front) || (reader->in_array && *piece.data != '[');
        size_t object_end;
        bool found = is_event(reader, at, torn, arena, &object_end, out_nomem);
        if (*out_nomem) {
            return false;
        }
        if (found && (!torn || stands_alone(reader, at, object_end))) {
            struct span line = span_of(piece.data, at + 1 - start);
            *out_found = (struct text_event){
                .at = at,
                .end = object_end,
                .torn = torn,
                .prefix = torn ? read_torn_head(line) : read_head(line),
            };
            return true;
        }
        at = next_brace(reader->body, at + 1, end);
    }
    return false;
}
