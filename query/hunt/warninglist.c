#include "query/hunt/warninglist.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "query/ioc/list.h"

static const char own_name[] = "own";

struct suppress *suppress_new(void)
{
    struct suppress *suppress = calloc(1, sizeof *suppress);
    if (!suppress) {
        return NULL;
    }
    suppress->values = indicator_set_new();
    suppress->suppressors = calloc(SUPPRESSORS_MAX, sizeof *suppress->suppressors);
    suppress->parts = calloc(SUPPRESS_PARTS_MAX, sizeof *suppress->parts);
    if (!suppress->values || !suppress->suppressors || !suppress->parts) {
        suppress_free(suppress);
        return NULL;
    }
    return suppress;
}

void suppress_free(struct suppress *suppress)
{
    if (!suppress) {
        return;
    }
    for (size_t i = 0; i < suppress->n_parts; i++) {
        if (suppress->parts[i].is_regex) {
            regfree(&suppress->parts[i].regex);
        }
    }
    indicator_set_free(suppress->values);
    arena_fini(&suppress->arena);
    free(suppress->suppressors);
    free(suppress->parts);
    free(suppress->of_indicator);
    free(suppress);
}

size_t suppress_count(const struct suppress *suppress)
{
    return suppress ? suppress->count : 0;
}

const struct suppressor *suppress_get(const struct suppress *suppress, size_t at)
{
    CHECK(at < suppress->count);
    return &suppress->suppressors[at];
}

enum status suppress_begin(struct suppress *suppress, struct span name, unsigned kinds,
                           uint32_t *out_number, struct err *err)
{
    if (suppress->count == SUPPRESSORS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d suppressors", SUPPRESSORS_MAX);
    }
    struct span kept = arena_keep(&suppress->arena, name);
    if (!kept.data) {
        return err_nomem(err, "suppressors");
    }
    *out_number = (uint32_t)suppress->count;
    suppress->suppressors[suppress->count++] = (struct suppressor){.name = kept, .kinds = kinds};
    return OK;
}

enum status suppress_value(struct suppress *suppress, uint32_t suppressor, struct indicator *value,
                           struct err *err)
{
    bool is_new;
    value->list = suppressor;
    value->line = 1;
    value->text = value->normal;
    return indicator_set_add(suppress->values, value, &is_new, err);
}

enum status suppress_host(struct suppress *suppress, uint32_t suppressor, struct span domain,
                          struct err *err)
{
    struct indicator value = {.kind = OBSERVABLE_URL, .normal = domain};
    return suppress_value(suppress, suppressor, &value, err);
}

enum status suppress_private(struct suppress *suppress, struct err *err)
{
    static const char *const ranges[] = {"10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16",
                                         "127.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
                                         "::1/128",     "fe80::/10",     "fc00::/7"};
    uint32_t number;
    struct buf normal = BUF_INIT;
    enum status status = suppress_begin(suppress, span_str("private addresses"),
                                        1u << OBSERVABLE_IP | 1u << OBSERVABLE_URL, &number, err);
    for (size_t i = 0; status == OK && i < sizeof ranges / sizeof ranges[0]; i++) {
        struct indicator value;
        if (read_value_as(span_str(ranges[i]), OBSERVABLE_IP, &normal, &value)) {
            status = err_nomem(err, "suppressors");
        } else {
            status = suppress_value(suppress, number, &value, err);
            suppress->suppressors[number].entries++;
        }
    }
    buf_fini(&normal);
    return status;
}

static enum status find_own(struct suppress *suppress, uint32_t *out_number, struct err *err)
{
    for (size_t i = 0; i < suppress->count; i++) {
        if (suppress->suppressors[i].name.data &&
            span_is(suppress->suppressors[i].name, own_name)) {
            *out_number = (uint32_t)i;
            return OK;
        }
    }
    return suppress_begin(suppress, span_str(own_name), SUPPRESS_ALL_KINDS, out_number, err);
}

enum status suppress_own(struct suppress *suppress, struct span text, struct err *err)
{
    uint32_t number;
    struct indicator value;
    struct buf normal = BUF_INIT;
    const char *why = read_value(text, &normal, &value);
    bool fits = !why && (value.kind == OBSERVABLE_IP || value.kind == OBSERVABLE_DOMAIN);
    enum status status =
        fits ? find_own(suppress, &number, err)
             : err_set(err, ERR_USAGE, "\"%.*s\" is no address, range or domain of your own%s%s",
                       SPAN_FMT(text), why ? ": " : "", why ? why : "");
    if (status == OK) {
        status = suppress_value(suppress, number, &value, err);
        suppress->suppressors[number].entries++;
    }
    if (status == OK && value.kind == OBSERVABLE_DOMAIN) {
        status = suppress_host(suppress, number, value.normal, err);
    }
    buf_fini(&normal);
    return status;
}

struct told {
    suppress_refused *refused;
    void *context;
};

