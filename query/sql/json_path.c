/* The wanted paths and all their beginnings stand in one hash table: a key that leads to none of
 * them is passed over without a look at its value. */
#include "query/sql/json_path.h"

#include <math.h>
#include <stdlib.h>

#include "schema/base/intern.h"
#include "schema/event/json_text.h"
#include "schema/text/ascii.h"

enum { READ_DEPTH_MAX = 1002 };

/* A wanted path, or the beginning of one. */
struct path_node {
    size_t wanted; /* the number of the result, + 1; 0: only a beginning */
    bool is_beginning;
};

struct list_item {
    struct list_item *next;
    struct span text;
};

/* What was found below an array. */
struct value_list {
    uint32_t array; /* the outermost one; 0: none */
    size_t bytes;
    struct list_item *first;
    struct list_item *last;
};

struct json_path_reader {
    struct intern paths;
    VEC(struct path_node) nodes; /* by number of the path */
    size_t count;                /* of wanted paths */
    /* Of the run under way. */
    struct value_list *lists;
    struct json_path_value *out;
    struct arena *texts;
    struct span text;
    char path[JSON_PATH_BYTES_MAX];
    uint32_t arrays;
    unsigned array_depth;
    unsigned depth;
    bool nomem;
};

struct json_path_reader *json_path_new(void)
{
    struct json_path_reader *reader = calloc(1, sizeof *reader);
    if (reader) {
        intern_init(&reader->paths);
    }
    return reader;
}

void json_path_free(struct json_path_reader *reader)
{
    if (reader) {
        intern_fini(&reader->paths);
        vec_fini(&reader->nodes);
        free(reader->lists);
        free(reader);
    }
}

size_t json_path_count(const struct json_path_reader *reader)
{
    return reader->count;
}

/* Marks the path as wanted, as number `wanted` - 1, or (0) as the beginning of one. */
static bool add_path(struct json_path_reader *reader, struct span path, size_t wanted)
{
    uint32_t number = intern_add(&reader->paths, path, UINT32_MAX);
    if (number == reader->nodes.count &&
        !vec_push(&reader->nodes, (struct path_node){.wanted = 0})) {
        return false;
    }
    if (number == INTERN_NONE) {
        return false;
    }
    struct path_node *node = vec_at(&reader->nodes, number);
    CHECK(!wanted || !node->wanted);
    node->wanted = wanted ? wanted : node->wanted;
    node->is_beginning |= wanted == 0;
    return true;
}

enum status json_path_add(struct json_path_reader *reader, struct span path, size_t *out_number,
                          struct err *err)
{
    struct value_list *lists = realloc(reader->lists, (reader->count + 1) * sizeof *lists);
    reader->lists = lists ? lists : reader->lists;
    bool fine = lists != NULL;
    for (size_t i = 1; fine && i < path.size && path.size <= JSON_PATH_BYTES_MAX; i++) {
        fine = path.data[i] != '.' || add_path(reader, span_of(path.data, i), 0);
    }
    if (!fine || !add_path(reader, path, reader->count + 1)) {
        return err_nomem(err, "columns");
    }
    *out_number = reader->count++;
    return OK;
}

/* Whole numbers are integers however they are written, as the archive's index has them. */
static struct json_path_value number_of(struct span text)
{
    char copy[64];
    size_t size = text.size < sizeof copy ? text.size : sizeof copy - 1;
    memcpy(copy, text.data, size);
    copy[size] = '\0';
    if (ascii_all_digits(span_from(text, span_starts(text, "-"))) && size < 20) {
        int64_t integer = strtoll(copy, NULL, 10);
        if (integer != INT64_MAX && integer != INT64_MIN) {
            return (struct json_path_value){.kind = JSON_PATH_INTEGER, .integer = integer};
        }
    }
    double real = strtod(copy, NULL);
    if (fabs(real) < 9007199254740992.0 && real == trunc(real)) {
        return (struct json_path_value){.kind = JSON_PATH_INTEGER, .integer = (int64_t)real};
    }
    return (struct json_path_value){.kind = JSON_PATH_REAL, .real = real};
}

