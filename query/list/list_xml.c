/* XML: STIX 1.x (CybOX), OpenIOC, and whatever else has values in elements. */
#include <cjson/cJSON.h>
#include <expat.h>

#include "query/list/list_internal.h"

struct builder {
    XML_Parser parser;
    cJSON *open[LIST_TREE_DEPTH_MAX]; /* elements that are open, from the root on */
    size_t depth;
    struct buf text; /* of the innermost one */
    size_t values;
    const char *why; /* static: why it is not read on */
};

/* Names without their namespace. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void stop(struct builder *builder, const char *why)
{
    builder->why = why;
    (void)XML_StopParser(builder->parser, XML_FALSE);
}

/* A member of an object; several may have the same name. */
static cJSON *add(struct builder *builder, cJSON *object, const char *name, cJSON *item)
{
    if (!item || !cJSON_AddItemToObject(object, name, item)) {
        cJSON_Delete(item);
        stop(builder, "out of memory");
        return NULL;
    }
    item->valueint = (int)XML_GetCurrentLineNumber(builder->parser);
    if (++builder->values > LIST_JSON_VALUES_MAX) {
        stop(builder, "over 4 million values: split it");
    }
    return item;
}

static void begin(void *context, const char *name, const char **attributes)
{
    struct builder *builder = context;
    buf_clear(&builder->text);
    if (builder->depth == LIST_TREE_DEPTH_MAX) {
        stop(builder, "elements that are nested too deep");
        return;
    }
    cJSON *element =
        add(builder, builder->open[builder->depth - 1], local_name(name), cJSON_CreateObject());
    for (size_t i = 0; element && attributes[i]; i += 2) {
        if (strncmp(attributes[i], "xmlns", 5) != 0) {
            (void)add(builder, element, local_name(attributes[i]),
                      cJSON_CreateString(attributes[i + 1]));
        }
    }
    if (element) {
        builder->open[builder->depth++] = element;
    }
}

static void take_text(void *context, const char *text, int size)
{
    struct builder *builder = context;
    buf_add(&builder->text, text, (size_t)size);
}

/* STIX 1.x has several values in one text, with this between them. */
static void split_values(struct buf *text)
{
    static const char mark[] = "##comma##";
    for (char *at;
         text->size > 0 && (at = memmem(text->data, text->size, mark, sizeof mark - 1)) != NULL;) {
        size_t rest = text->size - (size_t)(at - text->data) - (sizeof mark - 1);
        *at = ',';
        memmove(at + 1, at + sizeof mark - 1, rest);
        text->size -= sizeof mark - 2;
    }
}

/* An element with text in it is its text: what its attributes say of it, the text says better. */
static void end(void *context, const char *name)
{
    struct builder *builder = context;
    cJSON *element = builder->open[builder->depth - 1];
    struct span text = list_trim(buf_span(&builder->text));
    builder->depth--;
    if (text.size > 0 && buf_ok(&builder->text)) {
        cJSON *parent = builder->open[builder->depth - 1];
        split_values(&builder->text);
        text = list_trim(buf_span(&builder->text));
        size_t from = (size_t)(text.data - builder->text.data);
        buf_add_char(&builder->text, '\0');
        if (!buf_ok(&builder->text)) {
            stop(builder, "out of memory");
            return;
        }
        char *data = builder->text.data + from;
        data[text.size] = '\0';
        int line = element->valueint;
        cJSON_Delete(cJSON_DetachItemViaPointer(parent, element));
        cJSON *item = add(builder, parent, local_name(name), cJSON_CreateString(data));
        if (item) {
            item->valueint = line;
        }
    }
    buf_clear(&builder->text);
}

enum status list_read_xml(struct list_reader *reader, struct span text)
{
    struct builder builder = {.depth = 1};
    enum status status = list_json_fits(text, reader->err);
    if (status != OK) {
        return status;
    }
    event_json_ready();
    cJSON *root = cJSON_CreateObject();
    builder.open[0] = root;
    builder.parser = XML_ParserCreate(NULL);
    if (!root || !builder.parser) {
        cJSON_Delete(root);
        return err_nomem(reader->err, "list");
    }
    XML_SetUserData(builder.parser, &builder);
    XML_SetElementHandler(builder.parser, begin, end);
    XML_SetCharacterDataHandler(builder.parser, take_text);
    bool whole = XML_Parse(builder.parser, text.data, (int)text.size, XML_TRUE) == XML_STATUS_OK;
    const char *why = builder.why ? builder.why : XML_ErrorString(XML_GetErrorCode(builder.parser));
    unsigned long line = XML_GetCurrentLineNumber(builder.parser);
    XML_ParserFree(builder.parser);
    buf_fini(&builder.text);
    status = list_take_tree(reader, root);
    cJSON_Delete(root);
    if ((status == OK || status == ERR_FORMAT) && !whole) {
        return err_set(reader->err, ERR_FORMAT,
                       "not XML from line %lu on (%s): only what is before it was read", line, why);
    }
    return status;
}
