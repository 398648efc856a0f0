/* Lists in JSON: STIX 2.1 bundles (OASIS), MISP events and feeds (MISP core format), ThreatFox and
 * URLhaus exports. The form is told object by object, so that what wraps them does not matter. */
#include <cjson/cJSON.h>

#include "query/hunt/list_internal.h"
#include "query/hunt/read_value.h"

struct document {
    struct list_reader *reader;
    int64_t number; /* of the object at hand, from 1: JSON has no lines that say anything */
    int64_t now_us;
    enum status status;
};

static struct span text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? span_str(item->valuestring) : span_of("", 0);
}

static void take(struct document *document, struct span text, enum observable_kind kind)
{
    struct buf *normal = &document->reader->normal;
    struct indicator indicator;
    const char *why = kind == OBSERVABLE_KINDS ? read_value(text, normal, &indicator)
                                               : read_value_as(text, kind, normal, &indicator);
    if (document->status == OK) {
        document->status = list_take(document->reader, document->number, text, why, &indicator);
    }
}

static void refuse(struct document *document, struct span text, const char *why)
{
    if (document->status == OK) {
        document->status = list_take(document->reader, document->number, text, why, NULL);
    }
}

/* What a path of a pattern, or a type of MISP or ThreatFox, holds. A name that ends with * is a
 * beginning. */
struct named_kind {
    const char *name;
    enum observable_kind kind;
};

static bool kind_of(const struct named_kind *kinds, size_t count, struct span name,
                    enum observable_kind *out_kind)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(kinds[i].name);
        bool part = kinds[i].name[size - 1] == '*';
        size -= part;
        if ((part ? name.size >= size : name.size == size) &&
            memcmp(name.data, kinds[i].name, size) == 0) {
            *out_kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

#define KIND_OF(kinds, name, out) kind_of(kinds, sizeof(kinds) / sizeof(kinds)[0], name, out)

/* STIX 2.1, section 9 (patterning) and the observable objects of section 6. */
static const struct named_kind stix_paths[] = {
    {"ipv4-addr:value", OBSERVABLE_IP},
    {"ipv6-addr:value", OBSERVABLE_IP},
    {"domain-name:value", OBSERVABLE_DOMAIN},
    {"url:value", OBSERVABLE_URL},
    {"email-addr:value", OBSERVABLE_EMAIL},
    {"email-message:from_ref.value", OBSERVABLE_EMAIL},
    {"file:hashes.*", OBSERVABLE_HASH},
    {"artifact:hashes.*", OBSERVABLE_HASH},
    {"file:name", OBSERVABLE_FILE},
    {"user-account:user_id", OBSERVABLE_USER},
    {"user-account:account_login", OBSERVABLE_USER},
    {"x509-certificate:serial_number", OBSERVABLE_SERIAL},
    {"network-traffic:src_ref.value", OBSERVABLE_KINDS},
    {"network-traffic:dst_ref.value", OBSERVABLE_KINDS},
    {"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", OBSERVABLE_AGENT},
};

/* A pattern read from front to back. */
struct pattern {
    struct span rest;
    const char *why; /* why it cannot be read; NULL so far */
};

static void skip_blanks(struct pattern *pattern)
{
    while (pattern->rest.size > 0 && (unsigned char)pattern->rest.data[0] <= ' ') {
        pattern->rest = span_from(pattern->rest, 1);
    }
}

static bool accept(struct pattern *pattern, const char *word)
{
    skip_blanks(pattern);
    bool is = span_starts(pattern->rest, word);
    pattern->rest = span_from(pattern->rest, is ? strlen(word) : 0);
    return is;
}

/* 'text', with \' and \\ as they are meant; into out, which is cleared before. */
static bool read_literal(struct pattern *pattern, struct buf *out)
{
    buf_clear(out);
    if (!accept(pattern, "'")) {
        return false;
    }
    struct span rest = pattern->rest;
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] == '\'') {
            pattern->rest = span_from(rest, i + 1);
            return buf_ok(out);
        }
        i += rest.data[i] == '\\' && i + 1 < rest.size;
        buf_add_char(out, rest.data[i]);
    }
    return false;
}

