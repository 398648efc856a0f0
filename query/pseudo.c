#include "query/pseudo.h"

#include "query/address.h"
#include "query/number.h"

static enum status pseudo_text(struct arena *arena, int64_t now_us, const struct value_form *form,
                               struct predicate *out, struct err *err)
{
    (void)now_us;
    return predicate_plain(arena, form, out, err);
}

static enum status not_address(struct span text, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "ip: wants an address or a range such as 10.0.0.0/8 or 2001:db8::/32, not "
                   "\"%.*s\"",
                   (int)(text.size < 80 ? text.size : 80), text.data);
}

static enum status pseudo_ip(struct arena *arena, int64_t now_us, const struct value_form *form,
                             struct predicate *out, struct err *err)
{
    (void)arena;
    (void)now_us;
    unsigned char other[16];
    out->kind = PREDICATE_ADDRESS;
    memset(out->address_low, 0, sizeof out->address_low);
    memset(out->address_high, 0xff, sizeof out->address_high);
    if (form->kind != FORM_RANGE) {
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

static bool is_domain_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

static enum status pseudo_domain(struct arena *arena, int64_t now_us, const struct value_form *form,
                                 struct predicate *out, struct err *err)
{
    (void)now_us;
    struct span text = form->text;
    if (span_starts(text, "*.")) {
        text = span_from(text, 2);
    }
    while (text.size > 0 && text.data[0] == '.') {
        text = span_from(text, 1);
    }
    while (text.size > 0 && text.data[text.size - 1] == '.') {
        text.size--;
    }
    bool letters = false;
    bool bad = form->kind == FORM_RANGE || text.size == 0 || text.size > 253;
    for (size_t i = 0; !bad && i < text.size; i++) {
        bad = !is_domain_byte(text.data[i]);
        letters = letters || !(text.data[i] == '.' || (text.data[i] >= '0' && text.data[i] <= '9'));
    }
    if (bad || !letters) {
        return err_set(err, ERR_USAGE, "domain: wants a domain name such as evil.com");
    }
    out->kind = PREDICATE_DOMAIN;
    enum status status = predicate_lower(arena, text, &out->text, err);
    return status == OK ? predicate_words(arena, out->text, out, err) : status;
}

static enum status pseudo_email(struct arena *arena, int64_t now_us, const struct value_form *form,
                                struct predicate *out, struct err *err)
{
    (void)now_us;
    bool one = true;
    if (form->kind == FORM_RANGE || !memchr(form->text.data, '@', form->text.size)) {
        return err_set(err, ERR_USAGE, "email: wants an address such as alice@example.com");
    }
    if (form->kind == FORM_WORD && memchr(form->text.data, '*', form->text.size)) {
        out->kind = PREDICATE_GLOB;
        return predicate_lower(arena, form->text, &out->text, err);
    }
    enum status status = predicate_term(arena, form->text, out, &one, err);
    return one ? status : err_set(err, ERR_USAGE, "email: wants one address, not several words");
}

static enum status pseudo_severity(struct arena *arena, int64_t now_us,
                                   const struct value_form *form, struct predicate *out,
                                   struct err *err)
{
    (void)now_us;
    struct span lower = {0};
    enum status status = predicate_lower(arena, form->text, &lower, err);
    for (enum event_severity i = SEVERITY_INFO; status == OK && i <= SEVERITY_STOP; i++) {
        if (form->kind != FORM_RANGE && span_is(lower, event_severity_text(i))) {
            out->kind = PREDICATE_SEVERITY;
            out->severity = i;
            return OK;
        }
    }
    return status == OK ? err_set(err, ERR_USAGE, "severity: is info, warn, error or stop")
                        : status;
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

static enum status pseudo_time(struct arena *arena, int64_t now_us, const struct value_form *form,
                               struct predicate *out, struct err *err)
{
    (void)arena;
    out->kind = PREDICATE_TIME;
    out->time_low_us = INT64_MIN;
    out->time_high_us = INT64_MAX;
    if (form->kind != FORM_RANGE) {
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

static enum status pseudo_uid(struct arena *arena, int64_t now_us, const struct value_form *form,
                              struct predicate *out, struct err *err)
{
    (void)now_us;
    bool star = form->kind == FORM_WORD && memchr(form->text.data, '*', form->text.size);
    if (star || form->kind == FORM_RANGE) {
        return predicate_plain(arena, form, out, err);
    }
    out->kind = PREDICATE_UID;
    return form->text.size > 0 ? OK : err_set(err, ERR_USAGE, "uid: wants a uid");
}

static enum status pseudo_later(struct arena *arena, int64_t now_us, const struct value_form *form,
                                struct predicate *out, struct err *err)
{
    (void)arena;
    (void)now_us;
    (void)form;
    (void)out;
    return err_set(err, ERR_USAGE,
                   "url: and hash: are not there yet; quote what you look for (\"...\") instead");
}

static const struct pseudo pseudos[] = {
    {"ip", NULL, pseudo_ip},
    {"domain", NULL, pseudo_domain},
    {"email", NULL, pseudo_email},
    {"text", NULL, pseudo_text},
    {"hash", NULL, pseudo_later},
    {"url", NULL, pseudo_later},
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
