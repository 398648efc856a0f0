#include "tools/stele/import/event_inside.h"

#include <string.h>

#include "schema/event/json_text.h"
#include "schema/text/ascii.h"
#include "tools/stele/import/json_scan.h"

bool event_inside_is_type(struct span type)
{
    return type.size > 0 && !memchr(type.data, '{', type.size);
}

bool event_inside_type_is_own(struct span object)
{
    bool named = false;
    struct json_scan_member member;
    for (size_t at = 0; json_scan_next_member(object, &at, &member);) {
        if (span_is(member.key, "event")) {
            named = true;
            if (member.value.data[0] == '"' && member.value.size > 2) {
                return true;
            }
        }
    }
    return !named; /* its name may be written with escapes */
}

bool event_inside_is_json(struct span string)
{
    size_t at = string.size > 2 ? json_text_skip_space(string, 1) : 0;
    return string.size > 2 && string.data[0] == '"' && at < string.size && string.data[at] == '{';
}

/* "event" as the name of a member in an escaped text: \"event\", or deeper, or \u0022event\u0022.
 */
static bool has_escaped_event(struct span text)
{
    static const char name[] = "event\\";
    const char *end = text.data + text.size;
    for (const char *at = text.data;
         (at = memmem(at, (size_t)(end - at), name, sizeof name - 1)) != NULL;
         at += sizeof name - 1) {
        bool before = at > text.data && (at[-1] == '"' || at[-1] == '2');
        const char *behind = at + sizeof name - 1;
        if (before && behind < end && (*behind == '"' || *behind == '\\' || *behind == 'u')) {
            return true;
        }
    }
    return false;
}

bool event_inside_string(struct span string)
{
    return string.size > 2 && string.data[0] == '"' && memchr(string.data, '{', string.size) &&
           has_escaped_event(string);
}