/* An object path; quoted steps may hold blanks. */
static struct span read_path(struct pattern *pattern)
{
    skip_blanks(pattern);
    struct span rest = pattern->rest;
    size_t end = 0;
    bool quoted = false;
    while (end < rest.size && (quoted || !strchr(" \t\r\n=!<>[](", rest.data[end]))) {
        quoted = quoted != (rest.data[end] == '\'');
        end++;
    }
    pattern->rest = span_from(rest, end);
    return span_of(rest.data, end);
}

/* path = 'v', path ISSUBSET 'v', path IN ('v', 'w'). Adds when `document` is there; else only
 * looks whether it can be read. */
static void read_comparison(struct pattern *pattern, struct document *document)
{
    enum observable_kind kind = OBSERVABLE_KINDS;
    struct span path = read_path(pattern);
    struct buf literal = BUF_INIT;
    if (!KIND_OF(stix_paths, path, &kind)) {
        pattern->why = "a pattern over something that no event has";
        return;
    }
    bool many = accept(pattern, "IN");
    if (many ? !accept(pattern, "(") : !accept(pattern, "ISSUBSET") && !accept(pattern, "=")) {
        pattern->why = "a pattern with another operator than =, IN and ISSUBSET";
        return;
    }
    do {
        if (!read_literal(pattern, &literal)) {
            pattern->why = "a pattern that is broken, or compares with no text";
        } else if (document) {
            take(document, buf_span(&literal), kind);
        }
    } while (!pattern->why && many && accept(pattern, ","));
    if (!pattern->why && many && !accept(pattern, ")")) {
        pattern->why = "a pattern that is broken";
    }
    buf_fini(&literal);
}

/* Comparisons with OR between them, in one observation or in several. Any of them is a hit, so each
 * is an indicator; AND would want them all on one event. */
static const char *read_pattern(struct span text, struct document *document)
{
    struct pattern pattern = {.rest = text};
    do {
        while (accept(&pattern, "[") || accept(&pattern, "(")) {
        }
        read_comparison(&pattern, document);
        while (!pattern.why && (accept(&pattern, "]") || accept(&pattern, ")"))) {
        }
    } while (!pattern.why && accept(&pattern, "OR"));
    skip_blanks(&pattern);
    if (!pattern.why && pattern.rest.size > 0) {
        pattern.why =
            span_starts(pattern.rest, "AND") ? "a pattern with AND" : "a pattern with more than OR";
    }
    return pattern.why;
}

static void take_stix(struct document *document, const cJSON *object)
{
    struct span pattern = text_of(object, "pattern");
    struct span type = text_of(object, "pattern_type");
    int64_t until_us;
    const char *why = NULL;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "revoked"))) {
        why = "revoked";
    } else if (type.size > 0 && !span_is(type, "stix")) {
        why = "a pattern that is not STIX's own";
    } else if (clock_parse_rfc3339(text_of(object, "valid_until"), &until_us) &&
               until_us <= document->now_us) {
        why = "no longer valid (valid_until)";
    } else {
        why = read_pattern(pattern, NULL);
    }
    if (why) {
        refuse(document, pattern, why);
    } else {
        (void)read_pattern(pattern, document);
    }
}

/* Attribute types of the MISP core format, and of ThreatFox (ip:port, md5_hash, ...). */
static const struct named_kind type_kinds[] = {
    {"ip-src*", OBSERVABLE_IP},
    {"ip-dst*", OBSERVABLE_IP},
    {"ip:port", OBSERVABLE_IP},
    {"domain", OBSERVABLE_DOMAIN},
    {"hostname", OBSERVABLE_DOMAIN},
    {"domain|ip", OBSERVABLE_KINDS},
    {"hostname|port", OBSERVABLE_DOMAIN},
    {"url", OBSERVABLE_URL},
    {"uri", OBSERVABLE_URL},
    {"link", OBSERVABLE_URL},
    {"email*", OBSERVABLE_EMAIL},
    {"md5*", OBSERVABLE_HASH},
    {"sha1*", OBSERVABLE_HASH},
    {"sha256*", OBSERVABLE_HASH},
    {"sha512", OBSERVABLE_HASH},
    {"filename", OBSERVABLE_FILE},
    {"filename|md5", OBSERVABLE_HASH},
    {"filename|sha1", OBSERVABLE_HASH},
    {"filename|sha256", OBSERVABLE_HASH},
    {"filename|sha512", OBSERVABLE_HASH},
    {"user-agent", OBSERVABLE_AGENT},
    {"target-user", OBSERVABLE_USER},
    {"github-username", OBSERVABLE_USER},
    {"x509-fingerprint-*", OBSERVABLE_HASH},
};

