#include "query/render/terminal_text.h"

#include <stdio.h>

#include "schema/base/utf8.h"

struct interval {
    uint32_t first;
    uint32_t last;
};

static bool within(const struct interval *intervals, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= intervals[i].first && point <= intervals[i].last) {
            return true;
        }
    }
    return false;
}

/* Controls, marks and overrides of direction, invisible spaces and joiners, line separators,
 * variation selectors, tags. */
static bool is_hidden(uint32_t point)
{
    static const struct interval hidden[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x115f, 0x1160},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
        {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };
    return within(hidden, sizeof hidden / sizeof hidden[0], point);
}

static size_t columns_of(uint32_t point)
{
    static const struct interval none[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                                           {0x610, 0x61a},   {0x64b, 0x65f},   {0x1ab0, 0x1aff},
                                           {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};
    static const struct interval two[] = {
        {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},
        {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (within(none, sizeof none / sizeof none[0], point)) {
        return 0;
    }
    return within(two, sizeof two / sizeof two[0], point) ? 2 : 1;
}

/* One character as it is shown; its columns. */
static size_t show(struct span text, size_t *at, char out[16], size_t *out_size)
{
    uint32_t point;
    size_t n = utf8_decode(span_from(text, *at), &point);
    int size;
    if (n == 0) {
        size = snprintf(out, 16, "\\x%02x", (unsigned char)text.data[*at]);
        *at += 1;
    } else if (is_hidden(point)) {
        size = snprintf(out, 16, point < 0x80 ? "\\x%02x" : "\\u{%x}", point);
        *at += n;
    } else {
        memcpy(out, text.data + *at, n);
        *out_size = n;
        *at += n;
        return columns_of(point);
    }
    *out_size = (size_t)size;
    return (size_t)size;
}

size_t terminal_text_add(struct buf *out, struct span text, size_t columns)
{
    size_t used = 0;
    size_t fits_size = out->size; /* where there was still room for the ellipsis */
    size_t fits_used = 0;
    for (size_t at = 0; at < text.size;) {
        char shown[16];
        size_t size;
        size_t wide = show(text, &at, shown, &size);
        if (wide > columns - used) {
            if (columns == 0) {
                return 0;
            }
            out->size = fits_size;
            buf_add_str(out, "\xe2\x80\xa6");
            return fits_used + 1;
        }
        buf_add(out, shown, size);
        used += wide;
        if (used < columns) {
            fits_size = out->size;
            fits_used = used;
        }
    }
    return used;
}
