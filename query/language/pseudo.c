/* One function for each pseudo-field and a table of them at the end. Each says in its error what
 * it wants. Any thread. */
#include "query/language/pseudo.h"

#include "query/language/address.h"
#include "schema/text/ascii.h"

static enum status not_address(const struct predicate_maker *maker, struct span text)
{
    return err_set(maker->err, ERR_USAGE,
                   "ip: needs an address or a range such as 10.0.0.0/8 or 2001:db8::/32, not "
                   "\"%.*s\"",
                   (int)(text.size < 80 ? text.size : 80), text.data);
}

static enum status pseudo_ip(const struct predicate_maker *maker, const struct predicate_form *form,
                             struct predicate *out)
{
    unsigned char other[16];
    out->kind = PREDICATE_OBSERVABLE;
    out->observable = OBSERVABLE_IP;
    memset(out->address_low, 0, sizeof out->address_low);
    memset(out->address_high, 0xff, sizeof out->address_high);
    if (form->kind != PREDICATE_FORM_RANGE) {
        if (!span_is(form->text, "*") &&
            !address_read_range(form->text, out->address_low, out->address_high)) {
            return not_address(maker, form->text);
        }
        return OK;
    }
    if ((form->low.set && !form->low.inclusive) || (form->high.set && !form->high.inclusive)) {
        return err_set(maker->err, ERR_USAGE, "ip: takes [a TO b] and a/bits, no other comparison");
    }
    if (form->low.set && !address_read_range(form->low.text, out->address_low, other)) {
        return not_address(maker, form->low.text);
    }
    if (form->high.set && !address_read_range(form->high.text, other, out->address_high)) {
        return not_address(maker, form->high.text);
    }
    return OK;
}

/* A host name, or the last part of many. */
static bool domain_form(struct span text, struct buf *out)
{
    if (observable_domain(text, out)) {
        return true;
    }
    bool letters = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower(text.data[i]);
        bool letter = ascii_is_letter(c);
        if (!letter && !ascii_is_digit(c) && c != '-' && c != '_') {
            return false;
        }
        letters |= letter;
        buf_add_char(out, c);
    }
    return letters && text.size <= 63;
}

/* A pseudo-field whose value is one observable. */
struct observable_rule {
    enum observable_kind kind;
    bool (*form)(struct span text, struct buf *out); /* its normal form; false: it has none */
    const char *wanted;
};

/* The rule's observable; a range is none of any kind. */
static enum status pseudo_observable(const struct predicate_maker *maker,
                                     const struct observable_rule *rule, struct span text,
                                     struct predicate *out)
{
    struct buf normal = BUF_INIT;
    enum status status = text.size > 0 && rule->form(text, &normal)
                             ? buf_status(&normal, "search", maker->err)
                             : err_set(maker->err, ERR_USAGE, "%s", rule->wanted);
    if (status == OK) {
        out->kind = PREDICATE_OBSERVABLE;
        out->observable = rule->kind;
        out->text = arena_keep(maker->arena, buf_span(&normal));
        status = out->text.data ? OK : err_nomem(maker->err, "search");
    }
    buf_fini(&normal);
    return status;
}

static enum status pseudo_domain(const struct predicate_maker *maker,
                                 const struct predicate_form *form, struct predicate *out)
{
    static const struct observable_rule rule = {OBSERVABLE_DOMAIN, domain_form,
                                                "domain: needs a domain name such as evil.com"};
    struct span text = span_starts(form->text, "*.") ? span_from(form->text, 2) : form->text;
    return pseudo_observable(maker, &rule, ascii_trim(text, "."), out);
}

static enum status pseudo_hash(const struct predicate_maker *maker,
                               const struct predicate_form *form, struct predicate *out)
{
    static const struct observable_rule rule = {
        OBSERVABLE_HASH, observable_hash, "hash: needs an MD5, SHA-1, SHA-256 or SHA-512 in hex"};
    return pseudo_observable(maker, &rule, form->text, out);
}

static enum status pseudo_url(const struct predicate_maker *maker,
                              const struct predicate_form *form, struct predicate *out)
{
    static const struct observable_rule rule = {
        OBSERVABLE_URL, observable_url_any,
        "url: needs a URL such as http://evil.com/a, or evil.com/a for any scheme; not part of one "
        "(that is *evil.com/a*)"};
    struct span text = form->text;
    bool may_be =
        text.size > 0 && (memchr(text.data, '/', text.size) || memchr(text.data, '.', text.size));
    return pseudo_observable(maker, &rule, may_be ? text : span_of("", 0), out);
}