/* Composite types have their parts with | between: of name|hash the hash, of domain|ip both, of
 * address|port the address. */
static void take_typed(struct document *document, struct span type, struct span value)
{
    enum observable_kind kind = OBSERVABLE_KINDS;
    if (!KIND_OF(type_kinds, type, &kind)) {
        refuse(document, value, "of a type that no event has");
        return;
    }
    const char *bar = value.size ? memchr(value.data, '|', value.size) : NULL;
    if (!memchr(type.data, '|', type.size) || !bar) {
        take(document, value, kind);
        return;
    }
    struct span first = span_of(value.data, (size_t)(bar - value.data));
    struct span second = span_from(value, first.size + 1);
    if (span_starts(type, "filename|")) {
        take(document, second, OBSERVABLE_HASH);
    } else {
        take(document, first, kind);
        if (kind == OBSERVABLE_KINDS) {
            take(document, second, OBSERVABLE_IP);
        }
    }
}

/* Takes the object when it is an indicator of a known form. */
static bool take_object(struct document *document, const cJSON *object)
{
    struct span type = text_of(object, "type");
    struct span ioc = text_of(object, "ioc");
    const cJSON *to_ids = cJSON_GetObjectItemCaseSensitive(object, "to_ids");
    ioc = ioc.size > 0 ? ioc : text_of(object, "ioc_value");
    document->number++;
    if (span_is(type, "indicator") && text_of(object, "pattern").size > 0) {
        take_stix(document, object);
    } else if (to_ids && type.size > 0 && text_of(object, "value").size > 0) {
        if (cJSON_IsTrue(to_ids)) {
            take_typed(document, type, text_of(object, "value"));
        } else {
            refuse(document, text_of(object, "value"), "not meant for detection (to_ids)");
        }
    } else if (ioc.size > 0 && text_of(object, "ioc_type").size > 0) {
        take_typed(document, text_of(object, "ioc_type"), ioc);
    } else if (text_of(object, "url").size > 0 && text_of(object, "threat").size > 0) {
        take(document, text_of(object, "url"), OBSERVABLE_URL);
    } else {
        document->number--;
        return false;
    }
    return true;
}

/* Depth is bounded by cJSON (CJSON_NESTING_LIMIT, 1,000). */
static void take_all(struct document *document, const cJSON *item)
{
    if (cJSON_IsObject(item) && take_object(document, item)) {
        return;
    }
    for (const cJSON *child = item->child; child && document->status == OK; child = child->next) {
        if (child->child) {
            take_all(document, child);
        }
    }
}

enum status list_read_json(struct list_reader *reader, struct span text, int64_t now_us)
{
    struct document document = {.reader = reader, .now_us = now_us};
    while (text.size > 0 && document.status == OK) {
        const char *end = NULL;
        cJSON *root = cJSON_ParseWithLengthOpts(text.data, text.size, &end, false);
        if (!root) {
            return err_set(reader->err, ERR_FORMAT, "not JSON from byte %zu of what is left on",
                           end ? (size_t)(end - text.data) : 0);
        }
        take_all(&document, root);
        cJSON_Delete(root);
        text = span_from(text, (size_t)(end - text.data));
        while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
            text = span_from(text, 1);
        }
    }
    if (document.status == OK && document.number == 0) {
        return err_set(reader->err, ERR_FORMAT,
                       "JSON without an indicator that is known: STIX 2.1, MISP, ThreatFox and "
                       "URLhaus are");
    }
    return document.status;
}
