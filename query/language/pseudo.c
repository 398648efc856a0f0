#include "query/language/pseudo.h"

#include "query/language/address.h"
#include "query/language/number.h"

static enum status pseudo_text(struct arena *arena, int64_t now_us,
                               const struct predicate_form *form, struct predicate *out,
                               struct err *err)
{
    (void)now_us;
    return pseudo_plain(arena, form, out, err);
}

static enum status not_address(struct span text, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "ip: wants an address or a range such as 10.0.0.0/8 or 2001:db8::/32, not "
                   "\"%.*s\"",
                   (int)(text.size < 80 ? text.size : 80), text.data);
}

static enum status pseudo_ip(struct arena *arena, int64_t now_us, const struct predicate_form *form,
                             struct predicate *out, struct err *err)
{
    (void)arena;
    (void)now_us;
    unsigned char other[16];
    out->kind = PREDICATE_OBSERVABLE;
    out->observable = OBSERVABLE_IP;
    memset(out->address_low, 0, sizeof out->address_low);
    memset(out->address_high, 0xff, sizeof out->address_high);
    if (form->kind != PREDICATE_FORM_RANGE) {
        if (!span_is(form->text, "*") &&
            !address_read_range(form->text, out->address_low, out->address_high)) {
            return not_address(form->text, err);
        }
        return OK;
    }
    if ((form->low.set && !form->low.inclusive) || (form->high.set && !form->high.inclusive)) {
        return err_set(err, ERR_USAGE, "ip: takes [a TO b] and a/bits, no other comparison");
    }
    if (form->low.set && !address_read_range(form->low.text, out->address_low, other)) {
        return not_address(form->low.text, err);
    }
    if (form->high.set && !address_read_range(form->high.text, other, out->address_high)) {
        return not_address(form->high.text, err);
    }
    return OK;
}

/* The observable in its normal form; `why` says what is wanted when it has none. */
static enum status observable_predicate(struct arena *arena, enum observable_kind kind,
                                        bool (*form)(struct span text, struct buf *out),
                                        struct span text, const char *why, struct predicate *out,
                                        struct err *err)
{
    struct buf normal = BUF_INIT;
    bool is = form(text, &normal);
    enum status status =
        is ? buf_status(&normal, "search", err) : err_set(err, ERR_USAGE, "%s", why);
    if (status == OK) {
        out->kind = PREDICATE_OBSERVABLE;
        out->observable = kind;
        out->text = arena_keep(arena, buf_span(&normal));
        status = out->text.data ? OK : err_nomem(err, "search");
    }
    buf_fini(&normal);
    return status;
}

/* A host name, or the last part of many. */
static bool domain_form(struct span text, struct buf *out)
{
    if (observable_domain(text, out)) {
        return true;
    }
    bool letters = false;
    for (size_t i = 0; i < text.size; i++) {
        char c =
            text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] + 32) : text.data[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            return false;
        }
        letters |= letter;
        buf_add_char(out, c);
    }
    return letters && text.size <= 63;
}

static enum status pseudo_domain(struct arena *arena, int64_t now_us,
                                 const struct predicate_form *form, struct predicate *out,
                                 struct err *err)
{
    (void)now_us;
    struct span text = form->kind == PREDICATE_FORM_RANGE ? span_of("", 0) : form->text;
    if (span_starts(text, "*.")) {
        text = span_from(text, 2);
    }
    while (text.size > 0 && text.data[0] == '.') {
        text = span_from(text, 1);
    }
    while (text.size > 0 && text.data[text.size - 1] == '.') {
        text.size--;
    }
    return observable_predicate(arena, OBSERVABLE_DOMAIN, domain_form, text,
                                "domain: wants a domain name such as evil.com", out, err);
}

static enum status pseudo_hash(struct arena *arena, int64_t now_us,
                               const struct predicate_form *form, struct predicate *out,
                               struct err *err)
{
    (void)now_us;
    struct span text = form->kind == PREDICATE_FORM_RANGE ? span_of("", 0) : form->text;
    return observable_predicate(arena, OBSERVABLE_HASH, observable_hash, text,
                                "hash: wants an MD5, SHA-1, SHA-256 or SHA-512 in hex", out, err);
}

