/* Lists in JSON: STIX 2.1 bundles (OASIS), MISP events and feeds (MISP core format), ThreatFox and
 * URLhaus exports. The form is recognized object by object, so that what wraps them does not
 * matter. */
#include <cjson/cJSON.h>

#include "query/ioc/list_internal.h"
#include "schema/text/ascii.h"

/* A line is the number of the indicator here: JSON has no lines that say anything. */
struct document {
    struct list_reader *reader;
    int64_t now_us;
    enum status status;
};

enum { STIX_ID_BYTES = 11 + 36 };

static struct span text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? span_str(item->valuestring) : span_of("", 0);
}

static void add_value(struct document *document, struct span text, enum observable_kind kind)
{
    document->status = THEN(document->status, list_add_value(document->reader, text, kind));
}

static void refuse(struct document *document, struct span text, const char *why)
{
    document->status = THEN(document->status, list_add(document->reader, text, why, NULL));
}

/* 0 to 100 as a number, or as one in quotes. */
static int confidence_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    double number = cJSON_IsNumber(item) ? item->valuedouble : INDICATOR_CONFIDENCE_UNKNOWN;
    int confidence =
        (int)(number >= 0 && number <= INDICATOR_CONFIDENCE_MAX ? number
                                                                : INDICATOR_CONFIDENCE_UNKNOWN);
    return cJSON_IsString(item) ? list_read_confidence(text_of(object, key)) : confidence;
}

static const char *why_not_now(const struct document *document, const cJSON *object)
{
    struct span type = text_of(object, "pattern_type");
    int64_t time_us;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "revoked"))) {
        return "revoked";
    }
    if (type.size > 0 && !span_is(type, "stix")) {
        return "a pattern that is not STIX's own";
    }
    if (clock_parse_rfc3339(text_of(object, "valid_until"), &time_us) &&
        time_us <= document->now_us) {
        return "no longer valid (valid_until)";
    }
    if (clock_parse_rfc3339(text_of(object, "valid_from"), &time_us) &&
        time_us > document->now_us) {
        return "not valid yet (valid_from)";
    }
    return NULL;
}

static void add_stix(struct document *document, const cJSON *object)
{
    struct span pattern = text_of(object, "pattern");
    const char *why = why_not_now(document, object);
    struct indicator_note note = {.confidence = confidence_of(object, "confidence"),
                                  .valid_from_us = INT64_MIN,
                                  .id = text_of(object, "id"),
                                  .about = text_of(object, "name")};
    int64_t from_us;
    if (clock_parse_rfc3339(text_of(object, "valid_from"), &from_us)) {
        note.valid_from_us = from_us;
    }
    note.id.size =
        span_starts(note.id, "indicator--") && note.id.size == STIX_ID_BYTES ? note.id.size : 0;
    document->reader->note = note;
    if (why) {
        refuse(document, pattern, why);
    } else if (document->status == OK) {
        document->status = list_add_pattern(document->reader, pattern);
    }
}

static void add_typed(struct document *document, struct span type, struct span value)
{
    enum observable_kind kind;
    if (!list_type_find(type, &kind)) {
        refuse(document, value, "of a type that no event has");
    } else if (document->status == OK) {
        document->status = list_add_typed(document->reader, type, kind, value);
    }
}

/* ThreatFox: export and API. */
static void add_threatfox(struct document *document, const cJSON *object, struct span ioc)
{
    struct span about = text_of(object, "malware_printable");
    struct indicator_note note = {.confidence = confidence_of(object, "confidence_level"),
                                  .valid_from_us = INT64_MIN,
                                  .about = about.size > 0 ? about : text_of(object, "malware")};
    document->reader->note = note;
    add_typed(document, text_of(object, "ioc_type"), ioc);
}

static void add_misp(struct document *document, const cJSON *object, bool to_ids)
{
    struct span value = text_of(object, "value");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "deleted"))) {
        refuse(document, value, "deleted");
    } else if (!to_ids) {
        refuse(document, value, "not meant for detection (to_ids)");
    } else {
        add_typed(document, text_of(object, "type"), value);
    }
}

/* Takes the object when it is an indicator of a known form. */
static bool add_object(struct document *document, const cJSON *object)
{
    struct span type = text_of(object, "type");
    struct span ioc = text_of(object, "ioc");
    const cJSON *to_ids = cJSON_GetObjectItemCaseSensitive(object, "to_ids");
    ioc = ioc.size > 0 ? ioc : text_of(object, "ioc_value");
    document->reader->line++;
    document->reader->note = INDICATOR_NOTE_NONE;
    document->reader->note.about = text_of(object, "comment");
    if (span_is(type, "indicator") && text_of(object, "pattern").size > 0) {
        add_stix(document, object);
    } else if (to_ids && type.size > 0 && text_of(object, "value").size > 0) {
        add_misp(document, object, cJSON_IsTrue(to_ids));
    } else if (ioc.size > 0 && text_of(object, "ioc_type").size > 0) {
        add_threatfox(document, object, ioc);
    } else if (text_of(object, "url").size > 0 && text_of(object, "threat").size > 0) {
        document->reader->note.about = text_of(object, "threat");
        add_value(document, text_of(object, "url"), OBSERVABLE_URL);
    } else {
        document->reader->line--;
        return false;
    }
    return true;
}

/* Depth is bounded by cJSON (CJSON_NESTING_LIMIT, 1,000). */
static void add_objects(struct document *document, const cJSON *item)
{
    if (cJSON_IsObject(item) && add_object(document, item)) {
        return;
    }
    for (const cJSON *child = item->child; child && document->status == OK; child = child->next) {
        if (child->child) {
            add_objects(document, child);
        }
    }
}

enum status list_read_json(struct list_reader *reader, struct span text, int64_t now_us)
{
    struct document document = {.reader = reader, .now_us = now_us};
    event_json_ready();
    while (text.size > 0 && document.status == OK) {
        const char *end = NULL;
        cJSON *root = cJSON_ParseWithLengthOpts(text.data, text.size, &end, false);
        if (!root) {
            return err_set(reader->err, ERR_FORMAT, "not JSON from byte %zu of what is left on",
                           end ? (size_t)(end - text.data) : 0);
        }
        add_objects(&document, root);
        cJSON_Delete(root);
        text = span_from(text, (size_t)(end - text.data));
        text = ascii_skip_blanks(text);
    }
    if (document.status == OK && reader->line == 0) {
        return err_set(reader->err, ERR_FORMAT,
                       "JSON without an indicator that is known: STIX 2.1, MISP, ThreatFox and "
                       "URLhaus are");
    }
    return document.status;
}
