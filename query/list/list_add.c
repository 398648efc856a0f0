/* What the readers of forms have found goes into the set from here. */
#include <arpa/inet.h>
#include <stdio.h>

#include "query/ioc/indicator_parse.h"
#include "query/ioc/stix_pattern.h"
#include "query/language/address.h"
#include "query/list/list_internal.h"
#include "schema/text/ascii.h"

const char list_no_type[] = "of a type that no event has";

bool list_type_find(struct span type, enum observable_kind *out_kind)
{
    struct list_name name = list_name_of(type);
    bool link = type.size == 4 && strncasecmp(type.data, "link", 4) == 0; /* of MISP */
    *out_kind = link ? OBSERVABLE_URL : name.kind;
    return link || name.role == LIST_ROLE_KIND;
}

int list_read_confidence(struct span text)
{
    int number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!ascii_is_digit(text.data[i]) || number > INDICATOR_CONFIDENCE_MAX) {
            return INDICATOR_CONFIDENCE_UNKNOWN;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    return text.size > 0 && number <= INDICATOR_CONFIDENCE_MAX ? number
                                                               : INDICATOR_CONFIDENCE_UNKNOWN;
}

bool list_is_true(struct span text)
{
    return !span_is(text, "0") &&
           !(text.size == 5 && strncasecmp(text.data, "false", text.size) == 0) && text.size > 0;
}

const char *list_note_until(struct list_reader *reader, struct span time)
{
    int64_t until_us;
    if (!clock_parse_rfc3339(time, &until_us)) {
        return NULL;
    }
    if (until_us > reader->options->now_us) {
        return NULL;
    }
    if (reader->options->expired == LIST_EXPIRED_NONE) {
        return "no longer valid (valid_until)";
    }
    reader->note.is_expired = true;
    reader->note.valid_until_us =
        reader->options->expired == LIST_EXPIRED_UNTIL ? until_us : INT64_MAX;
    return NULL;
}

static void keep_text(struct list_text *out, struct span text)
{
    out->size = (unsigned char)(text.size < LIST_TEXT_BYTES_MAX ? text.size : LIST_TEXT_BYTES_MAX);
    memcpy(out->bytes, text.data, out->size);
}

/* The reason's place; the last one is shared by all that came too late to have one. */
static struct list_reason *reason_of(struct list_report *report, const char *why)
{
    size_t i = 0;
    while (i < report->n_reasons && strcmp(report->reasons[i].why, why) != 0) {
        i++;
    }
    if (i == LIST_REASONS_MAX) {
        report->reasons[i - 1].why = "for other reasons";
        return &report->reasons[i - 1];
    }
    if (i == report->n_reasons) {
        report->reasons[report->n_reasons++] = (struct list_reason){.why = why};
    }
    return &report->reasons[i];
}

void list_refuse(struct list_reader *reader, int64_t line, struct span text, const char *why)
{
    struct list_reason *reason = reason_of(reader->report, why);
    if (reason->count < LIST_EXAMPLES_MAX) {
        struct list_example *example = &reason->examples[reason->count];
        example->line = line;
        keep_text(&example->text, text);
    }
    reason->count++;
    reader->report->refused++;
}

static bool says_something(const struct indicator_note *note)
{
    return note->confidence != INDICATOR_CONFIDENCE_UNKNOWN || note->valid_from_us != INT64_MIN ||
           note->is_expired || note->id.size > 0 || note->about.size > 0;
}

enum status list_take(struct list_reader *reader, int64_t line, struct span text, const char *why,
                      struct indicator *indicator)
{
    struct list_report *report = reader->report;
    if (why) {
        list_refuse(reader, line, text, why);
        return OK;
    }
    if (reader->note.confidence != INDICATOR_CONFIDENCE_UNKNOWN &&
        reader->note.confidence < indicator_set_demanded(reader->set)) {
        report->unsure++;
        return OK;
    }
    bool is_new = false;
    indicator->list = reader->list;
    indicator->line = (uint32_t)line;
    indicator->note = says_something(&reader->note) ? &reader->note : NULL;
    enum status status = indicator_set_add(reader->set, indicator, &is_new, reader->err);
    if (status == OK && is_new) {
        report->read++;
        report->kinds[indicator->kind]++;
        report->expired += reader->note.is_expired;
    }
    report->duplicates += status == OK && !is_new;
    return status;
}

bool list_is_range(struct span text, struct span *out_first, struct span *out_last)
{
    unsigned char low[16];
    unsigned char high[16];
    static const char en_dash[] = "\xe2\x80\x93";
    if (text.size >= 100 || text.size <= 6 || ascii_hex_digit(text.data[0]) < 0) {
        return false;
    }
    const char *dash = memchr(text.data, '-', text.size);
    size_t dash_size = 1;
    if (!dash) {
        dash = memmem(text.data, text.size, en_dash, sizeof en_dash - 1);
        dash_size = sizeof en_dash - 1;
    }
    if (!dash) {
        return false;
    }
    *out_first = ascii_trim(span_of(text.data, (size_t)(dash - text.data)), " \t");
    *out_last = ascii_trim(span_from(text, (size_t)(dash - text.data) + dash_size), " \t");
    return !memchr(text.data, '/', text.size) && address_read_range(*out_first, low, high) &&
           address_read_range(*out_last, low, high);
}

static bool bit_of(const unsigned char address[16], unsigned bit)
{
    return address[bit / 8] >> (7 - bit % 8) & 1;
}

