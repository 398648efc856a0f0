/* A growing byte buffer. A failed allocation sticks: later appends do nothing and buf_ok turns
 * false, so that a caller tests once at the end. One owner, no thread rules of its own. */
#ifndef SCHEMA_BASE_BUF_H
#define SCHEMA_BASE_BUF_H

#include "schema/base/err.h"
#include "schema/base/span.h"

struct buf {
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

#define BUF_INIT                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

/* Frees the bytes and leaves an empty buffer that may be used again. NULL is fine. */
void buf_fini(struct buf *buf);
/* Forgets the contents, keeps the memory, clears a failure. */
void buf_clear(struct buf *buf);
/* Makes room for `extra` more bytes; false (and failed) when memory is out. */
bool buf_reserve(struct buf *buf, size_t extra);
void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_span(struct buf *buf, struct span span);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *buf, struct span text);
/* LEB128, 1 to 10 bytes. */
void buf_add_varint(struct buf *buf, uint64_t value);

static inline bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

static inline struct span buf_span(const struct buf *buf)
{
    return span_of(buf->data, buf->size);
}

/* OK, or ERR_NOMEM with "what: out of memory". */
MUST_USE enum status buf_status(const struct buf *buf, const char *what, struct err *err);

/* Reads a LEB128 number at *at (moved on); false when cut short or over 64 bits. */
MUST_USE bool buf_read_varint(struct span bytes, size_t *at, uint64_t *out_value);

static inline uint64_t buf_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t buf_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
