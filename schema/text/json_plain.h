/* Where the plain text of a JSON string ends: at a quote, a backslash or a control character. Many
 * bytes at a time, as all that is imported passes here twice. Pure; any thread. */
#ifndef SCHEMA_TEXT_JSON_PLAIN_H
#define SCHEMA_TEXT_JSON_PLAIN_H

#include <endian.h>

#include "schema/base/span.h"

#ifdef __SSE2__
#include <emmintrin.h>

/* A bit for each of the bytes that is not plain. */
static inline unsigned json_plain_bits(const char *data)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}
enum { JSON_PLAIN_STEP = 16, JSON_PLAIN_BITS = 1 };
#else
/* The high bit of the first byte that is not plain, and perhaps of some behind it ("Bit Twiddling
 * Hacks": a byte below n, a byte that is zero). */
static inline uint64_t json_plain_bits(const char *data)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, data, sizeof word);
    word = le64toh(word);
    uint64_t quote = word ^ ones * '"';
    uint64_t backslash = word ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
            ((word - ones * 0x20) & ~word)) &
           ones << 7;
}
enum { JSON_PLAIN_STEP = 8, JSON_PLAIN_BITS = 8 };
#endif

static inline bool json_plain_is(char c)
{
    return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

/* The first byte from `at` on that is not plain; text.size when all are. */
static inline size_t json_plain_end(struct span text, size_t at)
{
    for (; at + JSON_PLAIN_STEP <= text.size; at += JSON_PLAIN_STEP) {
        uint64_t bits = json_plain_bits(text.data + at);
        if (bits) {
            return at + (size_t)__builtin_ctzll(bits) / JSON_PLAIN_BITS;
        }
    }
    while (at < text.size && json_plain_is(text.data[at])) {
        at++;
    }
    return at;
}

#endif
