/* Reading events with cJSON. What cJSON does differently from RFC 8259, and what is done about it:
 *   - it takes raw control characters in strings: refused here, or a line break could hide in an
 *     event and tear NDJSON apart;
 *   - \u0000 ends its C string and a lone surrogate fails the parse: both are read as U+FFFD, from
 *     a copy of the same length, so that offsets stay those of the body;
 *   - it does not check UTF-8: checked here.
 * cJSON's memory comes from the arena of the parse under way: nothing to free. Outside of
 * one (lists of indicators, in the same process and thread) it is malloc's. */
#include "schema/event/event.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/utf8.h"
#include "schema/event/event_scan.h"
#include "schema/event/event_time.h"
#include "schema/event/json_text.h"
#include "schema/text/ascii.h"

static _Thread_local struct arena *parse_arena; /* NULL: no event is being parsed */

static void *parse_malloc(size_t size)
{
    return parse_arena ? arena_alloc(parse_arena, size) : malloc(size);
}

static void parse_free(void *memory)
{
    if (!parse_arena) {
        free(memory);
    }
}

static void hooks_install(void)
{
    cJSON_Hooks hooks = {.malloc_fn = parse_malloc, .free_fn = parse_free};
    cJSON_InitHooks(&hooks);
}

void event_json_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, hooks_install);
}

const char *event_fault_text(enum event_fault fault)
{
    static const char *const texts[] = {
        [EVENT_FAULT_NONE] = "none",
        [EVENT_FAULT_NOT_JSON] = "not JSON",
        [EVENT_FAULT_NOT_OBJECT] = "JSON, but not an object",
        [EVENT_FAULT_BAD_UTF8] = "not UTF-8",
        [EVENT_FAULT_BAD_ENCODING] = "Content-Encoding does not unpack",
        [EVENT_FAULT_NO_TYPE] = "a JSON object that names no event type",
        [EVENT_FAULT_TEXT_LOG] = "Teleport's text log, which does not hold whole events",
    };
    CHECK((size_t)fault < sizeof texts / sizeof texts[0]);
    return texts[fault];
}

static bool is_surrogate(uint32_t unit, uint32_t first)
{
    return unit >= first && unit <= first + 0x3ff;
}

/* Makes escapes that cJSON cannot read into \ufffd, in place. */
static void escapes_mend(char *text, size_t size)
{
    for (size_t at = 0; at + 1 < size;) {
        char *slash = memchr(text + at, '\\', size - at);
        if (!slash) {
            return;
        }
        at = (size_t)(slash - text);
        uint32_t unit = json_text_unit(span_of(text, size), at);
        if (unit == UINT32_MAX) {
            at += 2;
            continue;
        }
        if (is_surrogate(unit, 0xd800) &&
            is_surrogate(json_text_unit(span_of(text, size), at + 6), 0xdc00)) {
            at += 12;
            continue;
        }
        if (unit == 0 || is_surrogate(unit, 0xd800) || is_surrogate(unit, 0xdc00)) {
            memcpy(text + at, "\\ufffd", 6);
        }
        at += 6;
    }
}

/* True when text has a \\u escape. Backslashes are rare: memchr passes over the rest at full speed.
 */
static bool has_unicode_escape(struct span text)
{
    const char *at;
    size_t left = text.size;
    while (left > 1 && (at = memchr(text.data + (text.size - left), '\\', left - 1)) != NULL) {
        if (at[1] == 'u') {
            return true;
        }
        left = (size_t)(text.data + text.size - at) - 1;
    }
    return false;
}

bool event_reader_init(struct event_reader *reader, struct span body, int64_t arrival_us,
                       struct arena *arena)
{
    event_json_ready();
    *reader =
        (struct event_reader){.body = body, .text = body, .arrival_us = arrival_us, .arena = arena};
    if (has_unicode_escape(body)) {
        char *copy = arena_alloc(arena, body.size);
        if (!copy) {
            return false;
        }
        memcpy(copy, body.data, body.size);
        escapes_mend(copy, body.size);
        reader->text = span_of(copy, body.size);
    }
    return true;
}

