/* What the readers of forms have found goes into the set from here. */
#include "query/ioc/indicator_parse.h"
#include "query/ioc/list_internal.h"
#include "query/ioc/stix_pattern.h"

/* Attribute types of the MISP core format, of ThreatFox, OTX and STIX, and names of columns that
 * mean the same. A name that ends with * is a beginning. */
static const struct {
    const char *name;
    enum observable_kind kind;
} types[] = {
    {"ip", OBSERVABLE_IP},
    {"ip-src*", OBSERVABLE_IP},
    {"ip-dst*", OBSERVABLE_IP},
    {"ip:port", OBSERVABLE_IP},
    {"ipv4*", OBSERVABLE_IP},
    {"ipv6*", OBSERVABLE_IP},
    {"cidr", OBSERVABLE_IP},
    {"domain", OBSERVABLE_DOMAIN},
    {"domain-name", OBSERVABLE_DOMAIN},
    {"hostname", OBSERVABLE_DOMAIN},
    {"domain|ip", OBSERVABLE_KINDS},
    {"hostname|port", OBSERVABLE_DOMAIN},
    {"url", OBSERVABLE_URL},
    {"uri", OBSERVABLE_URL},
    {"link", OBSERVABLE_URL},
    {"email*", OBSERVABLE_EMAIL},
    {"hash", OBSERVABLE_HASH},
    {"md5*", OBSERVABLE_HASH},
    {"sha1*", OBSERVABLE_HASH},
    {"sha256*", OBSERVABLE_HASH},
    {"sha512", OBSERVABLE_HASH},
    {"filehash-*", OBSERVABLE_HASH},
    {"x509-fingerprint-*", OBSERVABLE_HASH},
    {"filename|md5", OBSERVABLE_HASH},
    {"filename|sha1", OBSERVABLE_HASH},
    {"filename|sha256", OBSERVABLE_HASH},
    {"filename|sha512", OBSERVABLE_HASH},
    {"filename", OBSERVABLE_FILE},
    {"file_name", OBSERVABLE_FILE},
    {"file", OBSERVABLE_FILE},
    {"path", OBSERVABLE_FILE},
    {"user-agent", OBSERVABLE_AGENT},
    {"user_agent", OBSERVABLE_AGENT},
    {"agent", OBSERVABLE_AGENT},
    {"user", OBSERVABLE_USER},
    {"username", OBSERVABLE_USER},
    {"target-user", OBSERVABLE_USER},
    {"github-username", OBSERVABLE_USER},
    {"session", OBSERVABLE_SESSION},
    {"sid", OBSERVABLE_SESSION},
    {"serial", OBSERVABLE_SERIAL},
};

bool list_type_find(struct span type, enum observable_kind *out_kind)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t size = strlen(types[i].name);
        bool part = types[i].name[size - 1] == '*';
        size -= part;
        if ((part ? type.size >= size : type.size == size) &&
            strncasecmp(type.data, types[i].name, size) == 0) {
            *out_kind = types[i].kind;
            return true;
        }
    }
    return false;
}

int list_read_confidence(struct span text)
{
    int number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || number > INDICATOR_CONFIDENCE_MAX) {
            return INDICATOR_CONFIDENCE_UNKNOWN;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    return text.size > 0 && number <= INDICATOR_CONFIDENCE_MAX ? number
                                                               : INDICATOR_CONFIDENCE_UNKNOWN;
}

static bool says_something(const struct indicator_note *note)
{
    return note->confidence != INDICATOR_CONFIDENCE_UNKNOWN || note->valid_from_us != INT64_MIN ||
           note->id.size > 0 || note->about.size > 0;
}

enum status list_add(struct list_reader *reader, struct span text, const char *why,
                     struct indicator *indicator)
{
    if (why) {
        reader->report->refused++;
        reader->refused(reader->context, reader->line, text, why);
        return OK;
    }
    if (reader->note.confidence != INDICATOR_CONFIDENCE_UNKNOWN &&
        reader->note.confidence < indicator_set_demanded(reader->set)) {
        reader->report->unsure++;
        return OK;
    }
    bool is_new = false;
    indicator->list = reader->list;
    indicator->line = (uint32_t)reader->line;
    indicator->note = says_something(&reader->note) ? &reader->note : NULL;
    enum status status = indicator_set_add(reader->set, indicator, &is_new, reader->err);
    reader->report->read += status == OK && is_new;
    reader->report->duplicates += status == OK && !is_new;
    return status;
}

