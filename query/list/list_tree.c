/* Trees of any shape: keys are to their values what columns are to cells. They are gone through
 * twice: for a sample of what each key holds, and to take what counts. */
#include "query/list/list_internal.h"
#include <cjson/cJSON.h>

#include "query/ioc/indicator_parse.h"

struct walk {
    struct list_reader *reader;
    struct list_fields keys; /* what each key says by itself */
    bool takes;              /* the second time */
    enum status status;
};

/* What surrounds an item. */
struct around {
    struct span key;         /* of the object or array it is in */
    struct span type;        /* what an object around it says of its kind */
    enum observable_kind of; /* the same as a kind; OBSERVABLE_KINDS: nothing */
    bool has_value;          /* the object has a key that says: the indicator */
    bool has_address;        /* and one that says: an address */
    bool frame;              /* only known objects count */
    struct indicator_note note;
};

static struct around nothing_around(void)
{
    return (struct around){.key = span_of("", 0),
                           .type = span_of("", 0),
                           .of = OBSERVABLE_KINDS,
                           .note = INDICATOR_NOTE_NONE};
}

/* list_name_of, once for each key. */
static struct list_name says_of(struct walk *walk, struct span key)
{
    uint32_t number = list_fields_add(&walk->keys, key);
    return number == INTERN_NONE ? list_name_of(key) : list_fields_at(&walk->keys, number)->says;
}

/* Keys of what is about the indicators' makers and readers, with all below. */
static bool is_reference(struct span key)
{
    static const char *const parts[] = {"eferenc", "author", "ontact", "icens", "hois", "chema"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (key.size > 0 && memmem(key.data, key.size, parts[i], strlen(parts[i]))) {
            return true;
        }
    }
    return false;
}

/* A key that says nothing by itself is told by the one above it, too: url.full. */
static uint32_t field_of(struct walk *walk, struct span above, struct span key)
{
    struct list_fields *fields = &walk->reader->fields;
    if (key.size == 0) {
        key = above.size > 0 ? above : span_str("values");
        above = span_of("", 0);
    }
    if (above.size == 0 || says_of(walk, key).role != LIST_ROLE_UNKNOWN) {
        return list_fields_add(fields, key);
    }
    struct buf *name = &walk->reader->line;
    buf_clear(name);
    buf_add_span(name, above);
    buf_add_char(name, '.');
    buf_add_span(name, key);
    return buf_ok(name) ? list_fields_add(fields, buf_span(name)) : INTERN_NONE;
}

static bool has_shape(enum observable_kind kind)
{
    return kind == OBSERVABLE_IP || kind == OBSERVABLE_DOMAIN || kind == OBSERVABLE_URL ||
           kind == OBSERVABLE_EMAIL || kind == OBSERVABLE_HASH || kind == OBSERVABLE_AGENT ||
           kind == OBSERVABLE_KINDS;
}

/* Does the object's own type leave room for what the field is? */
static bool fits_type(const struct list_field *field, const struct around *around)
{
    if (field->says.role != LIST_ROLE_KIND) {
        return field->says.role == LIST_ROLE_VALUE || !around->has_value;
    }
    return !around->has_value && has_shape(field->says.kind) &&
           (around->of == OBSERVABLE_KINDS || around->of == field->says.kind ||
            field->says.kind == OBSERVABLE_HASH);
}

static void take_string(struct walk *walk, struct list_field *field, const struct around *around,
                        struct span text, int64_t line)
{
    struct list_reader *reader = walk->reader;
    int64_t kinds[OBSERVABLE_KINDS + 1];
    reader->note = around->note;
    int64_t before = reader->report->read + reader->report->duplicates;
    bool kind = field->says.role == LIST_ROLE_KIND && field->says.kind != OBSERVABLE_KINDS;
    memcpy(kinds, reader->report->kinds, sizeof kinds);
    walk->status = list_take_cell(reader, line, text, kind ? field->says.kind : OBSERVABLE_KINDS,
                                  kind ? span_of("", 0) : around->type);
    field->taken += reader->report->read + reader->report->duplicates - before;
    for (int i = 0; i <= OBSERVABLE_KINDS; i++) {
        field->kinds |= kinds[i] != reader->report->kinds[i] ? 1u << i : 0;
    }
}

static void walk_string(struct walk *walk, const struct around *around, struct span key,
                        const cJSON *item)
{
    uint32_t number = field_of(walk, around->key, key);
    struct span text = span_str(item->valuestring);
    if (number == INTERN_NONE || around->frame) {
        return;
    }
    struct list_field *field = list_fields_at(&walk->reader->fields, number);
    if (!walk->takes) {
        list_field_see(field, text, &walk->reader->normal);
        return;
    }
    bool cidr = field->says.role == LIST_ROLE_KIND && span_is(key, "cidr") && around->has_address;
    if (field->use == LIST_USE_VALUE && !cidr && fits_type(field, around)) {
        take_string(walk, field, around, text, item->valueint);
    }
}

/* Is every key of the object an indicator? */
static bool has_values_as_keys(struct walk *walk, const cJSON *object)
{
    for (const cJSON *child = object->child; child; child = child->next) {
        struct indicator indicator;
        struct span key = span_str(child->string);
        if (key.size == 0 || says_of(walk, key).role != LIST_ROLE_UNKNOWN ||
            indicator_parse(key, &walk->reader->normal, &indicator) || !list_is_sure(&indicator)) {
            return false;
        }
    }
    return object->child != NULL;
}

