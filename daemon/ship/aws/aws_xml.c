/* Not a parser of XML: the stores' answers are flat, and what is wanted is found by its tags. What
 * comes is a stranger's, so what people read is made printable here. */
#include "daemon/ship/aws/aws_xml.h"

#include <stdio.h>

#include "schema/base/utf8.h"
#include "schema/text/ascii.h"

enum { CHARACTER_MAX = 0x10FFFF };

bool aws_xml_next(struct span *rest, const char *name, struct span *out)
{
    char begin[64];
    char end[64];
    int n = snprintf(begin, sizeof begin, "<%s>", name);
    int m = snprintf(end, sizeof end, "</%s>", name);
    CHECK(n > 0 && n < (int)sizeof begin && m < (int)sizeof end);
    const char *from = rest->size > 0 ? memmem(rest->data, rest->size, begin, (size_t)n) : NULL;
    if (!from) {
        return false;
    }
    from += n;
    size_t left = rest->size - (size_t)(from - rest->data);
    const char *to = memmem(from, left, end, (size_t)m);
    if (!to) {
        return false;
    }
    *out = span_of(from, (size_t)(to - from));
    *rest = span_from(span_of(from, left), out->size + (size_t)m);
    return true;
}

/* "&#10;" and "&#x0a;"; 0: neither. */
static size_t parse_entity_number(struct span text, uint32_t *out)
{
    bool hex = span_starts(text, "&#x");
    size_t at = hex ? 3 : 2;
    uint32_t value = 0;
    if (!span_starts(text, "&#")) {
        return 0;
    }
    for (; at < text.size && text.data[at] != ';'; at++) {
        int digit = ascii_hex_digit(text.data[at]);
        if (digit < 0 || digit >= (hex ? 16 : 10)) {
            return 0;
        }
        value = value * (hex ? 16 : 10) + (uint32_t)digit;
        if (value > CHARACTER_MAX) {
            return 0;
        }
    }
    *out = value;
    return at < text.size && value > 0 ? at + 1 : 0;
}

/* One character of XML text into out (4 bytes at most); returns how many bytes of text it was. */
static size_t character_read(struct span text, char out[4], size_t *out_size)
{
    static const struct {
        const char *text;
        char c;
    } entities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    uint32_t point;
    size_t size = parse_entity_number(text, &point);
    if (size > 0) {
        *out_size = utf8_encode(point, out);
        return size;
    }
    *out_size = 1;
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (span_starts(text, entities[i].text)) {
            out[0] = entities[i].c;
            return strlen(entities[i].text);
        }
    }
    out[0] = text.data[0];
    return 1;
}

/* In place; returns the new length. */
static size_t url_decode(char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        bool coded = text[i] == '%' && i + 2 < size && ascii_hex_digit(text[i + 1]) >= 0 &&
                     ascii_hex_digit(text[i + 2]) >= 0;
        if (coded) {
            text[n++] = (char)(ascii_hex_digit(text[i + 1]) * 16 + ascii_hex_digit(text[i + 2]));
            i += 2;
        } else {
            text[n++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    return n;
}

bool aws_xml_exact(struct span body, const char *name, bool url, char *out, size_t out_bytes)
{
    struct span text;
    if (!aws_xml_next(&body, name, &text)) {
        return false;
    }
    size_t n = 0;
    while (text.size > 0) {
        char c[4];
        size_t size;
        size_t step = character_read(text, c, &size);
        if (n + size >= out_bytes) {
            return false;
        }
        memcpy(out + n, c, size);
        n += size;
        text = span_from(text, step);
    }
    n = url ? url_decode(out, n) : n;
    out[n] = '\0';
    return memchr(out, '\0', n) == NULL;
}

bool aws_xml_text(struct span body, const char *name, char *out, size_t out_bytes)
{
    struct span text;
    size_t n = 0;
    bool found = aws_xml_next(&body, name, &text);
    while (found && text.size > 0 && n + 1 < out_bytes) {
        char c[4];
        size_t size;
        text = span_from(text, character_read(text, c, &size));
        unsigned char byte = (unsigned char)c[0];
        out[n++] = byte < ' ' || byte == 127 ? ' ' : byte > 127 ? '?' : c[0];
    }
    out[n] = '\0';
    return found;
}