static bool read_string(struct span inner, struct arena *arena, struct json_path_value *out)
{
    bool escaped = inner.size > 0 && memchr(inner.data, '\\', inner.size);
    struct span text = escaped ? json_text_unescape(inner, arena) : inner;
    *out = (struct json_path_value){.kind = text.size > 0 ? JSON_PATH_TEXT : JSON_PATH_NONE,
                                    .text = text};
    return !escaped || text.data;
}

bool json_path_value_of(struct span text, bool is_string, struct arena *arena,
                        struct json_path_value *out)
{
    char c = text.size > 0 ? text.data[0] : 'n';
    if (is_string) {
        return read_string(text, arena, out);
    }
    if (c == '{' || c == '[') {
        *out = (struct json_path_value){
            .kind = json_text_has_value(text) ? JSON_PATH_JSON : JSON_PATH_NONE, .text = text};
    } else if (c == 'n') {
        *out = (struct json_path_value){.kind = JSON_PATH_NONE};
    } else if (c == 't' || c == 'f') {
        *out = (struct json_path_value){.kind = c == 't' ? JSON_PATH_TRUE : JSON_PATH_FALSE,
                                        .integer = c == 't'};
    } else {
        *out = number_of(text);
    }
    return true;
}

/* The value that is written as `json`. */
static struct json_path_value read_json_value(struct json_path_reader *reader, struct span json)
{
    struct json_path_value value;
    bool is_string = json.size > 0 && json.data[0] == '"';
    bool escaped;
    if (is_string) {
        (void)json_text_skip_string(json, 0, &json, &escaped);
    }
    if (!json_path_value_of(json, is_string, reader->texts, &value)) {
        reader->nomem = true;
        value = (struct json_path_value){.kind = JSON_PATH_NONE};
    }
    return value;
}

static void keep_value(struct json_path_reader *reader, size_t number, struct span json)
{
    struct value_list *list = &reader->lists[number];
    struct json_path_value *out = &reader->out[number];
    bool in_array = reader->array_depth > 0;
    if (out->kind != JSON_PATH_NONE ||
        (list->array && (!in_array || list->array != reader->arrays))) {
        return;
    }
    struct json_path_value value = read_json_value(reader, json);
    if (value.kind == JSON_PATH_NONE) {
        return;
    }
    if (!in_array) {
        *out = value;
        return;
    }
    struct list_item *item = arena_alloc(reader->texts, sizeof *item);
    if (!item) {
        reader->nomem = true;
        return;
    }
    *item = (struct list_item){.text = json};
    *(list->first ? &list->last->next : &list->first) = item;
    list->last = item;
    list->array = reader->arrays;
    list->bytes += json.size + 1;
}

static size_t read_object(struct json_path_reader *reader, size_t at, size_t path_size);

/* The elements that are objects or arrays; `at` is behind the bracket. */
static size_t read_array(struct json_path_reader *reader, size_t at, size_t path_size)
{
    struct span text = reader->text;
    if (reader->depth >= READ_DEPTH_MAX) {
        return json_text_skip_value(text, at - 1);
    }
    reader->depth++;
    reader->arrays += reader->array_depth == 0;
    reader->array_depth++;
    for (at = json_text_skip_space(text, at); at < text.size && text.data[at] != ']';) {
        char c = text.data[at];
        at = c == '{'   ? read_object(reader, at + 1, path_size)
             : c == '[' ? read_array(reader, at + 1, path_size)
                        : json_text_skip_value(text, at);
        at = json_text_skip_space(text, at);
        if (at < text.size && text.data[at] == ',') {
            at = json_text_skip_space(text, at + 1);
        }
    }
    reader->array_depth--;
    reader->depth--;
    return at < text.size ? at + 1 : at;
}

