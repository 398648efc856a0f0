/* Bytes as lower-case hexadecimal digits. Any thread. */
#ifndef SCHEMA_TEXT_HEX_H
#define SCHEMA_TEXT_HEX_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* `size` bytes into out (2 * size + 1 bytes, with a NUL); returns out. */
const char *hex_encode(const void *bytes, size_t size, char *out);
/* Exactly 2 * size digits; false, and nothing written, when the text is anything else. */
MUST_USE bool hex_decode(struct span text, unsigned char *out, size_t size);

#endif