static const char *read_any(struct span text, enum observable_kind kind, struct buf *normal,
                            struct indicator *out)
{
    return kind == OBSERVABLE_KINDS ? indicator_parse(text, normal, out)
                                    : indicator_parse_as(text, kind, normal, out);
}

enum status list_add_value(struct list_reader *reader, struct span text, enum observable_kind kind)
{
    struct indicator indicator;
    const char *why = read_any(text, kind, &reader->normal, &indicator);
    return list_add(reader, text, why, &indicator);
}

enum status list_add_typed(struct list_reader *reader, struct span type, enum observable_kind kind,
                           struct span value)
{
    const char *bar = value.size ? memchr(value.data, '|', value.size) : NULL;
    if (!memchr(type.data, '|', type.size) || !bar) {
        return list_add_value(reader, value, kind);
    }
    struct span first = span_of(value.data, (size_t)(bar - value.data));
    struct span second = span_from(value, first.size + 1);
    if (kind == OBSERVABLE_HASH) {
        return list_add_value(reader, second, kind);
    }
    enum status status = list_add_value(reader, first, kind);
    return status == OK && kind == OBSERVABLE_KINDS ? list_add_value(reader, second, OBSERVABLE_IP)
                                                    : status;
}

/* The parts of an alternative, with memory of the arena; or why one of them is none. */
static const char *read_parts(struct list_reader *reader,
                              const struct stix_pattern_alternative *all, struct arena *arena,
                              struct indicator *out)
{
    size_t count = 0;
    for (const struct stix_pattern_part *part = all->parts; part; part = part->next) {
        struct indicator *indicator = &out[count++];
        const char *why = read_any(part->value, part->kind, &reader->normal, indicator);
        if (why) {
            return why;
        }
        indicator->normal = arena_keep(arena, indicator->normal);
        if (!indicator->normal.data) {
            return "out of memory";
        }
        indicator->is_part = true;
        indicator->list = reader->list;
    }
    return NULL;
}

/* With AND: the whole is one indicator, and what it names are its parts. All of it is read before
 * any is taken. */
static enum status add_whole(struct list_reader *reader, struct span text,
                             const struct stix_pattern *pattern, struct arena *arena)
{
    struct indicator whole = {.kind = OBSERVABLE_KINDS, .text = text, .normal = text};
    struct indicator parts[COMPOSITE_INDICATOR_PARTS_MAX];
    const char *why = text.size > STIX_PATTERN_BYTES_MAX ? "a pattern of over 64 KiB" : NULL;
    for (const struct stix_pattern_alternative *all = pattern->alls; all && !why; all = all->next) {
        why = read_parts(reader, all, arena, parts);
    }
    int64_t before = reader->report->read;
    enum status status = list_add(reader, text, why, &whole);
    if (reader->report->read == before) {
        return status;
    }
    for (const struct stix_pattern_alternative *all = pattern->alls; all && status == OK;
         all = all->next) {
        if (read_parts(reader, all, arena, parts)) {
            return err_nomem(reader->err, "list");
        }
        status = indicator_set_add_all(reader->set, &whole, parts, all->count, reader->err);
    }
    return status;
}

enum status list_add_pattern(struct list_reader *reader, struct span text)
{
    struct arena arena = ARENA_INIT;
    struct stix_pattern pattern = {0};
    enum status status = OK;
    const char *why = stix_pattern_parse(text, &arena, &pattern);
    if (why) {
        status = list_add(reader, text, why, NULL);
    } else if (pattern.has_and) {
        status = add_whole(reader, text, &pattern, &arena);
    } else {
        for (const struct stix_pattern_alternative *all = pattern.alls; all && status == OK;
             all = all->next) {
            status = list_add_value(reader, all->parts->value, all->parts->kind);
        }
    }
    arena_fini(&arena);
    return status;
}
