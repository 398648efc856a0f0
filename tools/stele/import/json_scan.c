#include "tools/stele/import/json_scan.h"

#include "schema/event/json_text.h"

/* Where the next thing begins, behind the bracket or, later on, a comma; the text's size when there
 * is neither. */
static size_t next_start(struct span text, size_t at, char bracket)
{
    size_t mark = json_text_skip_space(text, at);
    bool found = mark < text.size && text.data[mark] == (at == 0 ? bracket : ',');
    return found ? json_text_skip_space(text, mark + 1) : text.size;
}

bool json_scan_next_member(struct span object, size_t *at, struct json_scan_member *out_member)
{
    size_t key = next_start(object, *at, '{');
    if (key >= object.size || object.data[key] != '"') {
        return false;
    }
    size_t key_end = json_text_string_end(object, key);
    size_t colon = key_end ? json_text_skip_space(object, key_end) : object.size;
    if (colon >= object.size || object.data[colon] != ':') {
        return false;
    }
    size_t value = json_text_skip_space(object, colon + 1);
    size_t end = json_text_value_end(object, value);
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
    size_t start = next_start(list, *at, '[');
    size_t end = json_text_value_end(list, start);
    if (end == 0) {
        return false;
    }
    *out_value = span_of(list.data + start, end - start);
    *at = end;
    return true;
}
