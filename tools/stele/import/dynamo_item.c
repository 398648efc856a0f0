#include "tools/stele/import/dynamo_item.h"

#include "schema/base/err.h"
#include "tools/stele/import/json_scan.h"

/* A map or a list that is being gone through. */
struct level {
    struct span text;
    size_t at; /* 0: before its first */
};

/* What is written is never longer than what is read. */
struct writer {
    char *text;
    size_t size;
    struct level levels[DYNAMO_ITEM_DEPTH_MAX];
    size_t depth;
};

static void put(struct writer *writer, const char *data, size_t size)
{
    memcpy(writer->text + writer->size, data, size);
    writer->size += size;
}

bool dynamo_item_is_map(struct span object)
{
    struct json_scan_member member;
    size_t at = 0;
    return json_scan_next_member(object, &at, &member) && span_is(member.key, "M") &&
           member.value.data[0] == '{';
}

static bool put_unquoted(struct writer *writer, struct span string)
{
    if (string.size <= 2 || string.data[0] != '"') {
        return false;
    }
    put(writer, string.data + 1, string.size - 2);
    return true;
}

/* A list of strings that hold numbers. */
static bool put_numbers(struct writer *writer, struct span list)
{
    bool quoted = false;
    for (size_t i = 0; i < list.size; i++) {
        quoted = quoted != (list.data[i] == '"');
        if (list.data[i] != '"') {
            put(writer, list.data + i, 1);
        }
    }
    return list.data[0] == '[' && !quoted;
}

/* A value with its type; a map or a list is only begun. */
static bool put_value(struct writer *writer, struct span typed)
{
    struct json_scan_member member;
    size_t at = 0;
    if (!json_scan_next_member(typed, &at, &member)) {
        return false;
    }
    struct span type = member.key;
    struct span value = member.value;
    if (span_is(type, "M") || span_is(type, "L")) {
        bool fine = writer->depth < DYNAMO_ITEM_DEPTH_MAX &&
                    value.data[0] == (*type.data == 'M' ? '{' : '[');
        if (fine) {
            writer->levels[writer->depth++] = (struct level){.text = value};
            put(writer, value.data, 1);
        }
        return fine;
    }
    if (span_is(type, "N")) {
        return put_unquoted(writer, value);
    }
    if (span_is(type, "NS")) {
        return put_numbers(writer, value);
    }
    if (span_is(type, "NULL")) {
        put(writer, "null", 4);
        return true;
    }
    bool known = span_is(type, "S") || span_is(type, "B") || span_is(type, "BOOL") ||
                 span_is(type, "SS") || span_is(type, "BS");
    if (known) {
        put(writer, value.data, value.size);
    }
    return known;
}

/* The next value of the level, behind what separates it; false at the level's end. */
static bool next_value(struct writer *writer, struct level *level, struct span *out_value)
{
    bool first = level->at == 0;
    bool list = level->text.data[0] == '[';
    struct json_scan_member member;
    bool found = list ? json_scan_element(level->text, &level->at, &member.value)
                      : json_scan_next_member(level->text, &level->at, &member);
    if (!found) {
        return false;
    }
    put(writer, ",", first ? 0 : 1);
    if (!list) {
        put(writer, member.key.data - 1, member.key.size + 2);
        put(writer, ":", 1);
    }
    *out_value = member.value;
    return true;
}

bool dynamo_item_plain(struct span object, struct arena *arena, struct span *out_plain,
                       bool *out_nomem)
{
    struct writer writer = {.text = arena_alloc(arena, object.size)};
    if (!writer.text) {
        *out_nomem = true;
        return false;
    }
    bool fine = put_value(&writer, object);
    while (fine && writer.depth > 0) {
        struct level *level = &writer.levels[writer.depth - 1];
        struct span value;
        if (next_value(&writer, level, &value)) {
            fine = put_value(&writer, value);
        } else {
            put(&writer, level->text.data[0] == '[' ? "]" : "}", 1);
            writer.depth--;
        }
    }
    CHECK(writer.size <= object.size);
    *out_plain = span_of(writer.text, writer.size);
    return fine;
}
