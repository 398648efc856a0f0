/* The wanted paths and all their beginnings stand in one hash table: a key that leads to none of
 * them is passed over without a look at its value. */
#include "query/sql/json_path.h"

#include <math.h>
#include <stdlib.h>

#include "query/sql/json_text.h"
#include "schema/base/digest.h"

enum { PICK_DEPTH_MAX = 1002 };

/* A wanted path, or the beginning of one. */
struct path_node {
    struct span path;
    size_t number; /* + 1; 0: only a beginning */
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
    struct arena arena; /* paths */
    struct path_node *nodes;
    size_t n_nodes;
    size_t capacity; /* a power of two */
    size_t count;
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
    return calloc(1, sizeof(struct json_path_reader));
}

void json_path_free(struct json_path_reader *picker)
{
    if (picker) {
        arena_fini(&picker->arena);
        free(picker->nodes);
        free(picker->lists);
        free(picker);
    }
}

size_t json_path_count(const struct json_path_reader *picker)
{
    return picker->count;
}

/* Its place, or the free one where it belongs. */
static struct path_node *find(struct path_node *nodes, size_t capacity, struct span path)
{
    size_t at = (size_t)hash64(path, 0) & (capacity - 1);
    while (nodes[at].path.data && !span_equal(nodes[at].path, path)) {
        at = (at + 1) & (capacity - 1);
    }
    return &nodes[at];
}

static bool reserve(struct json_path_reader *picker)
{
    if (picker->n_nodes * 2 < picker->capacity) {
        return true;
    }
    size_t capacity = picker->capacity ? picker->capacity * 2 : 64;
    struct path_node *nodes = calloc(capacity, sizeof *nodes);
    if (!nodes) {
        return false;
    }
    for (size_t i = 0; i < picker->capacity; i++) {
        if (picker->nodes[i].path.data) {
            *find(nodes, capacity, picker->nodes[i].path) = picker->nodes[i];
        }
    }
    free(picker->nodes);
    picker->nodes = nodes;
    picker->capacity = capacity;
    return true;
}

static struct path_node *add_node(struct json_path_reader *picker, struct span path)
{
    if (!reserve(picker)) {
        return NULL;
    }
    struct path_node *node = find(picker->nodes, picker->capacity, path);
    if (!node->path.data) {
        node->path = path;
        picker->n_nodes++;
    }
    return node;
}

enum status json_path_add(struct json_path_reader *picker, struct span path, size_t *out_number,
                          struct err *err)
{
    struct value_list *lists = realloc(picker->lists, (picker->count + 1) * sizeof *lists);
    picker->lists = lists ? lists : picker->lists;
    struct span copy = arena_copy(&picker->arena, path);
    bool fine = lists && copy.data;
    for (size_t i = 1; fine && i < path.size && path.size <= JSON_PATH_BYTES_MAX; i++) {
        if (path.data[i] == '.') {
            struct path_node *node = add_node(picker, span_of(copy.data, i));
            fine = node != NULL;
            if (node) {
                node->is_beginning = true;
            }
        }
    }
    struct path_node *node = fine ? add_node(picker, copy) : NULL;
    if (!node) {
        return err_nomem(err, "columns");
    }
    CHECK(node->number == 0);
    *out_number = picker->count++;
    node->number = picker->count;
    return OK;
}

