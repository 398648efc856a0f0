/* Normal forms of observables. */
#include <idn2.h>
#include <stdlib.h>

#include "schema/event/observable.h"
#include "schema/event/term.h"

enum { DOMAIN_BYTES_MAX = 253, LABEL_BYTES_MAX = 63, URL_BYTES_MAX = 2048, SERIAL_BYTES_MAX = 128 };

static const char *const kind_names[] = {
#define X(id, name) name,
#include "schema/event/observable.def"
#undef X
};

const char *observable_kind_name(enum observable_kind kind)
{
    CHECK(kind < OBSERVABLE_KINDS);
    return kind_names[kind];
}

bool observable_kind_find(struct span name, enum observable_kind *out_kind)
{
    for (int i = 0; i < OBSERVABLE_KINDS; i++) {
        if (span_is(name, kind_names[i])) {
            *out_kind = (enum observable_kind)i;
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void add_lower(struct buf *out, struct span text)
{
    if (!buf_reserve(out, text.size)) {
        return;
    }
    char *to = out->data + out->size;
    for (size_t i = 0; i < text.size; i++) {
        to[i] = lower(text.data[i]);
    }
    out->size += text.size;
}

static bool all(struct span text, bool (*is)(char))
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is(text.data[i])) {
            return false;
        }
    }
    return text.size > 0;
}

static size_t count_of(struct span text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == c;
    }
    return count;
}

/* Without ":port" behind it; the text as it is when there is none. */
static struct span without_port(struct span text)
{
    size_t end = text.size;
    while (end > 0 && is_digit(text.data[end - 1])) {
        end--;
    }
    bool has = end > 0 && end < text.size && text.size - end <= 5 && text.data[end - 1] == ':';
    return has ? span_of(text.data, end - 1) : text;
}

bool observable_ip(struct span text, struct buf *out)
{
    if (text.size < 2 || text.size > 64) {
        return false;
    }
    if (text.data[0] == '[') {
        const char *close = memchr(text.data, ']', text.size);
        if (!close) {
            return false;
        }
        struct span rest = span_from(text, (size_t)(close + 1 - text.data));
        if (rest.size > 0 && (rest.data[0] != ':' || !all(span_from(rest, 1), is_digit))) {
            return false;
        }
        text = span_of(text.data + 1, (size_t)(close - text.data) - 1);
    } else if (count_of(text, ':') == 1) {
        text = without_port(text);
    }
    const char *zone = text.size ? memchr(text.data, '%', text.size) : NULL;
    return term_address(zone ? span_of(text.data, (size_t)(zone - text.data)) : text, out);
}

/* What a name is made of, in lower case; 0: no byte of a name. */
static char in_name(char c)
{
    char low = (char)(c | 0x20);
    bool letter = (unsigned char)(low - 'a') < 26;
    bool other = (unsigned char)(c - '0') < 10 || c == '-' || c == '_' || c == '.';
    return letter ? low : other ? c : '\0';
}

/* The label from `start` to `end` of a name; of the last one: that of a top-level domain. */
static bool label_is_good(const char *start, const char *end, bool last)
{
    bool good = end > start && end - start <= LABEL_BYTES_MAX && *start != '-' && end[-1] != '-';
    if (!good || !last) {
        return good;
    }
    bool letter = false;
    for (const char *at = start; at < end; at++) {
        letter |= *at >= 'a' && *at <= 'z';
    }
    return letter && end - start >= 2 && !is_digit(*start);
}

static bool domain_ascii(struct span text, struct buf *out)
{
    if (text.size > DOMAIN_BYTES_MAX || !buf_reserve(out, text.size)) {
        return false;
    }
    char *to = out->data + out->size;
    const char *label = to;
    size_t labels = 1;
    for (size_t i = 0; i < text.size; i++) {
        to[i] = in_name(text.data[i]);
        if (to[i] == '\0') {
            return false;
        }
        if (to[i] == '.') {
            if (!label_is_good(label, to + i, false)) {
                return false;
            }
            label = to + i + 1;
            labels++;
        }
    }
    if (labels < 2 || !label_is_good(label, to + text.size, true)) {
        return false;
    }
    out->size += text.size;
    return true;
}