/* Control characters inside of strings: none are allowed (RFC 8259, section 7). Outside, only
 * white space can stand in what cJSON took. */
static bool strings_clean(struct span text)
{
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (c == '\\' && in_string) {
            i++;
        } else if (c < 0x20 && (in_string || !ascii_is_space((char)c))) {
            return false;
        }
    }
    return true;
}

static bool has_control(struct span text)
{
    size_t i = 0;
    for (; i + 8 <= text.size; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, 8);
        const uint64_t ones = 0x0101010101010101u;
        if ((word - ones * 0x20) & ~word & (ones * 0x80)) {
            return true;
        }
    }
    for (; i < text.size; i++) {
        if ((unsigned char)text.data[i] < 0x20) {
            return true;
        }
    }
    return false;
}

/* Where a number goes as text: integers plain, all else so that it reads back the same. */
static struct span number_text(double number, struct arena *arena)
{
    char text[40];
    int n;
    if (fabs(number) < 9007199254740992.0 && number == (double)(int64_t)number) {
        int64_t integer = (int64_t)number;
        char *at = text + sizeof text;
        uint64_t rest = integer < 0 ? (uint64_t)-integer : (uint64_t)integer;
        do {
            *--at = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest);
        if (integer < 0) {
            *--at = '-';
        }
        return arena_copy(arena, span_of(at, (size_t)(text + sizeof text - at)));
    }
    n = snprintf(text, sizeof text, "%.17g", number);
    return arena_copy(arena, span_of(text, n > 0 ? (size_t)n : 0));
}

/* The walk over one parsed object: no recursion, the way back up is on a stack of its own. */
struct walk_level {
    const cJSON *node;
    struct span path; /* of the container */
    bool in_array;
};

struct event_walk {
    struct arena *arena;
    struct event *event;
    size_t capacity;
    struct walk_level levels[CJSON_NESTING_LIMIT + 2];
    size_t depth;
    bool nomem;
};

static void walk_add(struct event_walk *walk, struct span path, struct span value,
                     enum event_kind kind)
{
    struct event *event = walk->event;
    if (event->n_fields >= EVENT_FIELDS_MAX) {
        event->partial = true;
        return;
    }
    if (event->n_fields == walk->capacity) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : 64;
        struct event_field *fields = arena_alloc(walk->arena, capacity * sizeof *fields);
        if (!fields) {
            walk->nomem = true;
            return;
        }
        if (event->n_fields > 0) {
            memcpy(fields, event->fields, event->n_fields * sizeof *fields);
        }
        event->fields = fields;
        walk->capacity = capacity;
    }
    event->fields[event->n_fields++] =
        (struct event_field){.path = path, .value = value, .kind = kind};
}

static struct span walk_path(struct event_walk *walk, const struct walk_level *level,
                             const cJSON *node)
{
    if (level->in_array || !node->string) {
        return level->path;
    }
    struct span key = span_str(node->string);
    if (level->path.size == 0) {
        return key;
    }
    char *path = arena_alloc(walk->arena, level->path.size + 1 + key.size);
    if (!path) {
        walk->nomem = true;
        return key;
    }
    memcpy(path, level->path.data, level->path.size);
    path[level->path.size] = '.';
    memcpy(path + level->path.size + 1, key.data, key.size);
    return span_of(path, level->path.size + 1 + key.size);
}

