/* A slice of bytes that somebody else owns; never NUL-terminated by assumption. */
#ifndef SCHEMA_BASE_SPAN_H
#define SCHEMA_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *data;
    size_t size;
};

static inline struct span span_of(const void *data, size_t size)
{
    return (struct span){.data = (const char *)data, .size = size};
}

/* The span of a NUL-terminated string (NULL is the empty span). */
static inline struct span span_str(const char *text)
{
    return (struct span){.data = text, .size = text ? strlen(text) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Less than, equal to or greater than 0, by the bytes. */
static inline int span_compare(struct span a, struct span b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_str(text));
}

static inline bool span_starts(struct span a, const char *text)
{
    size_t n = strlen(text);
    return a.size >= n && memcmp(a.data, text, n) == 0;
}

static inline bool span_ends(struct span a, const char *text)
{
    size_t n = strlen(text);
    return a.size >= n && memcmp(a.data + a.size - n, text, n) == 0;
}

/* The part from `from` on (clamped). */
static inline struct span span_from(struct span a, size_t from)
{
    if (from > a.size) {
        from = a.size;
    }
    return span_of(a.data + from, a.size - from);
}

/* printf("%.*s", SPAN_FMT(x)) */
#define SPAN_FMT(x) (int)(x).size, (x).data

#endif