/* U-labels to A-labels. */
static bool domain_international(struct span text, struct buf *out)
{
    char copy[DOMAIN_BYTES_MAX + 1];
    char *ascii = NULL;
    if (text.size > DOMAIN_BYTES_MAX || memchr(text.data, '\0', text.size)) {
        return false;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
        return false;
    }
    bool is = domain_ascii(span_str(ascii), out);
    idn2_free(ascii);
    return is;
}

bool observable_domain(struct span text, struct buf *out)
{
    if (text.size > 0 && text.data[text.size - 1] == '.') {
        text.size--;
    }
    if (text.size < 4) {
        return false;
    }
    if (domain_ascii(text, out)) {
        return true;
    }
    bool wide = false;
    for (size_t i = 0; i < text.size; i++) {
        wide |= (unsigned char)text.data[i] >= 0x80;
    }
    return wide && domain_international(text, out);
}

bool observable_email(struct span text, struct buf *out)
{
    const char *at = text.size ? memchr(text.data, '@', text.size) : NULL;
    size_t local = at ? (size_t)(at - text.data) : 0;
    if (local == 0 || local > 64) {
        return false;
    }
    for (size_t i = 0; i < local; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 0x7f || strchr("\"(),:;<>[\\]", (char)c)) {
            return false;
        }
    }
    size_t before = out->size;
    add_lower(out, span_of(text.data, local + 1));
    if (!observable_domain(span_from(text, local + 1), out)) {
        out->size = before;
        return false;
    }
    return true;
}

bool observable_hash(struct span text, struct buf *out)
{
    bool size = text.size == 32 || text.size == 40 || text.size == 64 || text.size == 128;
    if (!size || !buf_reserve(out, text.size)) {
        return false;
    }
    char *to = out->data + out->size;
    bool bad = false;
    for (size_t i = 0; i < text.size; i++) { /* to the end: without branches it is fast */
        unsigned char c = (unsigned char)text.data[i];
        unsigned char low = c | 0x20; /* digits have that bit */
        bool digit = (unsigned char)(c - '0') <= 9;
        bool letter = (unsigned char)(low - 'a') <= 5;
        bad |= !(digit | letter);
        to[i] = (char)low;
    }
    out->size += bad ? 0 : text.size;
    return !bad;
}

bool observable_serial(struct span text, struct buf *out)
{
    size_t before = out->size;
    if (text.size == 0 || text.size > SERIAL_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        bool colon = text.data[i] == ':';
        if (!colon && !is_hex(text.data[i])) {
            out->size = before;
            return false;
        }
        if (!colon) {
            buf_add_char(out, lower(text.data[i]));
        }
    }
    return out->size > before;
}

bool observable_session(struct span text, struct buf *out)
{
    add_lower(out, text);
    return text.size > 0;
}

/* Its file system knows no letter case. */
static bool is_of_windows(struct span file)
{
    static const char *const ends[] = {".exe", ".dll", ".bat", ".cmd", ".ps1", ".vbs", ".scr",
                                       ".msi", ".lnk", ".sys", ".hta", ".cpl", ".wsf"};
    bool is = memchr(file.data, '\\', file.size) != NULL;
    bool may_end = file.size > 4 && file.data[file.size - 4] == '.';
    for (size_t i = 0; !is && may_end && i < sizeof ends / sizeof ends[0]; i++) {
        is = strncasecmp(file.data + file.size - 4, ends[i], 4) == 0;
    }
    return is;
}

bool observable_file(struct span text, struct buf *out)
{
    if (text.size == 0) {
        return false;
    }
    if (is_of_windows(text)) {
        add_lower(out, text);
    } else {
        buf_add_span(out, text);
    }
    return true;
}

