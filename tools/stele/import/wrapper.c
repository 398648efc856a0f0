/* Finds the event inside of the objects that log shippers and stores put around it, by the names
 * and shapes of their members. Pure. */
#include "tools/stele/import/wrapper.h"

#include "schema/event/json_text.h"
#include "tools/stele/import/dynamo_item.h"
#include "tools/stele/import/event_inside.h"
#include "tools/stele/import/json_scan.h"

enum {
    LIST_LOOK_BYTES = 64 * 1024, /* how far into an object its list may begin */
    LIST_LOOK_MEMBERS = 16,
};

/* What a member may be to count as a wrapper, beside an object or a list in which there is an event
 * and a string with the text of one. */
enum inside {
    INSIDE_TEXT = 1,   /* any string that is not empty */
    INSIDE_JSON = 2,   /* a string that begins with a brace */
    INSIDE_STRING = 4, /* DynamoDB's {"S": "..."} */
    INSIDE_LIST = 8,   /* a list of objects */
    INSIDE_EMPTY = 16, /* a list without elements, or null for one */
    INSIDE_ANY = 32,   /* only what looks like an event of Teleport */
};

/* In order of their right: of several in one object the first is the one. */
static const struct {
    const char *key;
    const char *name;
    enum wrapper wrapper;
    int inside;
} members[] = {
    {"_raw", "_raw", WRAPPER_RAW, INSIDE_TEXT},
    {"event.original", "event.original", WRAPPER_ORIGINAL, 0},
    {"result", "result", WRAPPER_RESULT, 0},
    {"event_data", "event_data", WRAPPER_EVENT_DATA, INSIDE_TEXT},
    {"Item", "Item.Fields.S", WRAPPER_ITEM, 0},
    {"Fields", "Fields", WRAPPER_FIELDS, INSIDE_TEXT | INSIDE_STRING},
    {"fields", "Fields", WRAPPER_FIELDS, INSIDE_JSON},
    {"FieldsMap", "FieldsMap", WRAPPER_MAP, 0},
    {"event", "event", WRAPPER_EVENT, INSIDE_JSON},
    {"original", "event.original", WRAPPER_ORIGINAL, 0},
    {"events", "events", WRAPPER_EVENTS, INSIDE_LIST | INSIDE_EMPTY},
    {"Items", "Items", WRAPPER_ITEMS, INSIDE_LIST | INSIDE_EMPTY},
    {"_source", "_source", WRAPPER_SOURCE, 0},
    {"hits", "_source", WRAPPER_SOURCE, INSIDE_EMPTY},
    {"attributes", "attributes", WRAPPER_ATTRIBUTES, 0},
    {"jsonPayload", "jsonPayload", WRAPPER_PAYLOAD, 0},
    {"textPayload", "jsonPayload", WRAPPER_PAYLOAD, 0},
    {"message", "message", WRAPPER_MESSAGE, 0},
    {"MESSAGE", "message", WRAPPER_MESSAGE, 0},
    {"Message", "message", WRAPPER_MESSAGE, 0},
    {"msg", "message", WRAPPER_MESSAGE, 0},
    {"log", "log", WRAPPER_LOG, 0},
    {NULL, "other objects", WRAPPER_OTHER, INSIDE_ANY},
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
    while (members[i].key && !span_is(key, members[i].key)) {
        i++;
    }
    return i;
}

static bool is_type(const struct json_scan_member *member)
{
    return span_is(member->key, "event") && member->value.data[0] == '"' &&
           event_inside_is_type(span_of(member->value.data + 1, member->value.size - 2));
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

/* What may hold an event, as it seems. */
struct candidate {
    size_t member; /* of members */
    struct span value;
    struct span decoded; /* data: of a string or a list that is text in another clothing */
};

static bool fits(struct candidate *candidate, struct arena *arena, bool *out_nomem)
{
    struct span value = candidate->value;
    int inside = members[candidate->member].inside;
    bool strict = inside & INSIDE_ANY;
    switch (value.data[0]) {
    case '"':
        return ((inside & INSIDE_TEXT) && value.size > 2) ||
               ((inside & INSIDE_JSON) && event_inside_is_json(value)) ||
               event_inside_string(value) ||
               event_inside_decode(value, arena, &candidate->decoded, out_nomem);
    case '{':
        return ((inside & INSIDE_STRING) && typed_string(value).size > 0) ||
               event_inside_value(value, strict);
    case '[':
        return ((inside & INSIDE_LIST) && list_fits(value)) ||
               ((inside & INSIDE_EMPTY) && value.data[json_text_skip_space(value, 1)] == ']') ||
               event_inside_value(value, strict) ||
               event_inside_decode(value, arena, &candidate->decoded, out_nomem);
    case 'n': /* no list */
        return inside & INSIDE_EMPTY;
    default:
        return false;
    }
}

/* What the candidate's value says; false when it cannot be read after all. */
static bool open_value(const struct candidate *candidate, struct arena *arena,
                       struct span *out_inner, bool *out_nomem)
{
    struct span inner = candidate->value;
    if (candidate->decoded.data) {
        *out_inner = candidate->decoded;
        return true;
    }
    if (inner.data[0] == '{' && typed_string(inner).size > 0) {
        inner = typed_string(inner);
    }
    if (inner.data[0] == '{' && dynamo_item_is_map(inner) &&
        !dynamo_item_plain(inner, arena, &inner, out_nomem)) {
        return false;
    }
    if (inner.data[0] == '"') {
        inner = json_text_unescape(span_of(inner.data + 1, inner.size - 2), arena);
        *out_nomem = *out_nomem || !inner.data;
    }
    *out_inner = candidate->value.data[0] == 'n' ? span_of(inner.data, 0) : inner;
    return true;
}

enum wrapper wrapper_open(struct span object, struct arena *arena, struct span *out_inner,
                          bool *out_nomem)
{
    struct candidate best = {.member = MEMBER_COUNT};
    bool typed = false;
    struct json_scan_member member;
    for (size_t at = 0; json_scan_next_member(object, &at, &member);) {
        typed = typed || is_type(&member);
        struct candidate candidate = {.member = member_find(member.key), .value = member.value};
        if (candidate.member < best.member && fits(&candidate, arena, out_nomem)) {
            best = candidate;
        }
    }
    if (best.member == MEMBER_COUNT || (typed && members[best.member].wrapper != WRAPPER_RAW) ||
        !open_value(&best, arena, out_inner, out_nomem)) {
        return WRAPPER_NONE;
    }
    return members[best.member].wrapper;
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
        if (value < look.size && look.data[value] == '[' && (members[found].inside & INSIDE_LIST)) {
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
