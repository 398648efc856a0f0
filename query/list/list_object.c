/* Objects of known forms: STIX 2 (OASIS), MISP's core format, ThreatFox, URLhaus, OpenIOC. What
 * wraps them does not matter. */
#include "query/list/list_internal.h"
#include <cjson/cJSON.h>

#include "schema/text/ascii.h"

enum { STIX_ID_BYTES = 11 + 36 };

struct object {
    struct list_reader *reader;
    const cJSON *item;
    int64_t line;
    enum status status;
};

struct span list_tree_text(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? span_str(item->valuestring) : span_of("", 0);
}

static struct span text_of(const struct object *object, const char *key)
{
    return list_tree_text(object->item, key);
}

static void refuse(struct object *object, struct span text, const char *why)
{
    list_refuse(object->reader, object->line, text, why);
}

/* 0 to 100 as a number, or as one in quotes. */
static int confidence_of(const struct object *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object->item, key);
    double number = cJSON_IsNumber(item) ? item->valuedouble : INDICATOR_CONFIDENCE_UNKNOWN;
    int confidence =
        (int)(number >= 0 && number <= INDICATOR_CONFIDENCE_MAX ? number
                                                                : INDICATOR_CONFIDENCE_UNKNOWN);
    return cJSON_IsString(item) ? list_read_confidence(text_of(object, key)) : confidence;
}

/* true, 1, "1", "true". */
static bool is_true(const cJSON *item)
{
    return cJSON_IsTrue(item) || (cJSON_IsNumber(item) && item->valuedouble != 0) ||
           (cJSON_IsString(item) && list_is_true(span_str(item->valuestring)));
}

static const char *why_not_stix(struct object *object)
{
    struct span type = text_of(object, "pattern_type");
    int64_t time_us;
    if (is_true(cJSON_GetObjectItemCaseSensitive(object->item, "revoked"))) {
        return "revoked";
    }
    if (type.size > 0 && !span_is(type, "stix")) {
        return "a pattern that is not STIX's own";
    }
    if (clock_parse_rfc3339(text_of(object, "valid_from"), &time_us) &&
        time_us > object->reader->options->now_us) {
        return "not valid yet (valid_from)";
    }
    return list_note_until(object->reader, text_of(object, "valid_until"));
}

static void take_stix(struct object *object)
{
    struct span pattern = text_of(object, "pattern");
    struct indicator_note note = INDICATOR_NOTE_NONE;
    int64_t from_us;
    note.confidence = confidence_of(object, "confidence");
    note.id = text_of(object, "id");
    note.about = text_of(object, "name");
    if (clock_parse_rfc3339(text_of(object, "valid_from"), &from_us)) {
        note.valid_from_us = from_us;
    }
    if (!span_starts(note.id, "indicator--") || note.id.size != STIX_ID_BYTES) {
        note.id.size = 0;
    }
    object->reader->note = note;
    const char *why = why_not_stix(object);
    if (why) {
        refuse(object, pattern, why);
    } else {
        object->status = list_take_pattern(object->reader, object->line, pattern);
    }
}

static void take_typed(struct object *object, struct span type, struct span value)
{
    enum observable_kind kind;
    if (!list_type_find(type, &kind)) {
        refuse(object, value, list_no_type);
    } else {
        object->status = list_take_typed(object->reader, object->line, type, kind, value);
    }
}

/* ThreatFox: export and API. */
static void take_threatfox(struct object *object, struct span ioc)
{
    struct span about = text_of(object, "malware_printable");
    object->reader->note.confidence = confidence_of(object, "confidence_level");
    object->reader->note.about = about.size > 0 ? about : text_of(object, "malware");
    take_typed(object, text_of(object, "ioc_type"), ioc);
}

static void take_misp(struct object *object, const cJSON *to_ids)
{
    struct span value = text_of(object, "value");
    if (is_true(cJSON_GetObjectItemCaseSensitive(object->item, "deleted"))) {
        refuse(object, value, "deleted");
    } else if (!is_true(to_ids) && !object->reader->options->any_to_ids) {
        refuse(object, value, "not meant for detection (to_ids): see --to-ids");
    } else {
        take_typed(object, text_of(object, "type"), value);
    }
}