static bool is_base64_char(char c)
{
    return ascii_is_digit(c) || ascii_is_letter(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* A string of base64 whose text begins with a brace and a quote, a space or a newline. */
static bool is_base64(struct span string)
{
    struct span text = string.size > 2 ? span_of(string.data + 1, string.size - 2) : string;
    if (text.size < 24 || (!span_starts(text, "eyJ") && !span_starts(text, "eyA") &&
                           !span_starts(text, "ewo") && !span_starts(text, "ew0"))) {
        return false;
    }
    text = ascii_trim_end(text, "=");
    for (size_t i = 0; i < text.size; i++) {
        if (!is_base64_char(text.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_text_name(struct span key)
{
    return span_is(key, "_raw") || span_is(key, "event_data") || span_is(key, "Fields");
}

static bool is_list_name(struct span key)
{
    return span_is(key, "events") || span_is(key, "Items") || span_is(key, "hits");
}

static bool is_mark(struct span key)
{
    return span_is(key, "ei") || span_is(key, "uid") || span_is(key, "code") ||
           span_is(key, "cluster_name");
}

/* The string that begins there, or that DynamoDB has there: {"S": "..."}. */
static struct span string_at(struct span text, size_t at)
{
    if (at < text.size && text.data[at] == '{') {
        at = json_text_skip_space(text, at + 1);
        bool typed = span_starts(span_from(text, at), "\"S\":");
        at = typed ? json_text_skip_space(text, at + 4) : text.size;
    }
    size_t end = at < text.size && text.data[at] == '"' ? json_text_string_end(text, at) : 0;
    return end > at + 2 ? span_of(text.data + at + 1, end - at - 2) : span_of(NULL, 0);
}

/* The containers around the place that is looked at: a bit each, the innermost is bit 0. */
struct look {
    struct span text;
    size_t at;
    bool strict;
    size_t depth;
    uint64_t typed;  /* those with a type */
    uint64_t marked; /* those with what Teleport's events have beside it */
};

/* At a member's value. True: what is looked for is there already. */
static bool look_at_member(struct look *look, struct span key)
{
    struct span string = string_at(look->text, look->at);
    if (look->depth > EVENT_INSIDE_DEPTH_MAX) {
        return false;
    }
    if (span_is(key, "event") && event_inside_is_type(string)) {
        look->typed |= 1;
    }
    look->marked |= is_mark(key);
    struct span rest = span_from(look->text, look->at);
    bool empty = is_list_name(key) && (span_starts(rest, "[]") || span_starts(rest, "null"));
    return !look->strict && (empty || (is_text_name(key) && string.size > 0));
}

/* At a quote: a name or a string. */
static bool look_at_string(struct look *look)
{
    size_t end = json_text_string_end(look->text, look->at);
    if (end == 0) {
        look->at = look->text.size;
        return false;
    }
    struct span string = span_of(look->text.data + look->at, end - look->at);
    size_t colon = json_text_skip_space(look->text, end);
    look->at = end;
    if (colon >= look->text.size || look->text.data[colon] != ':') {
        return event_inside_string(string) || is_base64(string);
    }
    look->at = json_text_skip_space(look->text, colon + 1);
    return look_at_member(look, span_of(string.data + 1, string.size - 2));
}

bool event_inside_value(struct span value, bool strict)
{
    struct look look = {.text = value, .strict = strict};
    while (look.at < value.size) {
        char c = value.data[look.at];
        if (c == '"') {
            if (look_at_string(&look)) {
                return true;
            }
            continue;
        }
        look.at++;
        if (c == '{' || c == '[') {
            bool seen = look.depth++ < EVENT_INSIDE_DEPTH_MAX;
            look.typed <<= seen;
            look.marked <<= seen;
        } else if (c == '}' || c == ']') {
            bool seen = look.depth <= EVENT_INSIDE_DEPTH_MAX;
            if (seen && (look.typed & 1) && (!strict || (look.marked & 1))) {
                return true;
            }
            look.depth -= look.depth > 0;
            look.typed >>= seen;
            look.marked >>= seen;
        }
    }
    return false;
}

static int base64_value(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    if (ascii_is_letter(c)) {
        return c >= 'a' ? c - 'a' + 26 : c - 'A';
    }
    return c == '+' || c == '-' ? 62 : 63;
}

static size_t decode_base64(struct span text, char *out)
{
    size_t size = 0;
    unsigned bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < text.size && is_base64_char(text.data[i]); i++) {
        bits = bits << 6 | (unsigned)base64_value(text.data[i]);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[size++] = (char)(bits >> n_bits & 0xff);
        }
    }
    return size;
}

/* 0 when it is no list of bytes. */
static size_t decode_bytes(struct span list, char *out)
{
    size_t size = 0;
    for (size_t at = 1; at < list.size;) {
        at = json_text_skip_space(list, at);
        unsigned value = 0;
        size_t first = at;
        for (; at < list.size && ascii_is_digit(list.data[at]) && at - first < 3; at++) {
            value = value * 10 + (unsigned)(list.data[at] - '0');
        }
        size_t behind = json_text_skip_space(list, at);
        bool fine = at > first && value < 256 && behind < list.size &&
                    (list.data[behind] == ',' || list.data[behind] == ']');
        if (!fine) {
            return 0;
        }
        out[size++] = (char)value;
        if (list.data[behind] == ']') {
            return behind + 1 == list.size ? size : 0;
        }
        at = behind + 1;
    }
    return 0;
}

bool event_inside_decode(struct span value, struct arena *arena, struct span *out_text,
                         bool *out_nomem)
{
    bool list = value.size > 2 && value.data[0] == '[' && ascii_is_digit(value.data[1]);
    if (!list && !is_base64(value)) {
        return false;
    }
    char *out = arena_alloc(arena, value.size);
    if (!out) {
        *out_nomem = true;
        return false;
    }
    size_t size = list ? decode_bytes(value, out)
                       : decode_base64(span_of(value.data + 1, value.size - 2), out);
    *out_text = span_of(out, size);
    return size > 0 && memmem(out, size, "\"event\"", 7) != NULL;
}
