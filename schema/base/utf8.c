#include "schema/base/utf8.h"

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_decode(struct span text, uint32_t *out_point)
{
    if (text.size == 0) {
        return 0;
    }
    const char *s = text.data;
    uint32_t first = (unsigned char)s[0];
    if (first < 0x80) {
        *out_point = first;
        return 1;
    }
    size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size < n) {
        return 0;
    }
    uint32_t point = first & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (!is_tail(s[i])) {
            return 0;
        }
        point = point << 6 | ((unsigned char)s[i] & 0x3f);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *out_point = point;
    return n;
}

enum { ASCII_STEP = 64 };

static bool is_ascii(const char *data)
{
    uint64_t words[ASCII_STEP / sizeof(uint64_t)];
    uint64_t any = 0;
    memcpy(words, data, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        any |= words[i];
    }
    return (any & 0x8080808080808080u) == 0;
}

bool utf8_valid(struct span text, size_t *out_bad)
{
    size_t at = 0;
    while (at < text.size) {
        if (text.size - at >= ASCII_STEP && is_ascii(text.data + at)) {
            at += ASCII_STEP;
            continue;
        }
        uint32_t point;
        size_t n = utf8_decode(span_from(text, at), &point);
        if (n == 0) {
            if (out_bad) {
                *out_bad = at;
            }
            return false;
        }
        at += n;
    }
    return true;
}

size_t utf8_encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

uint32_t utf8_lower(uint32_t point)
{
    if (point < 0x80) {
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    }
    if (point >= 0xc0 && point <= 0xde && point != 0xd7) {
        return point + 32;
    }
    if (point == 0x130 || point == 0x178) { /* dotted I; Y with diaeresis */
        return point == 0x130 ? 'i' : 0xff;
    }
    if ((point >= 0x100 && point <= 0x137) || (point >= 0x14a && point <= 0x177)) {
        return point | 1;
    }
    if ((point >= 0x139 && point <= 0x148) || (point >= 0x179 && point <= 0x17e)) {
        return point & 1 ? point + 1 : point;
    }
    if (point >= 0x391 && point <= 0x3a9 && point != 0x3a2) {
        return point + 32;
    }
    if (point >= 0x410 && point <= 0x42f) {
        return point + 32;
    }
    return point >= 0x400 && point <= 0x40f ? point + 80 : point;
}

size_t utf8_lower_copy(struct span text, char *out)
{
    size_t used = 0;
    size_t at = 0;
    while (at < text.size) {
        unsigned char c = (unsigned char)text.data[at];
        if (c < 0x80) {
            out[used++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            at++;
            continue;
        }
        uint32_t point;
        size_t n = utf8_decode(span_from(text, at), &point);
        if (n == 0) {
            out[used++] = text.data[at++];
            continue;
        }
        used += utf8_encode(utf8_lower(point), out + used);
        at += n;
    }
    return used;
}