static bool is_integer(struct span text)
{
    size_t at = text.size > 0 && text.data[0] == '-';
    for (size_t i = at; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size > at;
}

/* Whole numbers are integers however they are written, as the archive's index has them. */
static struct json_path_value number_of(struct span text)
{
    char copy[64];
    struct json_path_value picked = {.kind = JSON_PATH_INTEGER};
    size_t size = text.size < sizeof copy ? text.size : sizeof copy - 1;
    memcpy(copy, text.data, size);
    copy[size] = '\0';
    if (is_integer(text) && size < 20) {
        picked.integer = strtoll(copy, NULL, 10);
        if (picked.integer != INT64_MAX && picked.integer != INT64_MIN) {
            return picked;
        }
    }
    picked.real = strtod(copy, NULL);
    picked.integer = 0;
    if (fabs(picked.real) < 9007199254740992.0 && picked.real == trunc(picked.real)) {
        picked.integer = (int64_t)picked.real;
        return picked;
    }
    picked.kind = JSON_PATH_REAL;
    return picked;
}

/* The value that begins at `at` and is written as `value`. */
static struct json_path_value read_json_value(struct json_path_reader *picker, struct span value)
{
    char c = value.size > 0 ? value.data[0] : 'n';
    if (c == '"') {
        struct json_path_value picked = {.kind = JSON_PATH_TEXT};
        bool escaped;
        (void)json_text_skip_string(value, 0, &picked.text, &escaped);
        if (escaped) {
            picked.text = json_text_unescape(picked.text, picker->texts);
            picker->nomem = picker->nomem || !picked.text.data;
        }
        picked.kind = picked.text.size > 0 ? JSON_PATH_TEXT : JSON_PATH_NONE;
        return picked;
    }
    if (c == '{' || c == '[') {
        return (struct json_path_value){
            .kind = json_text_has_value(value) ? JSON_PATH_JSON : JSON_PATH_NONE, .text = value};
    }
    if (c == 'n') {
        return (struct json_path_value){.kind = JSON_PATH_NONE};
    }
    if (c == 't' || c == 'f') {
        return (struct json_path_value){.kind = c == 't' ? JSON_PATH_TRUE : JSON_PATH_FALSE};
    }
    return number_of(value);
}

static void put(struct json_path_reader *picker, size_t number, struct span value)
{
    struct value_list *list = &picker->lists[number];
    struct json_path_value *out = &picker->out[number];
    bool in_array = picker->array_depth > 0;
    if (out->kind != JSON_PATH_NONE ||
        (list->array && (!in_array || list->array != picker->arrays))) {
        return;
    }
    struct json_path_value picked = read_json_value(picker, value);
    if (picked.kind == JSON_PATH_NONE) {
        return;
    }
    if (!in_array) {
        *out = picked;
        return;
    }
    struct list_item *piece = arena_alloc(picker->texts, sizeof *piece);
    if (!piece) {
        picker->nomem = true;
        return;
    }
    *piece = (struct list_item){.text = value};
    *(list->first ? &list->last->next : &list->first) = piece;
    list->last = piece;
    list->array = picker->arrays;
    list->bytes += value.size + 1;
}

static size_t walk_object(struct json_path_reader *picker, size_t at, size_t path_size);

/* The elements that are objects or arrays; `at` is behind the bracket. */
static size_t walk_array(struct json_path_reader *picker, size_t at, size_t path_size)
{
    struct span text = picker->text;
    if (picker->depth >= PICK_DEPTH_MAX) {
        return json_text_skip_value(text, at - 1);
    }
    picker->depth++;
    picker->arrays += picker->array_depth == 0;
    picker->array_depth++;
    for (at = json_text_skip_space(text, at); at < text.size && text.data[at] != ']';) {
        char c = text.data[at];
        at = c == '{'   ? walk_object(picker, at + 1, path_size)
             : c == '[' ? walk_array(picker, at + 1, path_size)
                        : json_text_skip_value(text, at);
        at = json_text_skip_space(text, at);
        if (at < text.size && text.data[at] == ',') {
            at = json_text_skip_space(text, at + 1);
        }
    }
    picker->array_depth--;
    picker->depth--;
    return at < text.size ? at + 1 : at;
}

/* The value at `at`, whose path is the first path_size bytes of picker->path; past it. */
static size_t take(struct json_path_reader *picker, size_t at, size_t path_size)
{
    struct span path = span_of(picker->path, path_size);
    const struct path_node *node =
        picker->capacity ? find(picker->nodes, picker->capacity, path) : NULL;
    bool is_beginning = path_size == 0 || (node && node->path.data && node->is_beginning);
    size_t end = at;
    if (node && node->path.data && node->number > 0) {
        end = json_text_skip_value(picker->text, at);
        put(picker, node->number - 1, span_of(picker->text.data + at, end - at));
    }
    char c = at < picker->text.size ? picker->text.data[at] : '\0';
    if (is_beginning && (c == '{' || c == '[')) {
        return c == '{' ? walk_object(picker, at + 1, path_size)
                        : walk_array(picker, at + 1, path_size);
    }
    return end > at ? end : json_text_skip_value(picker->text, at);
}

/* Puts the key behind the path; its new size, or SIZE_MAX when that is longer than any wanted. */
static size_t add_key(struct json_path_reader *picker, size_t path_size, struct span key,
                      bool escaped)
{
    if (escaped) {
        key = json_text_unescape(key, picker->texts);
        picker->nomem = picker->nomem || !key.data;
    }
    size_t dot = path_size > 0;
    if (key.size + path_size + dot > sizeof picker->path) {
        return SIZE_MAX;
    }
    if (dot) {
        picker->path[path_size] = '.';
    }
    if (key.size > 0) {
        memcpy(picker->path + path_size + dot, key.data, key.size);
    }
    return path_size + dot + key.size;
}

/* `at` is behind the brace. */
static size_t walk_object(struct json_path_reader *picker, size_t at, size_t path_size)
{
    struct span text = picker->text;
    if (picker->depth >= PICK_DEPTH_MAX) {
        return json_text_skip_value(text, at - 1);
    }
    picker->depth++;
    for (at = json_text_skip_space(text, at); at < text.size && text.data[at] == '"';) {
        struct span key;
        bool escaped;
        at = json_text_skip_space(text, json_text_skip_string(text, at, &key, &escaped));
        at = json_text_skip_space(text, at < text.size ? at + 1 : at);
        size_t size = add_key(picker, path_size, key, escaped);
        at = size == SIZE_MAX ? json_text_skip_value(text, at) : take(picker, at, size);
        at = json_text_skip_space(text, at);
        if (at < text.size && text.data[at] == ',') {
            at = json_text_skip_space(text, at + 1);
        }
    }
    picker->depth--;
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
    for (const struct list_item *piece = list->first; piece; piece = piece->next) {
        text[size] = size == 0 ? '[' : ',';
        size++;
        memcpy(text + size, piece->text.data, piece->text.size);
        size += piece->text.size;
    }
    text[size++] = ']';
    return (struct json_path_value){.kind = JSON_PATH_JSON, .text = span_of(text, size)};
}

enum status json_path_run(struct json_path_reader *picker, struct span raw, struct arena *arena,
                          struct json_path_value *out, struct err *err)
{
    picker->out = out;
    picker->texts = arena;
    picker->text = raw;
    picker->arrays = picker->array_depth = picker->depth = 0;
    picker->nomem = false;
    for (size_t i = 0; i < picker->count; i++) {
        out[i] = (struct json_path_value){.kind = JSON_PATH_NONE};
        picker->lists[i] = (struct value_list){0};
    }
    size_t at = json_text_skip_space(raw, 0);
    if (at < raw.size && raw.data[at] == '{') {
        (void)walk_object(picker, at + 1, 0);
    }
    for (size_t i = 0; i < picker->count; i++) {
        if (picker->lists[i].array) {
            out[i] = list_text(&picker->lists[i], arena, &picker->nomem);
        }
    }
    return picker->nomem ? err_nomem(err, "columns") : OK;
}
