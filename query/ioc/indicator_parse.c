/* A text into an indicator: first refanged, then read as the kind that is given ("user:bob", a
 * column's), or as the first kind whose shape it has, in an order in which no shape hides another:
 * range, address, hash, URL, session, serial, file, e-mail, name. What fits none is refused with
 * the reason. Pure; any thread. */
#include "query/ioc/indicator_parse.h"

#include <libpsl.h>

#include "query/ioc/refang.h"
#include "query/language/address.h"
#include "schema/text/ascii.h"

static bool is_public_suffix(const char *name)
{
    return psl_is_public_suffix2(psl_builtin(), name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

/* Names that no registry gives out and networks use all the same (RFC 2606, 6761, 6762, 8375,
 * 9476; ICANN: .internal). */
static bool is_special_use(const char *label)
{
    static const char *const names[] = {"test", "example",  "invalid", "localhost", "local",
                                        "arpa", "internal", "alt",     "onion",     "lan",
                                        "corp", "home",     "intra",   "private",   "localdomain"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(label, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that most names have, and that have been there since before the list was. */
static bool is_common_top(const char *label)
{
    static const char *const names[] = {"com", "net", "org", "info"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(label, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* `name` is a normal domain with a NUL behind it. */
static bool has_known_top(const char *name)
{
    const char *top = strrchr(name, '.');
    return top && (is_common_top(top + 1) || is_public_suffix(top + 1) || is_special_use(top + 1));
}

static const char *read_range(struct span text, struct buf *normal, struct indicator *out)
{
    unsigned char low[16];
    unsigned char high[16];
    if (!address_read_range(text, low, high)) {
        return "not an address range";
    }
    unsigned bits = 0;
    while (bits < 128 && !((low[bits / 8] ^ high[bits / 8]) >> (7 - bits % 8) & 1)) {
        bits++;
    }
    bool four = memchr(text.data, ':', text.size) == NULL;
    if (bits == (four ? 96u : 0u)) {
        return "a range of all addresses";
    }
    out->kind = OBSERVABLE_IP;
    if (bits == 128) {
        const char *slash = memchr(text.data, '/', text.size);
        (void)observable_ip(span_of(text.data, (size_t)(slash - text.data)), normal);
        return NULL;
    }
    out->is_range = true;
    out->bits = (unsigned char)bits;
    buf_add(normal, low, sizeof low);
    return NULL;
}

static const char *read_domain(struct span text, struct buf *normal, struct indicator *out)
{
    out->kind = OBSERVABLE_DOMAIN;
    if (span_starts(text, "=")) {
        out->exact = true;
        text = span_from(text, 1);
    } else if (span_starts(text, "*.")) {
        text = span_from(text, 2);
    } else if (span_starts(text, ".")) {
        text = span_from(text, 1);
    }
    if (!observable_domain(text, normal)) {
        return "not a domain";
    }
    buf_add_char(normal, '\0');
    normal->size--;
    if (buf_ok(normal) && !out->exact && is_public_suffix(normal->data)) {
        return "a public suffix, not a host name; =NAME is exactly that host";
    }
    return NULL;
}

static const char *read_url(struct span text, struct buf *normal, struct indicator *out)
{
    out->kind = OBSERVABLE_URL;
    return observable_url_any(text, normal) ? NULL : "not a URL";
}

static const char *read_as(struct span text, enum observable_kind kind, struct buf *normal,
                           struct indicator *out)
{
    out->kind = kind;
    switch (kind) {
    case OBSERVABLE_IP:
        if (memchr(text.data, '/', text.size)) {
            return read_range(text, normal, out);
        }
        return observable_ip(text, normal) ? NULL : "not an address";
    case OBSERVABLE_DOMAIN:
        return read_domain(text, normal, out);
    case OBSERVABLE_URL:
        return read_url(text, normal, out);
    case OBSERVABLE_EMAIL:
        return observable_email(text, normal) ? NULL : "not an e-mail address";
    case OBSERVABLE_HASH:
        return observable_hash(text, normal) ? NULL : "not an MD5, SHA-1, SHA-256 or SHA-512";
    case OBSERVABLE_SERIAL:
        return observable_serial(text, normal) ? NULL : "not a serial number";
    case OBSERVABLE_SESSION:
        return observable_session(text, normal) ? NULL : "not a session id";
    case OBSERVABLE_USER:
    case OBSERVABLE_FILE:
    case OBSERVABLE_AGENT:
    case OBSERVABLE_KINDS:
        break;
    }
    buf_add_span(normal, text);
    return NULL;
}

static bool is_uuid(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : !strchr("0123456789abcdefABCDEF", text.data[i])) {
            return false;
        }
    }
    return text.size == 36;
}

static bool is_colon_hex(struct span text)
{
    size_t colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        colons += text.data[i] == ':';
        if (!strchr("0123456789abcdefABCDEF:", text.data[i])) {
            return false;
        }
    }
    return colons >= 3 && text.size == colons * 3 + 2;
}

/* A name, perhaps with a path behind it. */
static const char *guess_name(struct span text, struct buf *normal, struct indicator *out)
{
    bool marked = span_starts(text, "=") || span_starts(text, "*.");
    if (memchr(text.data, '/', text.size)) {
        return read_as(text, OBSERVABLE_URL, normal, out);
    }
    const char *why = read_domain(text, normal, out);
    if (!why && !marked && !has_known_top(normal->data)) {
        *out = (struct indicator){.text = out->text};
        normal->size = 0;
        return read_as(text, OBSERVABLE_FILE, normal, out);
    }
    return why ? (out->exact || memchr(text.data, '.', text.size)
                      ? why
                      : "its kind is not clear: write user:NAME, file:NAME or agent:TEXT")
               : NULL;
}

/* What bytes a text has: only the kinds that its bytes allow are tried. */
enum {
    HAS_DIGIT = 1,
    HAS_HEX = 2, /* a to f, either case */
    HAS_DOT = 4,
    HAS_DASH = 8,
    HAS_COLON = 16,
    HAS_SLASH = 32,
    HAS_AT = 64,
    HAS_MARK = 128, /* of an address: [ % */
    HAS_OTHER = 256,
};

static unsigned bytes_of(struct span text)
{
    static const uint16_t classes[256] = {
        ['0'] = HAS_DIGIT, ['1'] = HAS_DIGIT, ['2'] = HAS_DIGIT, ['3'] = HAS_DIGIT,
        ['4'] = HAS_DIGIT, ['5'] = HAS_DIGIT, ['6'] = HAS_DIGIT, ['7'] = HAS_DIGIT,
        ['8'] = HAS_DIGIT, ['9'] = HAS_DIGIT, ['a'] = HAS_HEX,   ['b'] = HAS_HEX,
        ['c'] = HAS_HEX,   ['d'] = HAS_HEX,   ['e'] = HAS_HEX,   ['f'] = HAS_HEX,
        ['A'] = HAS_HEX,   ['B'] = HAS_HEX,   ['C'] = HAS_HEX,   ['D'] = HAS_HEX,
        ['E'] = HAS_HEX,   ['F'] = HAS_HEX,   ['.'] = HAS_DOT,   ['-'] = HAS_DASH,
        [':'] = HAS_COLON, ['/'] = HAS_SLASH, ['@'] = HAS_AT,    ['['] = HAS_MARK,
        ['%'] = HAS_MARK};
    unsigned has = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned class = classes[(unsigned char)text.data[i]];
        has |= class ? class : HAS_OTHER;
    }
    return has;
}

static bool only(unsigned has, unsigned of)
{
    return (has & ~of) == 0;
}

static bool can_be_ip(unsigned has)
{
    return only(has, HAS_DIGIT | HAS_DOT) || has & HAS_MARK ||
           (has & HAS_COLON && !(has & HAS_SLASH));
}

static bool is_range(struct span text, unsigned has)
{
    unsigned char low[16];
    unsigned char high[16];
    return has & HAS_SLASH &&
           (has & HAS_MARK || only(has, HAS_DIGIT | HAS_HEX | HAS_DOT | HAS_COLON | HAS_SLASH)) &&
           address_read_range(text, low, high);
}

static const char *guess(struct span text, struct buf *normal, struct indicator *out)
{
    unsigned has = bytes_of(text);
    if (is_range(text, has)) {
        return read_range(text, normal, out);
    }
    if (can_be_ip(has) && observable_ip(text, normal)) {
        out->kind = OBSERVABLE_IP;
        return NULL;
    }
    if (only(has, HAS_DIGIT | HAS_HEX) && observable_hash(text, normal)) {
        out->kind = OBSERVABLE_HASH;
        return NULL;
    }
    if (has & HAS_COLON && has & HAS_SLASH && memmem(text.data, text.size, "://", 3)) {
        return read_as(text, OBSERVABLE_URL, normal, out);
    }
    if (only(has, HAS_DIGIT | HAS_HEX | HAS_DASH) && is_uuid(text)) {
        return read_as(text, OBSERVABLE_SESSION, normal, out);
    }
    if (only(has, HAS_DIGIT | HAS_HEX | HAS_COLON) && is_colon_hex(text)) {
        return read_as(text, OBSERVABLE_SERIAL, normal, out);
    }
    if (text.data[0] == '/' || memchr(text.data, '\\', text.size)) {
        return read_as(text, OBSERVABLE_FILE, normal, out);
    }
    if (memchr(text.data, ' ', text.size)) {
        return "its kind is not clear: write user:NAME, file:NAME or agent:TEXT";
    }
    if (has & HAS_AT) {
        return read_as(text, OBSERVABLE_EMAIL, normal, out);
    }
    return guess_name(text, normal, out);
}

static bool takes_as_is(enum observable_kind kind)
{
    return kind == OBSERVABLE_USER || kind == OBSERVABLE_FILE || kind == OBSERVABLE_AGENT;
}

static const char *read_kind(struct span text, bool known, enum observable_kind kind,
                             struct buf *normal, struct indicator *out)
{
    struct buf clear = BUF_INIT;
    *out = (struct indicator){.text = text};
    buf_clear(normal);
    if (text.size == 0 || text.size > INDICATOR_PARSE_BYTES_MAX) {
        return text.size == 0 ? "empty" : "longer than 4,096 bytes";
    }
    if (!(known && takes_as_is(kind)) && !refang_is_plain(text)) {
        refang(text, &clear);
        text = ascii_trim_blanks(buf_span(&clear));
    }
    const char *why = text.size == 0 ? "empty"
                      : known        ? read_as(text, kind, normal, out)
                                     : guess(text, normal, out);
    if (!why && !(buf_ok(&clear) && buf_ok(normal))) {
        why = "out of memory";
    }
    if (!why && normal->size == 0) {
        why = "empty";
    }
    buf_fini(&clear);
    out->normal = buf_span(normal);
    return why;
}

const char *indicator_parse(struct span text, struct buf *normal, struct indicator *out)
{
    text = ascii_trim_blanks(text);
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    enum observable_kind kind = OBSERVABLE_KINDS;
    if (colon) {
        struct span rest = span_from(text, (size_t)(colon + 1 - text.data));
        if (!span_starts(rest, "//") &&
            observable_kind_find(span_of(text.data, (size_t)(colon - text.data)), &kind)) {
            const char *why = read_kind(ascii_trim_blanks(rest), true, kind, normal, out);
            out->text = text;
            return why;
        }
    }
    return read_kind(text, false, OBSERVABLE_KINDS, normal, out);
}

const char *indicator_parse_as(struct span text, enum observable_kind kind, struct buf *normal,
                               struct indicator *out)
{
    return read_kind(ascii_trim_blanks(text), true, kind, normal, out);
}
