/* Bytes as ASCII, whatever the locale. Bytes above 0x7f are in no class and stay as they are. */
#ifndef SCHEMA_TEXT_ASCII_H
#define SCHEMA_TEXT_ASCII_H

#include "schema/base/span.h"

/* What JSON calls white space. */
static inline bool ascii_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The value of a hexadecimal digit of either case, -1 for any other byte. */
static inline int ascii_hex_digit(char c)
{
    char lower = ascii_lower(c);
    return ascii_is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* At least one digit, and nothing else. */
static inline bool ascii_all_digits(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!ascii_is_digit(text.data[i])) {
            return false;
        }
    }
    return text.size > 0;
}

/* The number that the text, digits and nothing else, is; false: it is none, or too large. */
static inline bool ascii_read_number(struct span text, int64_t *out_number)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!ascii_is_digit(text.data[i]) || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number)) {
            return false;
        }
    }
    *out_number = number;
    return text.size > 0;
}

/* Letters, digits and bytes of `extra` (a string), and nothing else. */
static inline bool ascii_all_name(struct span text, const char *extra)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!ascii_is_letter(c) && !ascii_is_digit(c) && !memchr(extra, c, strlen(extra))) {
            return false;
        }
    }
    return true;
}

/* Printable and no space: what may stand in a header or a URL. */
static inline bool ascii_all_visible(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 127) {
            return false;
        }
    }
    return true;
}

/* The text without bytes of `set` (a string) behind it; at both ends. */
static inline struct span ascii_trim_end(struct span text, const char *set)
{
    while (text.size > 0 && memchr(set, text.data[text.size - 1], strlen(set))) {
        text.size--;
    }
    return text;
}

static inline struct span ascii_trim(struct span text, const char *set)
{
    while (text.size > 0 && memchr(set, text.data[0], strlen(set))) {
        text = span_from(text, 1);
    }
    return ascii_trim_end(text, set);
}

/* The text without blanks and control characters, bytes up to 0x20, in front; at both ends. */
static inline struct span ascii_skip_blanks(struct span text)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ') {
        text = span_from(text, 1);
    }
    return text;
}

static inline struct span ascii_trim_blanks(struct span text)
{
    while (text.size > 0 && (unsigned char)text.data[text.size - 1] <= ' ') {
        text.size--;
    }
    return ascii_skip_blanks(text);
}

#endif