static void walk_node(struct event_walk *walk, const cJSON *node)
{
    struct walk_level *level = &walk->levels[walk->depth - 1];
    struct span path = walk_path(walk, level, node);
    if (cJSON_IsString(node)) {
        if (node->valuestring[0]) {
            walk_add(walk, path, span_str(node->valuestring), EVENT_STRING);
        }
    } else if (cJSON_IsNumber(node)) {
        struct span text = number_text(node->valuedouble, walk->arena);
        walk->nomem |= text.data == NULL;
        walk_add(walk, path, text, EVENT_NUMBER);
    } else if (cJSON_IsBool(node)) {
        walk_add(walk, path, span_str(cJSON_IsTrue(node) ? "true" : "false"), EVENT_BOOL);
    } else if (node->child) {
        CHECK(walk->depth < CJSON_NESTING_LIMIT + 2);
        walk->levels[walk->depth++] =
            (struct walk_level){.node = node->child, .path = path, .in_array = cJSON_IsArray(node)};
    }
}

static bool walk_object(const cJSON *root, struct arena *arena, struct event *event)
{
    static _Thread_local struct event_walk walk;
    walk.arena = arena;
    walk.event = event;
    walk.capacity = 0;
    walk.nomem = false;
    walk.depth = 0;
    if (root->child) {
        walk.levels[walk.depth++] = (struct walk_level){.node = root->child};
    }
    while (walk.depth > 0 && !walk.nomem) {
        struct walk_level *level = &walk.levels[walk.depth - 1];
        const cJSON *node = level->node;
        if (!node) {
            walk.depth--;
            continue;
        }
        level->node = node->next;
        walk_node(&walk, node);
    }
    return !walk.nomem;
}

static void event_resolve_time(struct event *event, struct span time, int64_t arrival_us)
{
    int64_t time_us;
    event->time_is_arrival = !event_time_read(time, &time_us) || time_us < EVENT_TIME_MIN_US ||
                             time_us > arrival_us + CLOCK_DAY_US;
    event->time_us = event->time_is_arrival ? arrival_us : time_us;
}

static void event_resolve_head(struct event *event, int64_t arrival_us)
{
    struct span time = {0};
    bool time_number = false;
    for (size_t i = 0; i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];
        if (field->path.size > 5 || field->kind == EVENT_BOOL) {
            continue;
        }
        if (field->kind == EVENT_NUMBER) {
            time_number = time_number || span_is(field->path, "time");
            continue;
        }
        if (!time.data && span_is(field->path, "time")) {
            time = field->value;
        } else if (!event->uid.data && span_is(field->path, "uid")) {
            event->uid = field->value;
        } else if (!event->type.data && span_is(field->path, "event")) {
            event->type = field->value;
        } else if (!event->code.data && span_is(field->path, "code")) {
            event->code = field->value;
        }
    }
    if (!time.data && time_number) { /* its digits as they stand: a double has not all of them */
        time = event_time_number(event->raw);
    }
    event_resolve_time(event, time, arrival_us);
}

/* A malformed record: in an array all that is left, else the rest of the line. */
static struct span fault_piece(struct event_reader *reader)
{
    struct span rest = span_from(reader->body, reader->at);
    const char *newline = reader->in_array ? NULL : memchr(rest.data, '\n', rest.size);
    if (newline) {
        rest.size = (size_t)(newline - rest.data);
    }
    reader->at += rest.size;
    while (rest.size > 0 && ascii_is_space(rest.data[rest.size - 1])) {
        rest.size--;
    }
    return rest;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 && !ascii_is_space(c);
}

/* Control characters, such as the NULs that a crash leaves in a file: cJSON would pass over them,
 * and they would take the event behind them along. */
static struct span control_piece(struct event_reader *reader)
{
    size_t start = reader->at;
    while (reader->at < reader->text.size && is_control(reader->text.data[reader->at])) {
        reader->at++;
    }
    return span_of(reader->body.data + start, reader->at - start);
}

