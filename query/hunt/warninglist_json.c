/* MISP warninglists. */
#include <cjson/cJSON.h>

#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "query/list/list.h"

enum list_type { TYPE_STRING, TYPE_HOSTNAME, TYPE_CIDR, TYPE_SUBSTRING, TYPE_REGEX, TYPES };

static const char *const type_names[TYPES] = {"string", "hostname", "cidr", "substring", "regex"};

struct misp_list {
    struct warninglist_set *set;
    uint32_t number;
    unsigned kinds;
    enum list_type type;
    struct buf normal;
    struct span wrong; /* the first entry that cannot be used, and why */
    const char *why;
    struct err *err;
};

static struct span text_of(const cJSON *item)
{
    return cJSON_IsString(item) ? span_str(item->valuestring) : span_of("", 0);
}

static enum status add_value(struct misp_list *list, enum observable_kind kind, bool exact)
{
    struct indicator value = {.kind = kind, .exact = exact, .normal = buf_span(&list->normal)};
    return buf_ok(&list->normal) ? warninglist_add_value(list->set, list->number, &value, list->err)
                                 : err_nomem(list->err, "warninglists");
}

static bool is_about(const struct misp_list *list, enum observable_kind kind)
{
    return list->kinds >> kind & 1;
}

/* A string as each of the kinds that it can be. */
static enum status add_string(struct misp_list *list, struct span text, bool *out_any)
{
    static bool (*const forms[OBSERVABLE_KINDS])(struct span text, struct buf * out) = {
        [OBSERVABLE_IP] = observable_ip,     [OBSERVABLE_DOMAIN] = observable_domain,
        [OBSERVABLE_URL] = observable_url,   [OBSERVABLE_EMAIL] = observable_email,
        [OBSERVABLE_HASH] = observable_hash, [OBSERVABLE_SERIAL] = observable_serial,
    };
    enum status status = OK;
    for (int i = 0; status == OK && i < OBSERVABLE_KINDS; i++) {
        enum observable_kind kind = (enum observable_kind)i;
        bool plain = kind == OBSERVABLE_USER || kind == OBSERVABLE_FILE || kind == OBSERVABLE_AGENT;
        buf_clear(&list->normal);
        if (plain) {
            buf_add_span(&list->normal, text);
        }
        if (is_about(list, kind) && (plain || (forms[i] && forms[i](text, &list->normal)))) {
            status = add_value(list, kind, kind == OBSERVABLE_DOMAIN);
            *out_any = true;
        }
    }
    return status;
}

static enum status add_hostname(struct misp_list *list, struct span text, bool *out_any)
{
    enum status status = OK;
    while (span_starts(text, ".") || span_starts(text, "*")) {
        text = span_from(text, 1);
    }
    buf_clear(&list->normal);
    if (!observable_domain(text, &list->normal)) {
        return OK;
    }
    if (is_about(list, OBSERVABLE_DOMAIN)) {
        status = add_value(list, OBSERVABLE_DOMAIN, false);
    }
    if (status == OK && is_about(list, OBSERVABLE_URL)) {
        status = warninglist_add_host(list->set, list->number, buf_span(&list->normal), list->err);
    }
    *out_any = true;
    return status;
}

static enum status add_cidr(struct misp_list *list, struct span text, const char **out_why)
{
    struct indicator value;
    *out_why = indicator_parse_as(text, OBSERVABLE_IP, &list->normal, &value);
    return *out_why ? OK : warninglist_add_value(list->set, list->number, &value, list->err);
}

static enum status add_entry(struct misp_list *list, struct span text)
{
    const char *why = NULL;
    bool any = false;
    enum status status = OK;
    if (text.size == 0 || text.size > INDICATOR_PARSE_BYTES_MAX) {
        why = text.size == 0 ? "no text" : "longer than 4,096 bytes";
    } else if (list->type == TYPE_STRING || list->type == TYPE_HOSTNAME) {
        status = list->type == TYPE_STRING ? add_string(list, text, &any)
                                           : add_hostname(list, text, &any);
        why = any ? NULL : "nothing that is looked for";
    } else if (list->type == TYPE_CIDR) {
        status = add_cidr(list, text, &why);
    } else if (list->type == TYPE_SUBSTRING) {
        status = warninglist_add_substring(list->set, list->number, text, &why, list->err);
    } else {
        status = warninglist_add_regex(list->set, list->number, text, &why, list->err);
    }
    struct warninglist *warninglist = &list->set->lists[list->number];
    warninglist->entries += status == OK && !why;
    warninglist->refused += why != NULL;
    if (why && !list->why) {
        list->why = why;
        list->wrong = text;
    }
    return status;
}

