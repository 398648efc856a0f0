#include "query/hunt/warninglist.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "query/ioc/list.h"

static const char own_name[] = "own";

struct warninglist_set *warninglist_new(void)
{
    struct warninglist_set *warninglists = calloc(1, sizeof *warninglists);
    if (!warninglists) {
        return NULL;
    }
    warninglists->values = indicator_set_new();
    warninglists->warninglist_rows =
        calloc(WARNINGLISTS_MAX, sizeof *warninglists->warninglist_rows);
    warninglists->parts = calloc(WARNINGLIST_PATTERNS_MAX, sizeof *warninglists->parts);
    if (!warninglists->values || !warninglists->warninglist_rows || !warninglists->parts) {
        warninglist_free(warninglists);
        return NULL;
    }
    return warninglists;
}

void warninglist_free(struct warninglist_set *warninglists)
{
    if (!warninglists) {
        return;
    }
    for (size_t i = 0; i < warninglists->n_parts; i++) {
        if (warninglists->parts[i].is_regex) {
            regfree(&warninglists->parts[i].regex);
        }
    }
    indicator_set_free(warninglists->values);
    arena_fini(&warninglists->arena);
    free(warninglists->warninglist_rows);
    free(warninglists->parts);
    free(warninglists->of_indicator);
    free(warninglists);
}

size_t warninglist_count(const struct warninglist_set *warninglists)
{
    return warninglists ? warninglists->count : 0;
}

const struct warninglist *warninglist_get(const struct warninglist_set *warninglists, size_t at)
{
    CHECK(at < warninglists->count);
    return &warninglists->warninglist_rows[at];
}

enum status warninglist_begin(struct warninglist_set *warninglists, struct span name,
                              unsigned kinds, uint32_t *out_number, struct err *err)
{
    if (warninglists->count == WARNINGLISTS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d suppressors", WARNINGLISTS_MAX);
    }
    struct span lookup = arena_keep(&warninglists->arena, name);
    if (!lookup.data) {
        return err_nomem(err, "suppressors");
    }
    *out_number = (uint32_t)warninglists->count;
    warninglists->warninglist_rows[warninglists->count++] =
        (struct warninglist){.name = lookup, .kinds = kinds};
    return OK;
}

enum status warninglist_add_value(struct warninglist_set *warninglists, uint32_t warninglist,
                                  struct indicator *value, struct err *err)
{
    bool is_new;
    value->list = warninglist;
    value->line = 1;
    value->text = value->normal;
    return indicator_set_add(warninglists->values, value, &is_new, err);
}

enum status warninglist_add_host(struct warninglist_set *warninglists, uint32_t warninglist,
                                 struct span domain, struct err *err)
{
    struct indicator value = {.kind = OBSERVABLE_URL, .normal = domain};
    return warninglist_add_value(warninglists, warninglist, &value, err);
}

enum status warninglist_add_private(struct warninglist_set *warninglists, struct err *err)
{
    static const char *const ranges[] = {"10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16",
                                         "127.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
                                         "::1/128",     "fe80::/10",     "fc00::/7"};
    uint32_t number;
    struct buf normal = BUF_INIT;
    enum status status =
        warninglist_begin(warninglists, span_str("private addresses"),
                          1u << OBSERVABLE_IP | 1u << OBSERVABLE_URL, &number, err);
    for (size_t i = 0; status == OK && i < sizeof ranges / sizeof ranges[0]; i++) {
        struct indicator value;
        if (indicator_parse_as(span_str(ranges[i]), OBSERVABLE_IP, &normal, &value)) {
            status = err_nomem(err, "suppressors");
        } else {
            status = warninglist_add_value(warninglists, number, &value, err);
            warninglists->warninglist_rows[number].entries++;
        }
    }
    buf_fini(&normal);
    return status;
}

static enum status find_own(struct warninglist_set *warninglists, uint32_t *out_number,
                            struct err *err)
{
    for (size_t i = 0; i < warninglists->count; i++) {
        if (warninglists->warninglist_rows[i].name.data &&
            span_is(warninglists->warninglist_rows[i].name, own_name)) {
            *out_number = (uint32_t)i;
            return OK;
        }
    }
    return warninglist_begin(warninglists, span_str(own_name), WARNINGLIST_ALL_KINDS, out_number,
                             err);
}

enum status warninglist_add_own(struct warninglist_set *warninglists, struct span text,
                                struct err *err)
{
    uint32_t number;
    struct indicator value;
    struct buf normal = BUF_INIT;
    const char *why = indicator_parse(text, &normal, &value);
    bool fits = !why && (value.kind == OBSERVABLE_IP || value.kind == OBSERVABLE_DOMAIN);
    enum status status =
        fits ? find_own(warninglists, &number, err)
             : err_set(err, ERR_USAGE, "\"%.*s\" is no address, range or domain of your own%s%s",
                       SPAN_FMT(text), why ? ": " : "", why ? why : "");
    if (status == OK) {
        status = warninglist_add_value(warninglists, number, &value, err);
        warninglists->warninglist_rows[number].entries++;
    }
    if (status == OK && value.kind == OBSERVABLE_DOMAIN) {
        status = warninglist_add_host(warninglists, number, value.normal, err);
    }
    buf_fini(&normal);
    return status;
}

struct refused_reporter {
    warninglist_refused *refused;
    void *context;
};

static void tell_line(void *context, int64_t line, struct span text, const char *why)
{
    const struct refused_reporter *told = context;
    (void)line;
    told->refused(told->context, text, why);
}

