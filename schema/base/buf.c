/* A buffer that grows. A failure sticks: what is added after it is dropped, and the owner asks
 * once, at the end. Any thread, one at a time for each buffer. */
#include "schema/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/utf8.h"

void buf_fini(struct buf *buf)
{
    if (buf) {
        free(buf->data);
        *buf = (struct buf)BUF_INIT;
    }
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

bool buf_reserve(struct buf *buf, size_t extra)
{
    if (buf->failed) {
        return false;
    }
    if (extra <= buf->capacity - buf->size) {
        return true;
    }
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity - buf->size < extra) {
        if (capacity > SIZE_MAX / 2) {
            buf->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
    if (size > 0 && buf_reserve(buf, size)) {
        memcpy(buf->data + buf->size, data, size);
        buf->size += size;
    }
}

void buf_add_span(struct buf *buf, struct span span)
{
    buf_add(buf, span.data, span.size);
}

void buf_add_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);
    if (buf_reserve(buf, (size_t)length + 1)) {
        (void)vsnprintf(buf->data + buf->size, (size_t)length + 1, format, again);
        buf->size += (size_t)length;
    }
    va_end(again);
}

static void buf_add_json_char(struct buf *buf, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add_str(buf, "\\\"");
        break;
    case '\\':
        buf_add_str(buf, "\\\\");
        break;
    case '\n':
        buf_add_str(buf, "\\n");
        break;
    case '\r':
        buf_add_str(buf, "\\r");
        break;
    case '\t':
        buf_add_str(buf, "\\t");
        break;
    default:
        if (c < 0x20 || c == 0x7f) {
            buf_printf(buf, "\\u%04x", c);
        } else {
            buf_add_char(buf, (char)c);
        }
    }
}

void buf_add_json(struct buf *buf, struct span text)
{
    buf_add_char(buf, '"');
    size_t at = 0;
    while (at < text.size) {
        if ((unsigned char)text.data[at] < 0x80) {
            buf_add_json_char(buf, (unsigned char)text.data[at++]);
            continue;
        }
        uint32_t point;
        size_t n = utf8_decode(span_from(text, at), &point);
        if (n == 0) {
            buf_add_str(buf, "\\ufffd");
            at++;
        } else {
            buf_add(buf, text.data + at, n);
            at += n;
        }
    }
    buf_add_char(buf, '"');
}

void buf_add_varint(struct buf *buf, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    while (value >= 0x80) {
        bytes[n++] = (char)(value | 0x80);
        value >>= 7;
    }
    bytes[n++] = (char)value;
    buf_add(buf, bytes, n);
}

enum status buf_status(const struct buf *buf, const char *what, struct err *err)
{
    return buf_ok(buf) ? OK : err_nomem(err, what);
}

bool buf_read_varint(struct span bytes, size_t *at, uint64_t *out_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at >= bytes.size) {
            return false;
        }
        uint64_t byte = (unsigned char)bytes.data[(*at)++];
        if (shift == 63 && byte > 1) {
            return false;
        }
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out_value = value;
            return true;
        }
    }
    return false;
}