static void walk_keys(struct walk *walk, const cJSON *object)
{
    const struct around around = nothing_around();
    uint32_t number = list_fields_add(&walk->reader->fields, span_str("keys"));
    for (const cJSON *child = object->child;
         child && walk->takes && walk->status == OK && number != INTERN_NONE; child = child->next) {
        take_string(walk, list_fields_at(&walk->reader->fields, number), &around,
                    span_str(child->string), child->valueint);
    }
}

/* Is the key of a type used as that, and not for values? */
static bool is_type_key(const struct walk *walk, struct span key)
{
    const struct list_fields *fields = &walk->reader->fields;
    uint32_t number = walk->takes ? intern_find(&fields->names, key) : INTERN_NONE;
    return number == INTERN_NONE || fields->items.items[number].use != LIST_USE_VALUE;
}

static int confidence_of(const cJSON *item)
{
    bool fits = cJSON_IsNumber(item) && item->valuedouble >= 0 &&
                item->valuedouble <= INDICATOR_CONFIDENCE_MAX;
    return fits                   ? (int)item->valuedouble
           : cJSON_IsString(item) ? list_read_confidence(span_str(item->valuestring))
                                  : INDICATOR_CONFIDENCE_UNKNOWN;
}

/* What one key of an object says of what is beside it: {"type": "IPv4"},
 * {"type": {"name": "IP"}}, a confidence, a description. */
static void look_beside(struct walk *walk, struct around *in, const cJSON *child)
{
    struct span key = span_str(child->string);
    struct list_name name = says_of(walk, key);
    struct span text =
        cJSON_IsString(child) ? span_str(child->valuestring) : list_tree_text(child, "name");
    in->has_value |= name.role == LIST_ROLE_VALUE && cJSON_IsString(child);
    in->has_address |= span_is(key, "ip") || span_is(key, "ip_addr");
    if (name.role == LIST_ROLE_TYPE && text.size > 0 && is_type_key(walk, key)) {
        struct list_name type = list_known_name(walk->reader, text);
        if (type.role != LIST_ROLE_UNKNOWN || in->type.size == 0) {
            in->type = text;
            in->of = type.role == LIST_ROLE_KIND && type.kind != OBSERVABLE_FILE ? type.kind
                                                                                 : OBSERVABLE_KINDS;
        }
    } else if (name.role == LIST_ROLE_CONFIDENCE) {
        in->note.confidence = confidence_of(child);
    } else if (name.role == LIST_ROLE_ABOUT && cJSON_IsString(child) && in->note.about.size == 0) {
        in->note.about = text;
    }
}

static struct around inside(struct walk *walk, const struct around *around, const cJSON *object)
{
    struct around in = *around;
    in.has_value = false;
    in.has_address = false;
    in.note = INDICATOR_NOTE_NONE;
    for (const cJSON *child = object->child; child; child = child->next) {
        look_beside(walk, &in, child);
    }
    return in;
}

static void walk_item(struct walk *walk, const struct around *around, struct span key,
                      const cJSON *item, int depth);

static void walk_object(struct walk *walk, const struct around *around, struct span key,
                        const cJSON *object, int depth)
{
    enum list_object known = list_take_object(walk->reader, object, walk->takes, &walk->status);
    if (known == LIST_OBJECT_KNOWN) {
        return;
    }
    struct around in = inside(walk, around, object);
    in.frame = around->frame || known == LIST_OBJECT_FRAME;
    in.key = key.size > 0 ? key : around->key;
    if (!in.frame && has_values_as_keys(walk, object)) {
        walk_keys(walk, object);
    }
    for (const cJSON *child = object->child; child && walk->status == OK; child = child->next) {
        if (!is_reference(span_str(child->string))) {
            walk_item(walk, &in, span_str(child->string), child, depth + 1);
        }
    }
}

static void walk_item(struct walk *walk, const struct around *around, struct span key,
                      const cJSON *item, int depth)
{
    if (cJSON_IsString(item)) {
        walk_string(walk, around, key, item);
    } else if (cJSON_IsObject(item) && depth < LIST_TREE_DEPTH_MAX) {
        walk_object(walk, around, key, item, depth);
    } else if (cJSON_IsArray(item) && depth < LIST_TREE_DEPTH_MAX) {
        for (const cJSON *child = item->child; child && walk->status == OK; child = child->next) {
            walk_item(walk, around, key, child, depth + 1);
        }
    }
}

/* Keys that name users, files or sessions do so of anything: only types say that these are meant.
 * What is named by the key above it alone ("prefixes.region") must look like it. */
static void judge(struct list_fields *fields)
{
    for (size_t i = 0; i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        struct span name = intern_text(&fields->names, (uint32_t)i);
        bool below = field->plain == 0 && memchr(name.data, '.', name.size);
        list_field_judge(field);
        if (field->says.role == LIST_ROLE_KIND && (below || !has_shape(field->says.kind))) {
            field->use = LIST_USE_NOTHING;
        }
    }
}

enum status list_take_tree(struct list_reader *reader, const cJSON *root)
{
    struct walk walk = {.reader = reader, .status = OK};
    const struct around around = nothing_around();
    list_fields_init(&reader->fields);
    list_fields_init(&walk.keys);
    walk_item(&walk, &around, span_of("", 0), root, 0);
    judge(&reader->fields);
    walk.takes = true;
    if (walk.status == OK) {
        walk_item(&walk, &around, span_of("", 0), root, 0);
    }
    list_fields_fini(&walk.keys);
    list_fields_report(&reader->fields, reader->report);
    const struct list_report *report = reader->report;
    if (walk.status == OK && report->read + report->duplicates + report->unsure == 0 &&
        report->refused == 0) {
        return err_set(reader->err, ERR_FORMAT, "no indicator, and nothing that looks like one");
    }
    return walk.status;
}
