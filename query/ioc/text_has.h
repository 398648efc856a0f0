/* Which classes of bytes a text has: told in one pass, so that the text is asked only to be what it
 * can be. */
#ifndef QUERY_IOC_TEXT_HAS_H
#define QUERY_IOC_TEXT_HAS_H

#include "schema/base/span.h"

enum text_has {
    TEXT_HAS_DIGIT = 1 << 0,
    TEXT_HAS_HEX = 1 << 1,    /* a to f, either case */
    TEXT_HAS_LETTER = 1 << 2, /* g to z, either case */
    TEXT_HAS_DOT = 1 << 3,
    TEXT_HAS_DASH = 1 << 4,
    TEXT_HAS_UNDERSCORE = 1 << 5,
    TEXT_HAS_COLON = 1 << 6,
    TEXT_HAS_SLASH = 1 << 7,
    TEXT_HAS_AT = 1 << 8,
    TEXT_HAS_PERCENT = 1 << 9,
    TEXT_HAS_OPEN = 1 << 10,  /* [ ( { */
    TEXT_HAS_CLOSE = 1 << 11, /* ] ) } */
    TEXT_HAS_BACKSLASH = 1 << 12,
    TEXT_HAS_EQUALS = 1 << 13,
    TEXT_HAS_HASH = 1 << 14,   /* # */
    TEXT_HAS_BLANK = 1 << 15,  /* space, tab */
    TEXT_HAS_COMMA = 1 << 16,  /* , ; */
    TEXT_HAS_BAR = 1 << 17,    /* | */
    TEXT_HAS_QUOTE = 1 << 18,  /* ' */
    TEXT_HAS_MARKUP = 1 << 19, /* " ` < > */
    TEXT_HAS_CONTROL = 1 << 20,
    TEXT_HAS_WIDE = 1 << 21, /* beyond ASCII */
    TEXT_HAS_OTHER = 1 << 22,

    /* What no guessed value has. */
    TEXT_HAS_NEVER = TEXT_HAS_BLANK | TEXT_HAS_BAR | TEXT_HAS_MARKUP | TEXT_HAS_CONTROL,
    /* What names of hosts, addresses (IPv4) and hashes are made of. */
    TEXT_HAS_OF_NAMES = TEXT_HAS_DIGIT | TEXT_HAS_HEX | TEXT_HAS_LETTER | TEXT_HAS_DOT |
                        TEXT_HAS_DASH | TEXT_HAS_UNDERSCORE,
    /* What stands between two values, or around one. */
    TEXT_HAS_BETWEEN = TEXT_HAS_BLANK | TEXT_HAS_COMMA | TEXT_HAS_BAR | TEXT_HAS_QUOTE |
                       TEXT_HAS_MARKUP | TEXT_HAS_EQUALS,
};

extern const uint32_t text_has_class[256];

static inline unsigned text_has(struct span text)
{
    unsigned has = 0;
    for (size_t i = 0; i < text.size; i++) {
        has |= text_has_class[(unsigned char)text.data[i]];
    }
    return has;
}

/* None but these. */
static inline bool text_has_only(unsigned has, unsigned of)
{
    return (has & ~of) == 0;
}

#endif
