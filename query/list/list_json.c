/* JSON: one document, or several one behind the other. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "query/list/list_internal.h"

enum { DEPTH_MAX = 1000, BREAKS_MAX = 1000 };

enum status list_json_fits(struct span text, struct err *err)
{
    if (text.size > LIST_JSON_BYTES_MAX) {
        return err_set(err, ERR_LIMIT, "JSON of over 64 MiB: split it");
    }
    size_t values = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        values += c == ',' || c == '[' || c == '{';
    }
    return values <= LIST_JSON_VALUES_MAX
               ? OK
               : err_set(err, ERR_LIMIT, "JSON of over 4 million values: split it");
}

struct cursor {
    struct span rest;
    int64_t line;
};

static void advance(struct cursor *cursor, size_t size)
{
    for (size_t i = 0; i < size && i < cursor->rest.size; i++) {
        cursor->line += cursor->rest.data[i] == '\n';
    }
    cursor->rest = span_from(cursor->rest, size);
}

static void skip_to_value(struct cursor *cursor)
{
    size_t size = 0;
    while (size < cursor->rest.size && ((unsigned char)cursor->rest.data[size] <= ' ' ||
                                        memchr(",:", cursor->rest.data[size], 2))) {
        size++;
    }
    advance(cursor, size);
}

static void skip_string(struct cursor *cursor)
{
    size_t size = 1;
    while (size < cursor->rest.size && cursor->rest.data[size] != '"') {
        size += cursor->rest.data[size] == '\\' ? 2 : 1;
    }
    advance(cursor, size + 1);
}

/* Notes the line of each item: they come in the order of the text. */
static void mark_lines(cJSON *item, struct cursor *cursor)
{
    skip_to_value(cursor);
    item->valueint = (int)cursor->line;
    if (cJSON_IsString(item)) {
        skip_string(cursor);
        return;
    }
    if (!cJSON_IsArray(item) && !cJSON_IsObject(item)) {
        size_t size = 0;
        while (size < cursor->rest.size && !memchr(",]} \t\r\n", cursor->rest.data[size], 7)) {
            size++;
        }
        advance(cursor, size);
        return;
    }
    advance(cursor, 1);
    for (cJSON *child = item->child; child; child = child->next) {
        if (cJSON_IsObject(item)) {
            skip_to_value(cursor);
            skip_string(cursor);
        }
        mark_lines(child, cursor);
    }
    skip_to_value(cursor);
    advance(cursor, 1);
}

/* What of a broken document is whole: up to the last comma before the break, and what is open there
 * closed. NULL: nothing. */
static cJSON *parse_whole_part(struct span text)
{
    char stack[DEPTH_MAX];
    char closers[DEPTH_MAX + 1];
    size_t depth = 0;
    size_t open = 0;
    size_t end = 0;
    for (size_t i = 0; i < text.size && depth < DEPTH_MAX; i++) {
        char c = text.data[i];
        if (c == '"') {
            for (i++; i < text.size && text.data[i] != '"'; i++) {
                i += text.data[i] == '\\';
            }
        } else if (c == '[' || c == '{') {
            stack[depth++] = c == '[' ? ']' : '}';
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        } else if (c == ',' && depth > 0) {
            end = i;
            open = depth;
            memcpy(closers, stack, depth);
        }
    }
    if (end == 0 || depth == DEPTH_MAX) {
        return NULL;
    }
    struct buf whole = BUF_INIT;
    buf_add(&whole, text.data, end);
    for (size_t i = open; i > 0; i--) {
        buf_add_char(&whole, closers[i - 1]);
    }
    cJSON *root = buf_ok(&whole) ? cJSON_ParseWithLength(whole.data, whole.size) : NULL;
    buf_fini(&whole);
    return root;
}

struct documents {
    struct list_reader *reader;
    cJSON *all;
    struct cursor cursor;
    int64_t broken_line; /* of the first break; 0: none */
    size_t broken_byte;
    size_t breaks;
};

static bool keep(struct documents *documents, cJSON *root)
{
    if (root) {
        struct cursor cursor = documents->cursor;
        mark_lines(root, &cursor);
    }
    return root && cJSON_AddItemToArray(documents->all, root);
}

/* Behind a broken document: at the next line that begins one. */
static void skip_broken(struct documents *documents, const char *at, size_t from_start)
{
    struct cursor *cursor = &documents->cursor;
    struct span rest = span_from(cursor->rest, from_start);
    if (documents->broken_line == 0) {
        struct cursor there = *cursor;
        documents->broken_byte = (size_t)(rest.data - at);
        advance(&there, from_start);
        documents->broken_line = there.line;
    }
    struct span behind = span_from(cursor->rest, 1);
    const char *next = behind.size > 0 && ++documents->breaks < BREAKS_MAX
                           ? memmem(behind.data, behind.size, "\n{", 2)
                           : NULL;
    (void)keep(documents,
               parse_whole_part(span_of(cursor->rest.data,
                                        (size_t)((next ? next : rest.data) - cursor->rest.data))));
    advance(cursor, next ? (size_t)(next - cursor->rest.data) : cursor->rest.size);
}

enum status list_read_json(struct list_reader *reader, struct span text)
{
    struct documents documents = {.reader = reader, .cursor = {.rest = text, .line = 1}};
    event_json_ready();
    documents.all = cJSON_CreateArray();
    bool ok = documents.all != NULL;
    skip_to_value(&documents.cursor);
    while (ok && documents.cursor.rest.size > 0) {
        const char *end = NULL;
        struct span rest = documents.cursor.rest;
        cJSON *root = cJSON_ParseWithLengthOpts(rest.data, rest.size, &end, false);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        if (root) {
            ok = keep(&documents, root);
            advance(&documents.cursor, size);
        } else {
            skip_broken(&documents, text.data, size);
        }
        skip_to_value(&documents.cursor);
    }
    enum status status = ok ? OK : err_nomem(reader->err, "list");
    status = THEN(status, list_take_tree(reader, documents.all));
    cJSON_Delete(documents.all);
    if ((status == OK || status == ERR_FORMAT) && documents.broken_line > 0) {
        return err_set(reader->err, ERR_FORMAT,
                       "not JSON from byte %zu on (line %lld): only what is whole was read",
                       documents.broken_byte, (long long)documents.broken_line);
    }
    return status;
}