/* How long the prefix is that begins at `low` and does not go beyond `high`; *out_end is its last
 * address. */
static unsigned widest(const unsigned char low[16], const unsigned char high[16],
                       unsigned char out_end[16])
{
    unsigned bits = 128;
    memcpy(out_end, low, 16);
    while (bits > 0 && !bit_of(low, bits - 1)) {
        unsigned char end[16];
        memcpy(end, out_end, sizeof end);
        end[(bits - 1) / 8] |= (unsigned char)(0x80u >> ((bits - 1) % 8));
        if (memcmp(end, high, sizeof end) > 0) {
            break;
        }
        memcpy(out_end, end, sizeof end);
        bits--;
    }
    return bits;
}

/* The next address; false: there is none. */
static bool step(unsigned char address[16])
{
    for (int i = 15; i >= 0; i--) {
        if (++address[i] != 0) {
            return true;
        }
    }
    return false;
}

static enum status take_prefix(struct list_reader *reader, int64_t line, struct span text,
                               const unsigned char low[16], unsigned bits, bool four)
{
    char address[INET6_ADDRSTRLEN];
    char prefix[INET6_ADDRSTRLEN + 8];
    struct indicator indicator;
    (void)inet_ntop(four ? AF_INET : AF_INET6, four ? low + 12 : low, address, sizeof address);
    (void)snprintf(prefix, sizeof prefix, "%s/%u", address, four ? bits - 96 : bits);
    const char *why =
        indicator_parse_as(span_str(prefix), OBSERVABLE_IP, &reader->normal, &indicator);
    indicator.text = text;
    return list_take(reader, line, text, why, &indicator);
}

enum status list_take_range(struct list_reader *reader, int64_t line, struct span text,
                            struct span first, struct span last)
{
    unsigned char low[16];
    unsigned char high[16];
    unsigned char end[16];
    bool four = !memchr(first.data, ':', first.size);
    if (!address_read_range(first, low, end) || !address_read_range(last, end, high) ||
        four != !memchr(last.data, ':', last.size) || memcmp(low, high, sizeof low) > 0) {
        list_refuse(reader, line, text, "not a range of addresses");
        return OK;
    }
    enum status status = OK;
    for (bool more = true; status == OK && more;) {
        unsigned bits = widest(low, high, end);
        bits = four && bits < 96 ? 96 : bits;
        status = take_prefix(reader, line, text, low, bits, four);
        memcpy(low, end, sizeof low);
        more = memcmp(end, high, sizeof end) < 0 && step(low);
    }
    return status;
}

static const char *read_any(struct span text, enum observable_kind kind, struct buf *normal,
                            struct indicator *out)
{
    return kind == OBSERVABLE_KINDS ? indicator_parse(text, normal, out)
                                    : indicator_parse_as(text, kind, normal, out);
}

enum status list_take_value(struct list_reader *reader, int64_t line, struct span text,
                            enum observable_kind kind)
{
    struct indicator indicator;
    const char *why = read_any(text, kind, &reader->normal, &indicator);
    return list_take(reader, line, text, why, &indicator);
}

enum status list_take_typed(struct list_reader *reader, int64_t line, struct span type,
                            enum observable_kind kind, struct span value)
{
    const char *bar = value.size ? memchr(value.data, '|', value.size) : NULL;
    if (!bar || !(memchr(type.data, '|', type.size) || kind == OBSERVABLE_HASH)) {
        return list_take_value(reader, line, value, kind);
    }
    struct span first = span_of(value.data, (size_t)(bar - value.data));
    struct span second = span_from(value, first.size + 1);
    if (kind == OBSERVABLE_HASH) {
        return list_take_value(reader, line, second, kind);
    }
    enum status status = list_take_value(reader, line, first, kind);
    return status == OK && kind == OBSERVABLE_KINDS
               ? list_take_value(reader, line, second, OBSERVABLE_IP)
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
static enum status take_whole(struct list_reader *reader, int64_t line, struct span text,
                              const struct stix_pattern *pattern, struct arena *arena)
{
    struct indicator whole = {.kind = OBSERVABLE_KINDS, .text = text, .normal = text};
    struct indicator parts[COMPOSITE_INDICATOR_PARTS_MAX];
    const char *why = text.size > STIX_PATTERN_BYTES_MAX ? "a pattern of over 64 KiB" : NULL;
    for (const struct stix_pattern_alternative *all = pattern->alls; all && !why; all = all->next) {
        why = read_parts(reader, all, arena, parts);
    }
    int64_t before = reader->report->read;
    enum status status = list_take(reader, line, text, why, &whole);
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

enum status list_take_pattern(struct list_reader *reader, int64_t line, struct span text)
{
    struct arena arena = ARENA_INIT;
    struct stix_pattern pattern = {0};
    enum status status = OK;
    const char *why = stix_pattern_parse(text, &arena, &pattern);
    if (why) {
        status = list_take(reader, line, text, why, NULL);
    } else if (pattern.has_and) {
        status = take_whole(reader, line, text, &pattern, &arena);
    } else {
        for (const struct stix_pattern_alternative *all = pattern.alls; all && status == OK;
             all = all->next) {
            status = list_take_value(reader, line, all->parts->value, all->parts->kind);
        }
    }
    if (pattern.why_not_all) {
        list_refuse(reader, line, text, pattern.why_not_all);
    }
    arena_fini(&arena);
    return status;
}
