/* What fills a set of warninglists from private addresses, an operator's own names and plain lists
 * (MISP's: warninglist_json.c), and which list an observable or an indicator is on. Filled by one
 * thread before a hunt; then only read. */
#include "query/hunt/warninglist.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "query/hunt/warninglist_internal.h"
#include "query/ioc/indicator_parse.h"
#include "query/list/list.h"
#include "schema/text/ascii.h"

static const char own_name[] = "own";

enum status warninglist_add_private(struct warninglist_set *set, struct err *err)
{
    static const char *const ranges[] = {"10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16",
                                         "127.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
                                         "::1/128",     "fe80::/10",     "fc00::/7"};
    uint32_t number;
    struct buf normal = BUF_INIT;
    enum status status =
        warninglist_begin(set, span_str("private addresses"),
                          1u << OBSERVABLE_IP | 1u << OBSERVABLE_URL, &number, err);
    for (size_t i = 0; status == OK && i < sizeof ranges / sizeof ranges[0]; i++) {
        struct indicator value;
        if (indicator_parse_as(span_str(ranges[i]), OBSERVABLE_IP, &normal, &value)) {
            status = err_nomem(err, "warninglists");
        } else {
            status = warninglist_add_value(set, number, &value, err);
            set->lists[number].entries++;
        }
    }
    buf_fini(&normal);
    return status;
}

static enum status find_own(struct warninglist_set *set, uint32_t *out_number, struct err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->lists[i].name.data && span_is(set->lists[i].name, own_name)) {
            *out_number = (uint32_t)i;
            return OK;
        }
    }
    return warninglist_begin(set, span_str(own_name), WARNINGLIST_ALL_KINDS, out_number, err);
}

enum status warninglist_add_own(struct warninglist_set *set, struct span text, struct err *err)
{
    uint32_t number;
    struct indicator value;
    struct buf normal = BUF_INIT;
    const char *why = indicator_parse(text, &normal, &value);
    bool fits = !why && (value.kind == OBSERVABLE_IP || value.kind == OBSERVABLE_DOMAIN);
    enum status status =
        fits
            ? find_own(set, &number, err)
            : err_set(err, ERR_USAGE, "\"%.*s\" is not an address, range or domain of your own%s%s",
                      SPAN_FMT(text), why ? ": " : "", why ? why : "");
    if (status == OK) {
        status = warninglist_add_value(set, number, &value, err);
        set->lists[number].entries++;
    }
    if (status == OK && value.kind == OBSERVABLE_DOMAIN) {
        status = warninglist_add_host(set, number, value.normal, err);
    }
    buf_fini(&normal);
    return status;
}

/* A list as of indicators: its domains count as hosts of URLs, too. */
static enum status read_plain(struct warninglist_set *set, struct span bytes, const char *file,
                              warninglist_refused *refused, void *context, struct err *err)
{
    struct list_report report = {0};
    const struct list_options options = {
        .now_us = clock_now_us(), .expired = LIST_EXPIRED_ALL, .any_to_ids = true};
    uint32_t number;
    size_t before = indicator_set_count(set->values);
    enum status status =
        warninglist_begin(set, span_str(file), WARNINGLIST_ALL_KINDS, &number, err);
    if (status == OK) {
        status = list_read(set->values, number, bytes, &options, &report, err);
        status = status == OK ? OK : err_wrap(err, status, "%s", file);
    }
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < report.n_reasons; i++) {
        refused(context, list_text_span(&report.reasons[i].examples[0].text),
                report.reasons[i].why);
    }
    size_t after = indicator_set_count(set->values);
    for (size_t i = before; status == OK && i < after; i++) {
        struct indicator value = *indicator_set_get(set->values, i);
        if (value.kind == OBSERVABLE_DOMAIN) {
            status = warninglist_add_host(set, number, value.normal, err);
        }
    }
    set->lists[number].entries = report.read + report.duplicates;
    set->lists[number].refused = report.refused;
    if (status == OK && report.read + report.duplicates == 0) {
        status =
            err_set(err, ERR_FORMAT, "%s: neither a MISP warninglist nor a list of values", file);
    }
    return status;
}