static enum status pseudo_email(const struct predicate_maker *maker,
                                const struct predicate_form *form, struct predicate *out)
{
    bool one = true;
    if (form->kind == PREDICATE_FORM_RANGE || !memchr(form->text.data, '@', form->text.size)) {
        return err_set(maker->err, ERR_USAGE, "email: needs an address such as alice@example.com");
    }
    if (form->kind == PREDICATE_FORM_WORD && memchr(form->text.data, '*', form->text.size)) {
        out->kind = PREDICATE_GLOB;
        return predicate_lower(maker, form->text, &out->text);
    }
    enum status status = predicate_term(maker, form->text, out, &one);
    return one ? status
               : err_set(maker->err, ERR_USAGE, "email: needs one address, not several words");
}

static enum status pseudo_severity(const struct predicate_maker *maker,
                                   const struct predicate_form *form, struct predicate *out)
{
    struct span lower = {0};
    enum status status = predicate_lower(maker, form->text, &lower);
    for (enum event_severity i = EVENT_SEVERITY_INFO; status == OK && i <= EVENT_SEVERITY_STOP;
         i++) {
        if (form->kind != PREDICATE_FORM_RANGE && span_is(lower, event_severity_text(i))) {
            out->kind = PREDICATE_SEVERITY;
            out->severity = i;
            return OK;
        }
    }
    return THEN(status, err_set(maker->err, ERR_USAGE, "severity: is info, warn, error or stop"));
}

/* A moment, or a whole day when only the day is given. */
static enum status read_moment(const struct predicate_maker *maker, struct span text,
                               int64_t *out_from_us, int64_t *out_to_us)
{
    enum status status = clock_parse_user(text, maker->now_us, out_from_us, maker->err);
    int64_t day_us;
    if (status == OK) {
        *out_to_us = *out_from_us + (clock_parse_day(text, &day_us) ? CLOCK_DAY_US : 1);
    }
    return status;
}

static enum status pseudo_time(const struct predicate_maker *maker,
                               const struct predicate_form *form, struct predicate *out)
{
    out->kind = PREDICATE_TIME;
    out->time_low_us = INT64_MIN;
    out->time_high_us = INT64_MAX;
    if (form->kind != PREDICATE_FORM_RANGE) {
        return span_is(form->text, "*")
                   ? OK
                   : read_moment(maker, form->text, &out->time_low_us, &out->time_high_us);
    }
    int64_t other_us;
    enum status status = OK;
    if (form->low.set) {
        bool from = form->low.inclusive;
        status = read_moment(maker, form->low.text, from ? &out->time_low_us : &other_us,
                             from ? &other_us : &out->time_low_us);
    }
    if (form->high.set) {
        bool to = form->high.inclusive;
        status =
            THEN(status, read_moment(maker, form->high.text, to ? &other_us : &out->time_high_us,
                                     to ? &out->time_high_us : &other_us));
    }
    return status;
}

static enum status pseudo_uid(const struct predicate_maker *maker,
                              const struct predicate_form *form, struct predicate *out)
{
    bool star = form->kind == PREDICATE_FORM_WORD && memchr(form->text.data, '*', form->text.size);
    if (star || form->kind == PREDICATE_FORM_RANGE) {
        return predicate_plain(maker, form, out);
    }
    out->kind = PREDICATE_UID;
    return form->text.size > 0 ? OK : err_set(maker->err, ERR_USAGE, "uid: needs a uid");
}

static const struct pseudo pseudos[] = {
    {"ip", NULL, pseudo_ip},
    {"domain", NULL, pseudo_domain},
    {"email", NULL, pseudo_email},
    {"text", NULL, predicate_plain},
    {"hash", NULL, pseudo_hash},
    {"url", NULL, pseudo_url},
    {"time", "time", pseudo_time},
    {"uid", "uid", pseudo_uid},
    {"severity", "code", pseudo_severity},
};

const struct pseudo *pseudo_find(struct span name)
{
    for (size_t i = 0; i < sizeof pseudos / sizeof pseudos[0]; i++) {
        if (span_is(name, pseudos[i].name)) {
            return &pseudos[i];
        }
    }
    return NULL;
}