/* matching_attributes: which kinds of values the list is about; all of them without any. */
static unsigned kinds_of(const cJSON *attributes)
{
    unsigned kinds = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, attributes)
    {
        enum observable_kind kind;
        if (list_type_find(text_of(item), &kind)) {
            kinds |= kind == OBSERVABLE_KINDS ? 1u << OBSERVABLE_IP | 1u << OBSERVABLE_DOMAIN
                                              : 1u << kind;
        }
    }
    return cJSON_GetArraySize(attributes) > 0 ? kinds : (unsigned)WARNINGLIST_ALL_KINDS;
}

static bool type_of(const cJSON *object, enum list_type *out_type)
{
    struct span name = text_of(cJSON_GetObjectItemCaseSensitive(object, "type"));
    *out_type = TYPE_STRING; /* where none is said */
    for (int i = 0; i < TYPES; i++) {
        if (span_is(name, type_names[i])) {
            *out_type = (enum list_type)i;
            return true;
        }
    }
    return name.size == 0;
}

static void report_refused(const struct misp_list *list, warninglist_refused *refused,
                           void *context)
{
    const struct warninglist *warninglist = &list->set->lists[list->number];
    struct buf why = BUF_INIT;
    if (warninglist->refused > 1) {
        buf_printf(&why, "%s; %lld of this list are not used", list->why,
                   (long long)warninglist->refused);
    } else if (warninglist->refused == 1) {
        buf_add_str(&why, list->why);
    }
    buf_add_char(&why, '\0');
    if (warninglist->refused > 0 && buf_ok(&why)) {
        refused(context, list->wrong, why.data);
    }
    buf_fini(&why);
}

static enum status read_list(struct warninglist_set *set, const cJSON *object, const char *file,
                             warninglist_refused *refused, void *context, struct err *err)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(object, "list");
    struct span name = text_of(cJSON_GetObjectItemCaseSensitive(object, "name"));
    struct misp_list list = {
        .set = set,
        .kinds = kinds_of(cJSON_GetObjectItemCaseSensitive(object, "matching_attributes")),
        .err = err};
    if (!cJSON_IsArray(entries) || !type_of(object, &list.type)) {
        return err_set(err, ERR_FORMAT,
                       "%s: not a MISP warninglist: it needs a \"list\", and a \"type\" of string, "
                       "hostname, cidr, substring or regex",
                       file);
    }
    enum status status = warninglist_begin(set, name.size > 0 ? name : span_str(file), list.kinds,
                                           &list.number, err);
    const cJSON *item;
    cJSON_ArrayForEach(item, entries)
    {
        if (status == OK) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, "value");
            status = add_entry(&list, text_of(value ? value : item));
        }
    }
    if (status == OK) {
        report_refused(&list, refused, context);
    }
    buf_fini(&list.normal);
    return status;
}

enum status warninglist_read_json(struct warninglist_set *set, struct span bytes, const char *file,
                                  warninglist_refused *refused, void *context, struct err *err)
{
    const char *end = NULL;
    enum status status = list_json_fits(bytes, err);
    if (status != OK) {
        return err_wrap(err, status, "%s", file);
    }
    event_json_ready();
    cJSON *root = cJSON_ParseWithLengthOpts(bytes.data, bytes.size, &end, false);
    if (!root) {
        return err_set(err, ERR_FORMAT, "%s: not JSON from byte %zu on", file,
                       end ? (size_t)(end - bytes.data) : 0);
    }
    status = OK;
    if (cJSON_IsArray(root)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, root)
        {
            status = THEN(status, read_list(set, item, file, refused, context, err));
        }
    } else {
        status = read_list(set, root, file, refused, context, err);
    }
    cJSON_Delete(root);
    return status;
}