const char *observable_url_mark(struct span text)
{
    for (size_t at = span_find(text, ':'); at + 2 < text.size;) {
        if (text.data[at + 1] == '/' && text.data[at + 2] == '/') {
            return text.data + at;
        }
        at += 1 + span_find(span_from(text, at + 1), ':');
    }
    return NULL;
}

struct span observable_url_bare(struct span url)
{
    const char *mark = observable_url_mark(url);
    return mark ? span_from(url, (size_t)(mark + 3 - url.data)) : url;
}

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '\0';
}

struct span observable_url_host(struct span url)
{
    struct span bare = observable_url_bare(url);
    size_t end = 0;
    while (end < bare.size && !ends_authority(bare.data[end]) && bare.data[end] != '#') {
        end++;
    }
    bare.size = end;
    if (bare.size > 0 && bare.data[0] == '[') {
        const char *close = memchr(bare.data, ']', bare.size);
        return close ? span_of(bare.data + 1, (size_t)(close - bare.data) - 1) : bare;
    }
    return without_port(bare);
}

/* Host and port as they are kept: default ports go. */
static bool add_authority(struct buf *out, struct span scheme, struct span authority)
{
    const char *user = authority.size ? memrchr(authority.data, '@', authority.size) : NULL;
    if (user) {
        authority = span_from(authority, (size_t)(user + 1 - authority.data));
    }
    struct span host = without_port(authority);
    struct span port = span_from(authority, host.size);
    bool plain = (span_is(scheme, "http") && span_is(port, ":80")) ||
                 (span_is(scheme, "https") && span_is(port, ":443"));
    if (host.size > 0 && host.data[0] == '[') {
        add_lower(out, host);
    } else if (!observable_ip(host, out) && !observable_domain(host, out)) {
        if (host.size == 0) {
            return false;
        }
        add_lower(out, host); /* a single label */
    }
    buf_add_span(out, plain ? span_of("", 0) : port);
    return true;
}

static bool in_scheme(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '+' || c == '-' || c == '.';
}

bool observable_url(struct span text, struct buf *out)
{
    size_t before = out->size;
    const char *mark = observable_url_mark(text);
    const char *hash = text.size ? memchr(text.data, '#', text.size) : NULL;
    if (hash) {
        text.size = (size_t)(hash - text.data);
    }
    if (!mark || text.size > URL_BYTES_MAX || (size_t)(mark - text.data) + 3 > text.size ||
        !all(span_of(text.data, (size_t)(mark - text.data)), in_scheme)) {
        return false;
    }
    add_lower(out, span_of(text.data, (size_t)(mark - text.data)));
    struct span scheme = span_of(out->data + before, out->size - before);
    char scheme_text[16];
    if (!out->data || scheme.size > sizeof scheme_text) {
        out->size = before;
        return false;
    }
    memcpy(scheme_text, scheme.data, scheme.size);
    scheme.data = scheme_text;
    buf_add_str(out, "://");
    struct span rest = span_from(text, (size_t)(mark + 3 - text.data));
    size_t end = 0;
    while (end < rest.size && !ends_authority(rest.data[end])) {
        end++;
    }
    if (!add_authority(out, scheme, span_of(rest.data, end))) {
        out->size = before;
        return false;
    }
    struct span path = span_from(rest, end);
    buf_add_span(out, span_is(path, "/") ? span_of("", 0) : path);
    return true;
}

bool observable_url_any(struct span text, struct buf *out)
{
    if (observable_url_mark(text)) {
        return observable_url(text, out);
    }
    struct buf whole = BUF_INIT;
    struct buf made = BUF_INIT;
    buf_add_str(&whole, "any://");
    buf_add_span(&whole, text);
    bool is = text.size > 0 && observable_url(buf_span(&whole), &made);
    if (is) {
        buf_add_span(out, observable_url_bare(buf_span(&made)));
    }
    buf_fini(&whole);
    buf_fini(&made);
    return is;
}
