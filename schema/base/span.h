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
    return from > 0 ? span_of(a.data + from, a.size - from) : a;
}

/* Where the byte stands first; a.size when it is not there. */
static inline size_t span_find(struct span a, char c)
{
    const char *found = a.size > 0 ? memchr(a.data, c, a.size) : NULL;
    return found ? (size_t)(found - a.data) : a.size;
}

/* Takes the next line off *rest, newline and all; *out_line is without it. False when no newline is
 * left. */
static inline bool span_next_line(struct span *rest, struct span *out_line)
{
    size_t size = span_find(*rest, '\n');
    if (size == rest->size) {
        return false;
    }
    *out_line = span_of(rest->data, size);
    *rest = span_from(*rest, size + 1);
    return true;
}

/* printf("%.*s", SPAN_FMT(x)) */
#define SPAN_FMT(x) (int)(x).size, (x).data

#endif
