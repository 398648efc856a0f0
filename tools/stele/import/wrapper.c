/* Finds the event inside of the objects that log shippers and stores put around it, by the names
 * and shapes of their members. Pure. */
#include "tools/stele/import/wrapper.h"

#include "schema/event/json_text.h"
#include "tools/stele/import/dynamo_item.h"
#include "tools/stele/import/json_scan.h"

enum {
    LIST_LOOK_BYTES = 64 * 1024, /* how far into an object its list may begin */
    LIST_LOOK_MEMBERS = 16,
};

/* What a member may be to count as a wrapper. */
enum inside {
    INSIDE_TEXT = 1,   /* any string that is not empty */
    INSIDE_JSON = 2,   /* a string that begins with a brace */
    INSIDE_EVENT = 4,  /* an object with a string `event`, or that is a wrapper by its names */
    INSIDE_STRING = 8, /* DynamoDB's {"S": "..."} */
    INSIDE_MAP = 32,   /* DynamoDB's {"M": {...}} */
    INSIDE_LIST = 16,  /* a list of objects, or an empty one */
};

/* In order of their right: of several in one object the first is the one. */
static const struct {
    const char *key;
    const char *name;
    enum wrapper wrapper;
    int inside;
} members[] = {
    {"_raw", "_raw", WRAPPER_RAW, INSIDE_TEXT | INSIDE_EVENT},
    {"result", "result", WRAPPER_RESULT, INSIDE_EVENT},
    {"event_data", "event_data", WRAPPER_EVENT_DATA, INSIDE_TEXT | INSIDE_EVENT},
    {"Item", "Item.Fields.S", WRAPPER_ITEM, INSIDE_EVENT},
    {"Fields", "Fields", WRAPPER_FIELDS, INSIDE_TEXT | INSIDE_STRING | INSIDE_EVENT},
    {"fields", "Fields", WRAPPER_FIELDS, INSIDE_JSON | INSIDE_EVENT},
    {"FieldsMap", "FieldsMap", WRAPPER_MAP, INSIDE_MAP | INSIDE_EVENT},
    {"event", "event", WRAPPER_EVENT, INSIDE_JSON | INSIDE_EVENT},
    {"events", "events", WRAPPER_EVENTS, INSIDE_LIST},
    {"Items", "Items", WRAPPER_ITEMS, INSIDE_LIST},
};

enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

const char *wrapper_name(enum wrapper wrapper)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (members[i].wrapper == wrapper) {
            return members[i].name;
        }
    }
    return "";
}

static size_t member_find(struct span key)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && !span_is(key, members[i].key)) {
        i++;
    }
    return i;
}

/* A string with its quotes whose first letter is a brace. */
static bool is_json_text(struct span value)
{
    size_t at = value.size > 2 ? json_text_skip_space(value, 1) : 0;
    return value.size > 2 && value.data[0] == '"' && at < value.size && value.data[at] == '{';
}

static bool is_type(const struct json_scan_member *member)
{
    return span_is(member->key, "event") && member->value.data[0] == '"' &&
           member->value.size > 2 && !is_json_text(member->value);
}

/* Would it be an event, or a wrapper by the names of its members? */
static bool holds_event(struct span object)
{
    struct json_scan_member member;
    for (size_t at = 0; json_scan_next_member(object, &at, &member);) {
        if (is_type(&member) || member_find(member.key) < MEMBER_COUNT) {
            return true;
        }
    }
    return false;
}

/* The string of {"S": "..."}; else the empty span. */
static struct span typed_string(struct span object)
{
    struct json_scan_member member;
    size_t at = 0;
    bool found = json_scan_next_member(object, &at, &member) && span_is(member.key, "S") &&
                 member.value.data[0] == '"' && member.value.size > 2;
    return found ? member.value : span_of(NULL, 0);
}

static bool list_fits(struct span list)
{
    size_t first = json_text_skip_space(list, 1);
    return first < list.size && (list.data[first] == '{' || list.data[first] == ']');
}

static bool fits(struct span value, int inside)
{
    switch (value.data[0]) {
    case '"':
        return ((inside & INSIDE_TEXT) && value.size > 2) ||
               ((inside & INSIDE_JSON) && is_json_text(value));
    case '{':
        return ((inside & INSIDE_STRING) && typed_string(value).size > 0) ||
               ((inside & INSIDE_MAP) && dynamo_item_is_map(value)) ||
               ((inside & INSIDE_EVENT) && holds_event(value));
    case '[':
        return (inside & INSIDE_LIST) && list_fits(value);
    default:
        return false;
    }
}

enum wrapper wrapper_open(struct span object, struct arena *arena, struct span *out_inner,
                          bool *out_nomem)
{
    size_t best = MEMBER_COUNT;
    struct span inner = {0};
    bool typed = false;
    struct json_scan_member member;
    for (size_t at = 0; json_scan_next_member(object, &at, &member);) {
        typed = typed || is_type(&member);
        size_t found = member_find(member.key);
        if (found < best && fits(member.value, members[found].inside)) {
            best = found;
            inner = member.value;
        }
    }
    if (best == MEMBER_COUNT || (typed && members[best].wrapper != WRAPPER_RAW)) {
        return WRAPPER_NONE;
    }
    if (inner.data[0] == '{' && (members[best].inside & INSIDE_STRING)) {
        struct span text = typed_string(inner);
        inner = text.size > 0 ? text : inner;
    }
    if (inner.data[0] == '{' && (members[best].inside & INSIDE_MAP) && dynamo_item_is_map(inner) &&
        !dynamo_item_plain(inner, arena, &inner, out_nomem)) {
        return WRAPPER_NONE;
    }
    if (inner.data[0] == '"') {
        inner = json_text_unescape(span_of(inner.data + 1, inner.size - 2), arena);
        *out_nomem = *out_nomem || !inner.data;
    }
    *out_inner = inner;
    return members[best].wrapper;
}

size_t wrapper_list_begin(struct span text, size_t at)
{
    struct span look = span_from(text, at);
    if (look.size > LIST_LOOK_BYTES) {
        look.size = LIST_LOOK_BYTES;
    }
    size_t next = 1;
    for (int i = 0; i < LIST_LOOK_MEMBERS; i++) {
        size_t at_key = json_text_skip_space(look, next);
        size_t key_end = json_text_value_end(look, at_key);
        size_t colon = key_end ? json_text_skip_space(look, key_end) : look.size;
        if (colon >= look.size || look.data[at_key] != '"' || look.data[colon] != ':') {
            return 0;
        }
        struct span key = span_of(look.data + at_key + 1, key_end - at_key - 2);
        size_t value = json_text_skip_space(look, colon + 1);
        size_t found = member_find(key);
        if (value < look.size && look.data[value] == '[' && found < MEMBER_COUNT &&
            (members[found].inside & INSIDE_LIST)) {
            return list_fits(span_from(look, value)) ? at + value + 1 : 0;
        }
        size_t end = json_text_value_end(look, value);
        size_t comma = end ? json_text_skip_space(look, end) : look.size;
        bool scalar = end && look.data[value] != '{' && look.data[value] != '[';
        if (!scalar || comma >= look.size || look.data[comma] != ',' || span_is(key, "event")) {
            return 0;
        }
        next = comma + 1;
    }
    return 0;
}

size_t wrapper_list_end(struct span text, size_t at)
{
    while (at < text.size && text.data[at] != '}') {
        bool opens = strchr("\"{[", text.data[at]) != NULL && text.data[at];
        size_t end = opens ? json_text_value_end(text, at) : at + 1;
        at = end > 0 ? end : text.size;
    }
    return at < text.size ? at + 1 : at;
}
