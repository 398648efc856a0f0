/* Which classes of bytes a text has: told in one pass, so that the text is asked only to be what it
 * can be. */
#ifndef QUERY_IOC_TEXT_BYTES_H
#define QUERY_IOC_TEXT_BYTES_H

#include "schema/base/span.h"

enum text_bytes {
    HAS_DIGIT = 1 << 0,
    HAS_HEX = 1 << 1,    /* a to f, either case */
    HAS_LETTER = 1 << 2, /* g to z, either case */
    HAS_DOT = 1 << 3,
    HAS_DASH = 1 << 4,
    HAS_UNDERSCORE = 1 << 5,
    HAS_COLON = 1 << 6,
    HAS_SLASH = 1 << 7,
    HAS_AT = 1 << 8,
    HAS_PERCENT = 1 << 9,
    HAS_OPEN = 1 << 10,  /* [ ( { */
    HAS_CLOSE = 1 << 11, /* ] ) } */
    HAS_BACKSLASH = 1 << 12,
    HAS_EQUALS = 1 << 13,
    HAS_HASH = 1 << 14,   /* # */
    HAS_BLANK = 1 << 15,  /* space, tab */
    HAS_COMMA = 1 << 16,  /* , ; */
    HAS_BAR = 1 << 17,    /* | */
    HAS_QUOTE = 1 << 18,  /* ' */
    HAS_MARKUP = 1 << 19, /* " ` < > */
    HAS_CONTROL = 1 << 20,
    HAS_WIDE = 1 << 21, /* beyond ASCII */
    HAS_OTHER = 1 << 22,

    /* What no guessed value has. */
    HAS_NEVER = HAS_BLANK | HAS_BAR | HAS_MARKUP | HAS_CONTROL,
    /* What names of hosts, addresses (IPv4) and hashes are made of. */
    HAS_OF_NAMES = HAS_DIGIT | HAS_HEX | HAS_LETTER | HAS_DOT | HAS_DASH | HAS_UNDERSCORE,
    /* What stands between two values, or around one. */
    HAS_BETWEEN = HAS_BLANK | HAS_COMMA | HAS_BAR | HAS_QUOTE | HAS_MARKUP | HAS_EQUALS,
};

extern const uint32_t text_byte_classes[256];

static inline unsigned text_bytes(struct span text)
{
    unsigned has = 0;
    for (size_t i = 0; i < text.size; i++) {
        has |= text_byte_classes[(unsigned char)text.data[i]];
    }
    return has;
}

/* None but these. */
static inline bool text_bytes_only(unsigned has, unsigned of)
{
    return (has & ~of) == 0;
}

#endif
