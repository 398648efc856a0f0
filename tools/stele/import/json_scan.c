#include "tools/stele/import/json_scan.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t json_scan_skip_space(struct span text, size_t at)
{
    while (at < text.size && is_space(text.data[at])) {
        at++;
    }
    return at;
}

/* Behind the closing quote of the string that begins at `at`, or 0. */
static size_t string_end(struct span text, size_t at)
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
            at = string_end(text, at);
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

size_t json_scan_value_end(struct span text, size_t at)
{
    if (at >= text.size) {
        return 0;
    }
    char first = text.data[at];
    if (first == '"') {
        return string_end(text, at);
    }
    if (first == '{' || first == '[') {
        return brackets_end(text, at);
    }
    size_t end = at;
    while (end < text.size && !is_space(text.data[end]) && !strchr(",:]}", text.data[end])) {
        end++;
    }
    return end > at && end < text.size ? end : 0;
}

bool json_scan_next_member(struct span object, size_t *at, struct json_scan_member *out_member)
{
    size_t key = json_scan_skip_space(object, *at);
    if (key >= object.size || object.data[key] != (*at == 0 ? '{' : ',')) {
        return false;
    }
    key = json_scan_skip_space(object, key + 1);
    if (key >= object.size || object.data[key] != '"') {
        return false;
    }
    size_t key_end = string_end(object, key);
    size_t colon = key_end ? json_scan_skip_space(object, key_end) : object.size;
    if (colon >= object.size || object.data[colon] != ':') {
        return false;
    }
    size_t value = json_scan_skip_space(object, colon + 1);
    size_t end = json_scan_value_end(object, value);
    if (end == 0) {
        return false;
    }
    out_member->key = span_of(object.data + key + 1, key_end - key - 2);
    out_member->value = span_of(object.data + value, end - value);
    *at = end;
    return true;
}

bool json_scan_element(struct span list, size_t *at, struct span *out_value)
{
    size_t start = json_scan_skip_space(list, *at);
    if (start >= list.size || list.data[start] != (*at == 0 ? '[' : ',')) {
        return false;
    }
    start = json_scan_skip_space(list, start + 1);
    size_t end = json_scan_value_end(list, start);
    if (end == 0) {
        return false;
    }
    *out_value = span_of(list.data + start, end - start);
    *at = end;
    return true;
}