static enum status pseudo_url(struct arena *arena, int64_t now_us,
                              const struct predicate_form *form, struct predicate *out,
                              struct err *err)
{
    (void)now_us;
    struct span text = form->kind == PREDICATE_FORM_RANGE ? span_of("", 0) : form->text;
    if (text.size > 0 && !memchr(text.data, '/', text.size) && !memchr(text.data, '.', text.size)) {
        text.size = 0;
    }
    return observable_predicate(arena, OBSERVABLE_URL, observable_url_any, text,
                                "url: wants a URL such as http://evil.com/a, or evil.com/a for "
                                "any scheme; no part of one (that is *evil.com/a*)",
                                out, err);
}

static enum status pseudo_email(struct arena *arena, int64_t now_us,
                                const struct predicate_form *form, struct predicate *out,
                                struct err *err)
{
    (void)now_us;
    bool one = true;
    if (form->kind == PREDICATE_FORM_RANGE || !memchr(form->text.data, '@', form->text.size)) {
        return err_set(err, ERR_USAGE, "email: wants an address such as alice@example.com");
    }
    if (form->kind == PREDICATE_FORM_WORD && memchr(form->text.data, '*', form->text.size)) {
        out->kind = PREDICATE_GLOB;
        return pseudo_lower(arena, form->text, &out->text, err);
    }
    enum status status = pseudo_term(arena, form->text, out, &one, err);
    return one ? status : err_set(err, ERR_USAGE, "email: wants one address, not several words");
}

static enum status pseudo_severity(struct arena *arena, int64_t now_us,
                                   const struct predicate_form *form, struct predicate *out,
                                   struct err *err)
{
    (void)now_us;
    struct span lower = {0};
    enum status status = pseudo_lower(arena, form->text, &lower, err);
    for (enum event_severity i = EVENT_SEVERITY_INFO; status == OK && i <= EVENT_SEVERITY_STOP;
         i++) {
        if (form->kind != PREDICATE_FORM_RANGE && span_is(lower, event_severity_text(i))) {
            out->kind = PREDICATE_SEVERITY;
            out->severity = i;
            return OK;
        }
    }
    return THEN(status, err_set(err, ERR_USAGE, "severity: is info, warn, error or stop"));
}

/* A moment, or a whole day when only the day is given. */
static enum status read_moment(struct span text, int64_t now_us, int64_t *out_from_us,
                               int64_t *out_to_us, struct err *err)
{
    enum status status = clock_parse_user(text, now_us, out_from_us, err);
    int64_t day_us;
    if (status == OK) {
        *out_to_us = *out_from_us + (clock_parse_day(text, &day_us) ? CLOCK_DAY_US : 1);
    }
    return status;
}

static enum status pseudo_time(struct arena *arena, int64_t now_us,
                               const struct predicate_form *form, struct predicate *out,
                               struct err *err)
{
    (void)arena;
    out->kind = PREDICATE_TIME;
    out->time_low_us = INT64_MIN;
    out->time_high_us = INT64_MAX;
    if (form->kind != PREDICATE_FORM_RANGE) {
        return span_is(form->text, "*")
                   ? OK
                   : read_moment(form->text, now_us, &out->time_low_us, &out->time_high_us, err);
    }
    int64_t from_us;
    int64_t to_us;
    enum status status = OK;
    if (form->low.set) {
        status = read_moment(form->low.text, now_us, &from_us, &to_us, err);
        if (status == OK) {
            out->time_low_us = form->low.inclusive ? from_us : to_us;
        }
    }
    if (status == OK && form->high.set) {
        status = read_moment(form->high.text, now_us, &from_us, &to_us, err);
        if (status == OK) {
            out->time_high_us = form->high.inclusive ? to_us : from_us;
        }
    }
    return status;
}

static enum status pseudo_uid(struct arena *arena, int64_t now_us,
                              const struct predicate_form *form, struct predicate *out,
                              struct err *err)
{
    (void)now_us;
    bool star = form->kind == PREDICATE_FORM_WORD && memchr(form->text.data, '*', form->text.size);
    if (star || form->kind == PREDICATE_FORM_RANGE) {
        return pseudo_plain(arena, form, out, err);
    }
    out->kind = PREDICATE_UID;
    return form->text.size > 0 ? OK : err_set(err, ERR_USAGE, "uid: wants a uid");
}

static const struct pseudo pseudos[] = {
    {"ip", NULL, pseudo_ip},
    {"domain", NULL, pseudo_domain},
    {"email", NULL, pseudo_email},
    {"text", NULL, pseudo_text},
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
