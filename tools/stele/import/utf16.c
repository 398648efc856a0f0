#include "tools/stele/import/utf16.h"

#include "schema/base/utf8.h"

enum { POINT_BYTES_MAX = 4, REPLACEMENT = 0xfffd, BYTE_ORDER_MARK = 0xfeff };

enum utf16_order utf16_detect(struct span start)
{
    if (start.size < 4 || start.size % 2 != 0) {
        start.size -= start.size % 2;
    }
    if (start.size < 4) {
        return UTF16_NONE;
    }
    const unsigned char *bytes = (const unsigned char *)start.data;
    if (bytes[0] == 0xff && bytes[1] == 0xfe && (bytes[2] || bytes[3])) {
        return UTF16_LITTLE;
    }
    if (bytes[0] == 0xfe && bytes[1] == 0xff) {
        return UTF16_BIG;
    }
    if ((bytes[0] == '{' || bytes[0] == '[') && !bytes[1] && bytes[2] && !bytes[3]) {
        return UTF16_LITTLE;
    }
    bool big = !bytes[0] && (bytes[1] == '{' || bytes[1] == '[') && !bytes[2] && bytes[3];
    return big ? UTF16_BIG : UTF16_NONE;
}

static uint32_t unit_at(struct span text, size_t at, enum utf16_order order)
{
    uint32_t first = (unsigned char)text.data[at];
    uint32_t second = (unsigned char)text.data[at + 1];
    return order == UTF16_BIG ? first << 8 | second : second << 8 | first;
}

static bool is_surrogate(uint32_t unit, uint32_t first)
{
    return unit >= first && unit <= first + 0x3ff;
}

size_t utf16_read(struct span text, enum utf16_order order, bool end, struct buf *out)
{
    char encoded[POINT_BYTES_MAX];
    size_t at = 0;
    while (at + 2 <= text.size) {
        uint32_t point = unit_at(text, at, order);
        size_t size = 2;
        if (is_surrogate(point, 0xd800)) {
            if (at + 4 > text.size && !end) {
                break;
            }
            uint32_t low = at + 4 <= text.size ? unit_at(text, at + 2, order) : 0;
            bool pair = is_surrogate(low, 0xdc00);
            point = pair ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00) : REPLACEMENT;
            size = pair ? 4 : 2;
        }
        point = is_surrogate(point, 0xdc00) ? REPLACEMENT : point;
        at += size;
        if (point != BYTE_ORDER_MARK) {
            buf_add(out, encoded, utf8_encode(point, encoded));
        }
    }
    if (end && at < text.size) {
        buf_add(out, encoded, utf8_encode(REPLACEMENT, encoded));
        at = text.size;
    }
    return at;
}