static void tell_line(void *context, int64_t line, struct span text, const char *why)
{
    const struct told *told = context;
    (void)line;
    told->refused(told->context, text, why);
}

/* A list as of indicators: its domains count as hosts of URLs, too. */
static enum status read_plain(struct suppress *suppress, struct span bytes, const char *file,
                              suppress_refused *refused, void *context, struct err *err)
{
    struct told told = {refused, context};
    struct list_report report = {0};
    uint32_t number;
    size_t before = indicator_set_count(suppress->values);
    enum status status = suppress_begin(suppress, span_str(file), SUPPRESS_ALL_KINDS, &number, err);
    status = THEN(status, list_read(suppress->values, number, bytes, clock_now_us(), tell_line,
                                    &told, &report, err));
    size_t after = indicator_set_count(suppress->values);
    for (size_t i = before; status == OK && i < after; i++) {
        struct indicator value = *indicator_set_get(suppress->values, i);
        if (value.kind == OBSERVABLE_DOMAIN) {
            status = suppress_host(suppress, number, value.normal, err);
        }
    }
    suppress->suppressors[suppress->count - 1].entries = report.read + report.duplicates;
    suppress->suppressors[suppress->count - 1].refused = report.refused;
    if (status == OK && report.read + report.duplicates == 0) {
        status =
            err_set(err, ERR_FORMAT, "%s: neither a MISP warninglist nor a list of values", file);
    }
    return status;
}

enum status suppress_read(struct suppress *suppress, struct span bytes, const char *file,
                          suppress_refused *refused, void *context, struct err *err)
{
    struct span start = bytes;
    if (span_starts(start, "\xef\xbb\xbf")) {
        start = span_from(start, 3);
    }
    while (start.size > 0 && (unsigned char)start.data[0] <= ' ') {
        start = span_from(start, 1);
    }
    return span_starts(start, "{") || span_starts(start, "[")
               ? suppress_read_json(suppress, start, file, refused, context, err)
               : read_plain(suppress, bytes, file, refused, context, err);
}

/* The first suppressor that matched and is about the kind that was seen. */
struct question {
    const struct suppress *suppress;
    enum observable_kind kind;
    unsigned bits_max; /* only ranges of at most so many bits */
    uint32_t answer;
};

static void take_value(void *context, size_t number)
{
    struct question *question = context;
    const struct indicator *value = indicator_set_get(question->suppress->values, number);
    const struct suppressor *suppressor = &question->suppress->suppressors[value->list];
    bool wide = question->bits_max == 0 || (value->is_range && value->bits <= question->bits_max);
    if (question->answer == 0 && wide && suppressor_is_about(suppressor, question->kind)) {
        question->answer = value->list + 1;
    }
}

/* A URL by its host: an address, or a name or what is above it. */
static void ask_host(struct question *question, struct span url)
{
    const struct indicator_set *values = question->suppress->values;
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

uint32_t suppress_observed(const struct suppress *suppress, enum observable_kind kind,
                           struct span normal)
{
    if (!suppress) {
        return 0;
    }
    struct question question = {.suppress = suppress, .kind = kind};
    indicator_set_match(suppress->values, kind, normal, take_value, &question);
    if (question.answer == 0 && kind == OBSERVABLE_URL) {
        ask_host(&question, normal);
    }
    return question.answer ? question.answer : suppress_by_part(suppress, kind, normal);
}

static uint32_t suppress_range(const struct suppress *suppress, const struct indicator *range)
{
    char text[INET6_ADDRSTRLEN];
    struct question question = {
        .suppress = suppress, .kind = OBSERVABLE_IP, .bits_max = range->bits};
    struct buf address = BUF_INIT;
    if (inet_ntop(AF_INET6, range->normal.data, text, sizeof text) &&
        observable_ip(span_str(text), &address)) {
        indicator_set_match(suppress->values, OBSERVABLE_IP, buf_span(&address), take_value,
                            &question);
    }
    buf_fini(&address);
    return question.answer;
}

enum status suppress_judge(struct suppress *suppress, const struct indicator_set *set,
                           struct err *err)
{
    size_t count = indicator_set_count(set);
    free(suppress->of_indicator);
    suppress->of_indicator = calloc(count + 1, sizeof *suppress->of_indicator);
    if (!suppress->of_indicator) {
        return err_nomem(err, "suppressors");
    }
    for (size_t i = 0; i < count; i++) {
        const struct indicator *indicator = indicator_set_get(set, i);
        if (indicator->is_range) {
            suppress->of_indicator[i] = suppress_range(suppress, indicator);
        } else if (indicator->kind != OBSERVABLE_KINDS) {
            suppress->of_indicator[i] =
                suppress_observed(suppress, indicator->kind, indicator->normal);
        }
    }
    return OK;
}

uint32_t suppress_of(const struct suppress *suppress, size_t indicator)
{
    return suppress && suppress->of_indicator ? suppress->of_indicator[indicator] : 0;
}