/* Moves to the first byte of the next piece; false at the end. */
static bool reader_seek(struct event_reader *reader)
{
    struct span text = reader->text;
    for (; reader->at < text.size; reader->at++) {
        char c = text.data[reader->at];
        /* cJSON passes over a BOM in front of any value: it must not become part of the event. */
        if (span_starts(span_from(text, reader->at), "\xef\xbb\xbf")) {
            reader->at += 2;
            continue;
        }
        if (ascii_is_space(c) || (reader->in_array && c == ',')) {
            continue;
        }
        if (!reader->in_array && c == '[') {
            reader->in_array = true;
        } else if (reader->in_array && c == ']') {
            reader->in_array = false;
        } else {
            return true;
        }
    }
    return false;
}

/* The head of an event whose fields are not wanted; false: it has to be parsed. */
static bool reader_scan(struct event_reader *reader, struct event *out_event)
{
    struct event_scan_head head;
    if (!event_scan(span_from(reader->text, reader->at), &head)) {
        return false;
    }
    out_event->type = head.type;
    out_event->uid = head.uid.size > 0 ? head.uid : span_of(NULL, 0);
    out_event->code = head.code.size > 0 ? head.code : span_of(NULL, 0);
    out_event->raw = span_of(reader->body.data + reader->at, head.raw.size);
    reader->at += head.raw.size;
    event_resolve_time(out_event, head.time, reader->arrival_us);
    return true;
}

static enum event_fault piece_fault(const cJSON *root, struct span raw)
{
    if (!utf8_valid(raw, NULL)) {
        return EVENT_FAULT_BAD_UTF8;
    }
    if (has_control(raw) && !strings_clean(raw)) {
        return EVENT_FAULT_NOT_JSON;
    }
    return cJSON_IsObject(root) ? EVENT_FAULT_NONE : EVENT_FAULT_NOT_OBJECT;
}

bool event_reader_next(struct event_reader *reader, struct event *out_event,
                       enum event_fault *out_fault, bool *out_nomem)
{
    *out_nomem = false;
    if (!reader_seek(reader)) {
        return false;
    }
    *out_event = (struct event){.time_us = reader->arrival_us};
    if (is_control(reader->text.data[reader->at])) {
        out_event->raw = control_piece(reader);
        *out_fault = EVENT_FAULT_NOT_JSON;
        return true;
    }
    if (reader->head_only && reader_scan(reader, out_event)) {
        *out_fault = EVENT_FAULT_NONE;
        return true;
    }
    parse_arena = reader->arena;
    struct span rest = span_from(reader->text, reader->at);
    const char *end = NULL;
    const cJSON *root = cJSON_ParseWithLengthOpts(rest.data, rest.size, &end, false);
    parse_arena = NULL;
    if (!root) {
        out_event->raw = fault_piece(reader);
        *out_fault = utf8_valid(out_event->raw, NULL) ? EVENT_FAULT_NOT_JSON : EVENT_FAULT_BAD_UTF8;
        return true;
    }
    out_event->raw = span_of(reader->body.data + reader->at, (size_t)(end - rest.data));
    reader->at += out_event->raw.size;
    *out_fault = piece_fault(root, out_event->raw);
    if (*out_fault != EVENT_FAULT_NONE) {
        return true;
    }
    if (!walk_object(root, reader->arena, out_event)) {
        *out_nomem = true;
        return false;
    }
    event_resolve_head(out_event, reader->arrival_us);
    return true;
}

static bool parse(struct span raw, int64_t arrival_us, bool head_only, struct arena *arena,
                  struct event *out_event)
{
    struct event_reader reader;
    enum event_fault fault;
    bool nomem;
    if (!event_reader_init(&reader, raw, arrival_us, arena)) {
        return false;
    }
    reader.head_only = head_only;
    return event_reader_next(&reader, out_event, &fault, &nomem) && fault == EVENT_FAULT_NONE;
}

bool event_parse(struct span raw, int64_t arrival_us, struct arena *arena, struct event *out_event)
{
    return parse(raw, arrival_us, false, arena, out_event);
}

bool event_parse_head(struct span raw, int64_t arrival_us, struct arena *arena,
                      struct event *out_event)
{
    return parse(raw, arrival_us, true, arena, out_event);
}