enum status warninglist_read(struct warninglist_set *set, struct span bytes, const char *file,
                             warninglist_refused *refused, void *context, struct err *err)
{
    struct span start = bytes;
    if (span_starts(start, "\xef\xbb\xbf")) {
        start = span_from(start, 3);
    }
    start = ascii_skip_blanks(start);
    size_t before = set->count;
    if (span_starts(start, "{") || span_starts(start, "[")) {
        struct err of_list;
        enum status status = warninglist_read_json(set, start, file, refused, context, err);
        if (status != ERR_FORMAT || set->count > before) {
            return status;
        }
        return read_plain(set, bytes, file, refused, context, &of_list) == OK ? OK : status;
    }
    return read_plain(set, bytes, file, refused, context, err);
}

/* The first warninglist that matched and is about the kind that was seen. */
struct lookup {
    const struct warninglist_set *set;
    enum observable_kind kind;
    unsigned bits_max; /* only ranges of at most so many bits */
    uint32_t found;
};

static void match_value(void *context, size_t number)
{
    struct lookup *lookup = context;
    const struct indicator *value = indicator_set_get(lookup->set->values, number);
    const struct warninglist *warninglist = &lookup->set->lists[value->list];
    bool wide = lookup->bits_max == 0 || (value->is_range && value->bits <= lookup->bits_max);
    if (lookup->found == 0 && wide && warninglist_is_about(warninglist, lookup->kind)) {
        lookup->found = value->list + 1;
    }
}

/* A URL by its host: an address, or a name or what is above it. */
static void match_host(struct lookup *lookup, struct span url)
{
    const struct indicator_set *values = lookup->set->values;
    struct span host = observable_url_host(url);
    struct buf address = BUF_INIT;
    if (observable_ip(host, &address)) {
        indicator_set_match(values, OBSERVABLE_IP, buf_span(&address), match_value, lookup);
    }
    while (host.size > 0 && address.size == 0 && lookup->found == 0) {
        indicator_set_match(values, OBSERVABLE_URL, host, match_value, lookup);
        const char *dot = memchr(host.data, '.', host.size);
        host = dot ? span_from(host, (size_t)(dot + 1 - host.data)) : span_of(host.data, 0);
    }
    buf_fini(&address);
}

uint32_t warninglist_of_observable(const struct warninglist_set *set, enum observable_kind kind,
                                   struct span normal)
{
    if (!set) {
        return 0;
    }
    struct lookup lookup = {.set = set, .kind = kind};
    indicator_set_match(set->values, kind, normal, match_value, &lookup);
    if (lookup.found == 0 && kind == OBSERVABLE_URL) {
        match_host(&lookup, normal);
    }
    return lookup.found ? lookup.found : warninglist_by_pattern(set, kind, normal);
}

static uint32_t warninglist_of_range(const struct warninglist_set *set,
                                     const struct indicator *range)
{
    char text[INET6_ADDRSTRLEN];
    struct lookup lookup = {.set = set, .kind = OBSERVABLE_IP, .bits_max = range->bits};
    struct buf address = BUF_INIT;
    if (inet_ntop(AF_INET6, range->normal.data, text, sizeof text) &&
        observable_ip(span_str(text), &address)) {
        indicator_set_match(set->values, OBSERVABLE_IP, buf_span(&address), match_value, &lookup);
    }
    buf_fini(&address);
    return lookup.found;
}

enum status warninglist_judge(struct warninglist_set *set, const struct indicator_set *indicators,
                              struct err *err)
{
    size_t count = indicator_set_count(indicators);
    free(set->of_indicator);
    set->of_indicator = calloc(count + 1, sizeof *set->of_indicator);
    if (!set->of_indicator) {
        return err_nomem(err, "warninglists");
    }
    for (size_t i = 0; i < count; i++) {
        const struct indicator *indicator = indicator_set_get(indicators, i);
        if (indicator->is_range) {
            set->of_indicator[i] = warninglist_of_range(set, indicator);
        } else if (indicator->kind != OBSERVABLE_KINDS) {
            set->of_indicator[i] =
                warninglist_of_observable(set, indicator->kind, indicator->normal);
        }
    }
    return OK;
}

uint32_t warninglist_of_indicator(const struct warninglist_set *set, size_t indicator)
{
    return set && set->of_indicator ? set->of_indicator[indicator] : 0;
}