/* A list as of indicators: its domains count as hosts of URLs, too. */
static enum status read_plain(struct warninglist_set *warninglists, struct span bytes,
                              const char *file, warninglist_refused *refused, void *context,
                              struct err *err)
{
    struct refused_reporter told = {refused, context};
    struct list_report report = {0};
    uint32_t number;
    size_t before = indicator_set_count(warninglists->values);
    enum status status =
        warninglist_begin(warninglists, span_str(file), WARNINGLIST_ALL_KINDS, &number, err);
    status = THEN(status, list_read(warninglists->values, number, bytes, clock_now_us(), tell_line,
                                    &told, &report, err));
    size_t after = indicator_set_count(warninglists->values);
    for (size_t i = before; status == OK && i < after; i++) {
        struct indicator value = *indicator_set_get(warninglists->values, i);
        if (value.kind == OBSERVABLE_DOMAIN) {
            status = warninglist_add_host(warninglists, number, value.normal, err);
        }
    }
    warninglists->warninglist_rows[warninglists->count - 1].entries =
        report.read + report.duplicates;
    warninglists->warninglist_rows[warninglists->count - 1].refused = report.refused;
    if (status == OK && report.read + report.duplicates == 0) {
        status =
            err_set(err, ERR_FORMAT, "%s: neither a MISP warninglist nor a list of values", file);
    }
    return status;
}

enum status warninglist_read(struct warninglist_set *warninglists, struct span bytes,
                             const char *file, warninglist_refused *refused, void *context,
                             struct err *err)
{
    struct span start = bytes;
    if (span_starts(start, "\xef\xbb\xbf")) {
        start = span_from(start, 3);
    }
    while (start.size > 0 && (unsigned char)start.data[0] <= ' ') {
        start = span_from(start, 1);
    }
    return span_starts(start, "{") || span_starts(start, "[")
               ? warninglist_read_json(warninglists, start, file, refused, context, err)
               : read_plain(warninglists, bytes, file, refused, context, err);
}

/* The first suppressor that matched and is about the kind that was seen. */
struct range_question {
    const struct warninglist_set *warninglists;
    enum observable_kind kind;
    unsigned bits_max; /* only ranges of at most so many bits */
    uint32_t answer;
};

static void take_value(void *context, size_t number)
{
    struct range_question *question = context;
    const struct indicator *value = indicator_set_get(question->warninglists->values, number);
    const struct warninglist *warninglist = &question->warninglists->warninglist_rows[value->list];
    bool wide = question->bits_max == 0 || (value->is_range && value->bits <= question->bits_max);
    if (question->answer == 0 && wide && warninglist_is_about(warninglist, question->kind)) {
        question->answer = value->list + 1;
    }
}

/* A URL by its host: an address, or a name or what is above it. */
static void ask_host(struct range_question *question, struct span url)
{
    const struct indicator_set *values = question->warninglists->values;
    struct span host = observable_url_host(url);
    struct buf address = BUF_INIT;
    if (observable_ip(host, &address)) {
        indicator_set_match(values, OBSERVABLE_IP, buf_span(&address), take_value, question);
    }
    while (host.size > 0 && address.size == 0 && question->answer == 0) {
        indicator_set_match(values, OBSERVABLE_URL, host, take_value, question);
        const char *dot = memchr(host.data, '.', host.size);
        host = dot ? span_from(host, (size_t)(dot + 1 - host.data)) : span_of(host.data, 0);
    }
    buf_fini(&address);
}

uint32_t warninglist_of_observable(const struct warninglist_set *warninglists,
                                   enum observable_kind kind, struct span normal)
{
    if (!warninglists) {
        return 0;
    }
    struct range_question question = {.warninglists = warninglists, .kind = kind};
    indicator_set_match(warninglists->values, kind, normal, take_value, &question);
    if (question.answer == 0 && kind == OBSERVABLE_URL) {
        ask_host(&question, normal);
    }
    return question.answer ? question.answer : warninglist_by_pattern(warninglists, kind, normal);
}

static uint32_t suppress_range(const struct warninglist_set *warninglists,
                               const struct indicator *range)
{
    char text[INET6_ADDRSTRLEN];
    struct range_question question = {
        .warninglists = warninglists, .kind = OBSERVABLE_IP, .bits_max = range->bits};
    struct buf address = BUF_INIT;
    if (inet_ntop(AF_INET6, range->normal.data, text, sizeof text) &&
        observable_ip(span_str(text), &address)) {
        indicator_set_match(warninglists->values, OBSERVABLE_IP, buf_span(&address), take_value,
                            &question);
    }
    buf_fini(&address);
    return question.answer;
}

enum status warninglist_judge(struct warninglist_set *warninglists, const struct indicator_set *set,
                              struct err *err)
{
    size_t count = indicator_set_count(set);
    free(warninglists->of_indicator);
    warninglists->of_indicator = calloc(count + 1, sizeof *warninglists->of_indicator);
    if (!warninglists->of_indicator) {
        return err_nomem(err, "suppressors");
    }
    for (size_t i = 0; i < count; i++) {
        const struct indicator *indicator = indicator_set_get(set, i);
        if (indicator->is_range) {
            warninglists->of_indicator[i] = suppress_range(warninglists, indicator);
        } else if (indicator->kind != OBSERVABLE_KINDS) {
            warninglists->of_indicator[i] =
                warninglist_of_observable(warninglists, indicator->kind, indicator->normal);
        }
    }
    return OK;
}

uint32_t warninglist_of_indicator(const struct warninglist_set *warninglists, size_t indicator)
{
    return warninglists && warninglists->of_indicator ? warninglists->of_indicator[indicator] : 0;
}
