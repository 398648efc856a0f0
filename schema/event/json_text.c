#include "schema/event/json_text.h"

#include "schema/base/utf8.h"
#include "schema/text/ascii.h"

size_t json_text_skip_space(struct span text, size_t at)
{
    while (at < text.size && ascii_is_space(text.data[at])) {
        at++;
    }
    return at;
}

size_t json_text_string_end(struct span text, size_t at)
{
    for (at++; at < text.size; at++) {
        if (text.data[at] == '\\') {
            at++;
        } else if (text.data[at] == '"') {
            return at + 1;
        }
    }
    return 0;
}

static size_t brackets_end(struct span text, size_t at)
{
    size_t depth = 0;
    while (at < text.size) {
        char c = text.data[at];
        if (c == '"') {
            at = json_text_string_end(text, at);
            if (at == 0) {
                return 0;
            }
            continue;
        }
        at++;
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0) {
            return at;
        }
    }
    return 0;
}

static size_t scalar_end(struct span text, size_t at)
{
    while (at < text.size && !ascii_is_space(text.data[at]) && !strchr(",:]}", text.data[at])) {
        at++;
    }
    return at;
}

size_t json_text_value_end(struct span text, size_t at)
{
    if (at >= text.size) {
        return 0;
    }
    if (text.data[at] == '"') {
        return json_text_string_end(text, at);
    }
    if (text.data[at] == '{' || text.data[at] == '[') {
        return brackets_end(text, at);
    }
    size_t end = scalar_end(text, at);
    return end > at && end < text.size ? end : 0;
}

size_t json_text_skip_string(struct span text, size_t at, struct span *out_inner, bool *out_escaped)
{
    size_t end = json_text_string_end(text, at);
    size_t start = at + 1 < text.size ? at + 1 : text.size;
    *out_inner = span_of(text.data + start, (end ? end - 1 : text.size) - start);
    *out_escaped = memchr(out_inner->data, '\\', out_inner->size) != NULL;
    return end ? end : text.size;
}

size_t json_text_skip_value(struct span text, size_t at)
{
    size_t end = json_text_value_end(text, at);
    return end ? end : text.size;
}

bool json_text_has_value(struct span value)
{
    for (size_t at = 0; at < value.size;) {
        char c = value.data[at];
        if (c == '"') {
            struct span inner;
            bool escaped;
            size_t next =
                json_text_skip_space(value, json_text_skip_string(value, at, &inner, &escaped));
            bool is_key = next < value.size && value.data[next] == ':';
            if (!is_key && inner.size > 0) {
                return true;
            }
            at = next;
        } else if (c == '{' || c == '[' || strchr(",:]}", c) || ascii_is_space(c)) {
            at++;
        } else if (c != 'n') {
            return true;
        } else {
            at = scalar_end(value, at);
        }
    }
    return false;
}

uint32_t json_text_unit(struct span text, size_t at)
{
    if (at + 6 > text.size || text.data[at] != '\\' || text.data[at + 1] != 'u') {
        return UINT32_MAX;
    }
    uint32_t unit = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = ascii_hex_digit(text.data[i]);
        if (digit < 0) {
            return UINT32_MAX;
        }
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* Writes what "\u...." at *at stands for; moves on. */
static size_t unescape_unit(struct span inner, size_t *at, char *out)
{
    uint32_t point = json_text_unit(inner, *at);
    *at += 6;
    if (point >= 0xd800 && point < 0xdc00) {
        uint32_t second = json_text_unit(inner, *at);
        if (second >= 0xdc00 && second < 0xe000) {
            *at += 6;
            return utf8_encode(0x10000 + ((point - 0xd800) << 10) + (second - 0xdc00), out);
        }
    }
    if (point == 0 || point > 0xffff || (point >= 0xd800 && point < 0xe000)) {
        point = 0xfffd;
    }
    return utf8_encode(point, out);
}

struct span json_text_unescape(struct span inner, struct arena *arena)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    char *text = arena_alloc(arena, inner.size + 4);
    size_t size = 0;
    if (!text) {
        return span_of(NULL, 0);
    }
    for (size_t at = 0; at < inner.size;) {
        char c = inner.data[at];
        if (c != '\\' || at + 1 >= inner.size) {
            text[size++] = c;
            at++;
        } else if (inner.data[at + 1] == 'u') {
            size += unescape_unit(inner, &at, text + size);
        } else {
            const char *special = memchr(from, inner.data[at + 1], sizeof from - 1);
            text[size++] = special ? to[special - from] : inner.data[at + 1];
            at += 2;
        }
    }
    return span_of(text, size);
}
