#include "tools/stele/import/json_scan.h"

#include "schema/event/json_text.h"

bool json_scan_next_member(struct span object, size_t *at, struct json_scan_member *out_member)
{
    size_t key = json_text_skip_space(object, *at);
    if (key >= object.size || object.data[key] != (*at == 0 ? '{' : ',')) {
        return false;
    }
    key = json_text_skip_space(object, key + 1);
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
    size_t start = json_text_skip_space(list, *at);
    if (start >= list.size || list.data[start] != (*at == 0 ? '[' : ',')) {
        return false;
    }
    start = json_text_skip_space(list, start + 1);
    size_t end = json_text_value_end(list, start);
    if (end == 0) {
        return false;
    }
    *out_value = span_of(list.data + start, end - start);
    *at = end;
    return true;
}
