/* YAML: lists and maps of plain values. Aliases stand for nothing. */
#include <cjson/cJSON.h>
#include <yaml.h>

#include "query/list/list_internal.h"

struct builder {
    cJSON *open[LIST_TREE_DEPTH_MAX]; /* sequences and maps that are open, from the root on */
    struct buf key;                   /* of a map: of the value that comes next, with a NUL */
    bool has_key;
    size_t depth;
    size_t values;
};

/* What a scalar, a sequence or a map becomes a part of. */
static bool add(struct builder *builder, cJSON *item, size_t line)
{
    cJSON *parent = builder->open[builder->depth - 1];
    bool map = cJSON_IsObject(parent);
    bool ok = item && buf_ok(&builder->key) && ++builder->values <= LIST_JSON_VALUES_MAX &&
              (map ? cJSON_AddItemToObject(parent, builder->has_key ? builder->key.data : "", item)
                   : cJSON_AddItemToArray(parent, item));
    if (!ok) {
        cJSON_Delete(item);
        return false;
    }
    item->valueint = (int)line + 1;
    builder->has_key = false;
    return true;
}

static bool add_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct span text = span_of(event->data.scalar.value, event->data.scalar.length);
    struct buf copy = BUF_INIT;
    bool key = cJSON_IsObject(builder->open[builder->depth - 1]) && !builder->has_key;
    struct buf *to = key ? &builder->key : &copy;
    buf_clear(to);
    buf_add_span(to, text);
    buf_add_char(to, '\0');
    bool ok = buf_ok(to);
    if (key) {
        builder->has_key = true;
    } else {
        ok = ok && add(builder, cJSON_CreateString(copy.data), event->start_mark.line);
    }
    buf_fini(&copy);
    return ok;
}

static bool open_item(struct builder *builder, cJSON *item, size_t line)
{
    if (builder->depth == LIST_TREE_DEPTH_MAX) {
        cJSON_Delete(item);
        return false;
    }
    bool ok = add(builder, item, line);
    if (ok) {
        builder->open[builder->depth++] = item;
    }
    return ok;
}

/* False: no further. */
static bool take_event(struct builder *builder, const yaml_event_t *event)
{
    switch ((int)event->type) {
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_ALIAS_EVENT:
        return add(builder, cJSON_CreateNull(), event->start_mark.line);
    case YAML_SEQUENCE_START_EVENT:
        return open_item(builder, cJSON_CreateArray(), event->start_mark.line);
    case YAML_MAPPING_START_EVENT:
        return open_item(builder, cJSON_CreateObject(), event->start_mark.line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        builder->has_key = false;
        return true;
    default:
        return true;
    }
}

/* All of it; *out_line: where it breaks off. */
static bool parse(struct builder *builder, struct span text, size_t *out_line)
{
    yaml_parser_t parser;
    bool ok = yaml_parser_initialize(&parser) != 0;
    if (!ok) {
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.size);
    for (bool more = true; ok && more;) {
        yaml_event_t event;
        ok = yaml_parser_parse(&parser, &event) != 0;
        if (ok) {
            more = event.type != YAML_STREAM_END_EVENT;
            ok = take_event(builder, &event);
            yaml_event_delete(&event);
        }
    }
    *out_line = parser.problem_mark.line + 1;
    yaml_parser_delete(&parser);
    return ok;
}

enum status list_read_yaml(struct list_reader *reader, struct span text)
{
    struct builder builder = {.depth = 1};
    size_t line = 0;
    enum status status = list_json_fits(text, reader->err);
    if (status != OK) {
        return status;
    }
    event_json_ready();
    cJSON *root = cJSON_CreateArray();
    if (!root) {
        return err_nomem(reader->err, "list");
    }
    builder.open[0] = root;
    bool whole = parse(&builder, text, &line);
    buf_fini(&builder.key);
    if (whole) {
        status = list_take_tree(reader, root);
    } else {
        status = err_set(reader->err, ERR_FORMAT, "not YAML from line %zu on", line);
    }
    cJSON_Delete(root);
    return status;
}
