/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SCHEMA_BASE_UTF8_H
#define SCHEMA_BASE_UTF8_H

#include "schema/base/span.h"

/* Length of the code point at the start of text (1-4), or 0 when it is not valid UTF-8. */
size_t utf8_decode(struct span text, uint32_t *out_point);

/* True when all of text is valid; else *out_bad (may be NULL) is the offset of the first bad byte.
 */
bool utf8_valid(struct span text, size_t *out_bad);

/* Writes a code point; returns the number of bytes (1-4). Room for 4 is needed. */
size_t utf8_encode(uint32_t point, char *out);

/* The simple lower case of a letter: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic. Others
 * stand for themselves. Never needs more bytes than the capital did. */
uint32_t utf8_lower(uint32_t point);

/* Appends the lower case of text to out (which has room for text.size bytes); returns the size.
 * Bytes that are not UTF-8 are copied as they are. */
size_t utf8_lower_copy(struct span text, char *out);

#endif