/* What OpenIOC's terms look at, by the end of their names; the rest is not in events. */
static const struct {
    const char *end;
    enum observable_kind kind;
} openioc_terms[] = {
    {"md5sum", OBSERVABLE_HASH},
    {"sha1sum", OBSERVABLE_HASH},
    {"sha256sum", OBSERVABLE_HASH},
    {"/md5", OBSERVABLE_HASH},
    {"/sha1", OBSERVABLE_HASH},
    {"/sha256", OBSERVABLE_HASH},
    {"network/dns", OBSERVABLE_DOMAIN},
    {"recordname", OBSERVABLE_DOMAIN},
    {"host", OBSERVABLE_DOMAIN},
    {"hostname", OBSERVABLE_DOMAIN},
    {"remoteip", OBSERVABLE_IP},
    {"localip", OBSERVABLE_IP},
    {"ip", OBSERVABLE_IP},
    {"ipv4address", OBSERVABLE_IP},
    {"network/uri", OBSERVABLE_URL},
    {"url", OBSERVABLE_URL},
    {"useragent", OBSERVABLE_AGENT},
    {"filename", OBSERVABLE_FILE},
    {"fullpath", OBSERVABLE_FILE},
    {"filepath", OBSERVABLE_FILE},
    {"email/from", OBSERVABLE_EMAIL},
    {"processitem/name", OBSERVABLE_FILE},
    {"processitem/path", OBSERVABLE_FILE},
};

static bool ends_folded(struct span text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && strncasecmp(text.data + text.size - size, with, size) == 0;
}

/* An agent is given by a part of it, most often: "contains". */
static void take_openioc(struct object *object, struct span search, struct span content)
{
    bool contains = span_is(text_of(object, "condition"), "contains");
    for (size_t i = 0; i < sizeof openioc_terms / sizeof openioc_terms[0]; i++) {
        if (!ends_folded(search, openioc_terms[i].end)) {
            continue;
        }
        enum observable_kind kind = openioc_terms[i].kind;
        if (contains && kind == OBSERVABLE_FILE) {
            refuse(object, content, "a part of a path, which is not looked for");
            return;
        }
        struct buf agent = BUF_INIT;
        buf_printf(&agent, contains && kind == OBSERVABLE_AGENT ? "*%.*s*" : "%.*s",
                   SPAN_FMT(content));
        object->status = buf_status(&agent, "list", object->reader->err);
        object->status = THEN(
            object->status, list_take_value(object->reader, object->line, buf_span(&agent), kind));
        buf_fini(&agent);
        return;
    }
    refuse(object, content, list_no_type);
}

/* "type--uuid" */
static bool has_stix_id(const struct object *object, struct span type)
{
    struct span id = text_of(object, "id");
    return type.size > 0 && id.size == type.size + 2 + 36 &&
           memcmp(id.data, type.data, type.size) == 0 && id.data[type.size] == '-';
}

/* Observables of STIX hold their values as anything does. */
static bool is_stix_value(struct span type)
{
    static const char *const types[] = {"ipv4-addr", "ipv6-addr",  "domain-name",
                                        "url",       "email-addr", "file",
                                        "artifact",  "bundle",     "user-agent"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (span_is(type, types[i])) {
            return true;
        }
    }
    return false;
}

static enum list_object frame_of(const struct object *object, struct span type)
{
    bool misp = cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(object->item, "Attribute"));
    bool stix = has_stix_id(object, type) && !is_stix_value(type);
    return misp || stix ? LIST_OBJECT_FRAME : LIST_OBJECT_ANY;
}

enum list_object list_take_object(struct list_reader *reader, const cJSON *item, bool take,
                                  enum status *status)
{
    struct object object = {.reader = reader, .item = item, .line = item->valueint, .status = OK};
    struct span type = text_of(&object, "type");
    struct span ioc = text_of(&object, "ioc");
    struct span search =
        list_tree_text(cJSON_GetObjectItemCaseSensitive(item, "Context"), "search");
    const cJSON *to_ids = cJSON_GetObjectItemCaseSensitive(item, "to_ids");
    ioc = ioc.size > 0 ? ioc : text_of(&object, "ioc_value");
    bool stix = span_is(type, "indicator") && text_of(&object, "pattern").size > 0;
    bool misp = to_ids && type.size > 0 && text_of(&object, "value").size > 0;
    bool threatfox = ioc.size > 0 && text_of(&object, "ioc_type").size > 0;
    bool urlhaus = text_of(&object, "url").size > 0 && text_of(&object, "threat").size > 0;
    if (!stix && !misp && !threatfox && !urlhaus && search.size == 0) {
        return frame_of(&object, type);
    }
    if (!take) {
        return LIST_OBJECT_KNOWN;
    }
    reader->note = INDICATOR_NOTE_NONE;
    reader->note.about = text_of(&object, "comment");
    if (stix) {
        take_stix(&object);
    } else if (misp) {
        take_misp(&object, to_ids);
    } else if (threatfox) {
        take_threatfox(&object, ioc);
    } else if (urlhaus) {
        reader->note.about = text_of(&object, "threat");
        object.status =
            list_take_value(reader, object.line, text_of(&object, "url"), OBSERVABLE_URL);
    } else {
        take_openioc(&object, search, text_of(&object, "Content"));
    }
    *status = object.status;
    return LIST_OBJECT_KNOWN;
}
