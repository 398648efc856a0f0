/* Values of a kind that is known, in their normal forms. */
#include "query/ioc/indicator_internal.h"
#include "query/ioc/text_has.h"
#include "query/ioc/top_level.h"
#include "query/language/address.h"
#include "schema/text/ascii.h"

/* Ones, then zeros: how many ones; -1: it is no such mask. */
static int mask_bits(const unsigned char mask[4])
{
    uint32_t number =
        (uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 | mask[3];
    uint32_t rest = ~number;
    int bits = 0;
    for (; number & 0x80000000u; number <<= 1) {
        bits++;
    }
    return (rest & (rest + 1)) == 0 ? bits : -1;
}

/* 203.0.113.0/255.255.255.0 as it is with a number of bits. */
static struct span with_bits(struct span text, char out[64])
{
    unsigned char low[16];
    unsigned char high[16];
    const char *slash = memchr(text.data, '/', text.size);
    struct span mask = slash ? span_from(text, (size_t)(slash + 1 - text.data)) : span_of("", 0);
    size_t size = text.size - mask.size;
    if (!slash || !memchr(mask.data, '.', mask.size) || memchr(mask.data, '/', mask.size) ||
        size > 48 || !address_read_range(mask, low, high) || mask_bits(low + 12) < 0) {
        return text;
    }
    int bits = mask_bits(low + 12);
    memcpy(out, text.data, size);
    if (bits >= 10) {
        out[size++] = (char)('0' + bits / 10);
    }
    out[size++] = (char)('0' + bits % 10);
    return span_of(out, size);
}

static const char *read_range(struct span text, struct buf *normal, struct indicator *out)
{
    unsigned char low[16];
    unsigned char high[16];
    char copy[64];
    text = with_bits(text, copy);
    if (!address_read_range(text, low, high)) {
        return "an address with a slash that is not an address range";
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

/* name:port is the name. */
static struct span without_port(struct span text)
{
    if (text.size == 0 || !ascii_is_digit(text.data[text.size - 1])) {
        return text;
    }
    const char *colon = memrchr(text.data, ':', text.size);
    struct span port = colon ? span_from(text, (size_t)(colon + 1 - text.data)) : span_of("", 0);
    return port.size <= 5 && ascii_all_digits(port)
               ? span_of(text.data, (size_t)(colon - text.data))
               : text;
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
    if (!observable_domain(without_port(text), normal)) {
        return "not a domain";
    }
    buf_add_char(normal, '\0');
    normal->size--;
    if (buf_ok(normal) && !out->exact && top_level_is_public_suffix(normal->data)) {
        return "a public suffix, not a host name; =NAME is exactly that host";
    }
    return NULL;
}

/* Blanks beyond ASCII: no-break ones, and U+2000 to U+207F, which nobody sees. */
static bool has_wide_blank(struct span text)
{
    for (size_t i = 0; i + 1 < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned char next = (unsigned char)text.data[i + 1];
        if ((c == 0xc2 && next <= 0xa0) || (c == 0xe2 && (next | 1) == 0x81)) {
            return true;
        }
    }
    return false;
}

/* What no URL has: blanks, controls, quotes, <>. */
static bool can_be_url(struct span text)
{
    unsigned has = text_has(text);
    return !(has & (TEXT_HAS_BLANK | TEXT_HAS_CONTROL | TEXT_HAS_MARKUP)) &&
           !(has & TEXT_HAS_WIDE && has_wide_blank(text));
}

/* Without a scheme, a host says that it is one: a name, or an address with a port. */
static bool has_host(struct span url)
{
    struct buf host = BUF_INIT;
    struct span text = observable_url_host(url);
    bool is = observable_ip(text, &host) || observable_domain(text, &host);
    buf_fini(&host);
    return is;
}

static const char *read_url(struct span text, struct buf *normal, struct indicator *out)
{
    out->kind = OBSERVABLE_URL;
    bool scheme = observable_url_mark(text) != NULL;
    return can_be_url(text) && observable_url_any(text, normal) &&
                   (scheme || has_host(buf_span(normal)))
               ? NULL
               : "not a URL";
}

static bool is_part_of_agent(struct span text)
{
    return text.size > 2 && (text.data[0] == '*' || text.data[text.size - 1] == '*');
}

const char *indicator_read_as(struct span text, enum observable_kind kind, struct buf *normal,
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
    case OBSERVABLE_FILE:
        return observable_file(text, normal) ? NULL : "not a file";
    case OBSERVABLE_AGENT:
        out->is_inside = is_part_of_agent(text);
        break;
    case OBSERVABLE_USER:
    case OBSERVABLE_KINDS:
        break;
    }
    buf_add_span(normal, text);
    return NULL;
}