/* The value at `at`, whose path is the first path_size bytes of reader->path; past it. */
static size_t read_at(struct json_path_reader *reader, size_t at, size_t path_size)
{
    struct span path = span_of(reader->path, path_size);
    uint32_t number = intern_find(&reader->paths, path);
    struct path_node node = {0};
    if (number != INTERN_NONE) {
        node = *vec_at(&reader->nodes, number);
    }
    bool is_beginning = path_size == 0 || node.is_beginning;
    size_t end = at;
    if (node.wanted > 0) {
        end = json_text_skip_value(reader->text, at);
        keep_value(reader, node.wanted - 1, span_of(reader->text.data + at, end - at));
    }
    char c = at < reader->text.size ? reader->text.data[at] : '\0';
    if (is_beginning && (c == '{' || c == '[')) {
        return c == '{' ? read_object(reader, at + 1, path_size)
                        : read_array(reader, at + 1, path_size);
    }
    return end > at ? end : json_text_skip_value(reader->text, at);
}

/* Puts the key behind the path; its new size, or SIZE_MAX when that is longer than any wanted. */
static size_t add_key(struct json_path_reader *reader, size_t path_size, struct span key,
                      bool escaped)
{
    if (escaped) {
        key = json_text_unescape(key, reader->texts);
        reader->nomem = reader->nomem || !key.data;
    }
    size_t dot = path_size > 0;
    if (key.size + path_size + dot > sizeof reader->path) {
        return SIZE_MAX;
    }
    if (dot) {
        reader->path[path_size] = '.';
    }
    if (key.size > 0) {
        memcpy(reader->path + path_size + dot, key.data, key.size);
    }
    return path_size + dot + key.size;
}

/* `at` is behind the brace. */
static size_t read_object(struct json_path_reader *reader, size_t at, size_t path_size)
{
    struct span text = reader->text;
    if (reader->depth >= READ_DEPTH_MAX) {
        return json_text_skip_value(text, at - 1);
    }
    reader->depth++;
    for (at = json_text_skip_space(text, at); at < text.size && text.data[at] == '"';) {
        struct span key;
        bool escaped;
        at = json_text_skip_space(text, json_text_skip_string(text, at, &key, &escaped));
        at = json_text_skip_space(text, at < text.size ? at + 1 : at);
        size_t size = add_key(reader, path_size, key, escaped);
        at = size == SIZE_MAX ? json_text_skip_value(text, at) : read_at(reader, at, size);
        at = json_text_skip_space(text, at);
        if (at < text.size && text.data[at] == ',') {
            at = json_text_skip_space(text, at + 1);
        }
    }
    reader->depth--;
    return at < text.size ? at + 1 : at;
}

static struct json_path_value list_text(const struct value_list *list, struct arena *arena,
                                        bool *nomem)
{
    char *text = arena_alloc(arena, list->bytes + 2);
    size_t size = 0;
    if (!text) {
        *nomem = true;
        return (struct json_path_value){.kind = JSON_PATH_NONE};
    }
    for (const struct list_item *item = list->first; item; item = item->next) {
        text[size] = size == 0 ? '[' : ',';
        size++;
        memcpy(text + size, item->text.data, item->text.size);
        size += item->text.size;
    }
    text[size++] = ']';
    return (struct json_path_value){.kind = JSON_PATH_JSON, .text = span_of(text, size)};
}

enum status json_path_run(struct json_path_reader *reader, struct span raw, struct arena *arena,
                          struct json_path_value *out, struct err *err)
{
    reader->out = out;
    reader->texts = arena;
    reader->text = raw;
    reader->arrays = reader->array_depth = reader->depth = 0;
    reader->nomem = false;
    for (size_t i = 0; i < reader->count; i++) {
        out[i] = (struct json_path_value){.kind = JSON_PATH_NONE};
        reader->lists[i] = (struct value_list){0};
    }
    size_t at = json_text_skip_space(raw, 0);
    if (at < raw.size && raw.data[at] == '{') {
        (void)read_object(reader, at + 1, 0);
    }
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->lists[i].array) {
            out[i] = list_text(&reader->lists[i], arena, &reader->nomem);
        }
    }
    return reader->nomem ? err_nomem(err, "columns") : OK;
}
