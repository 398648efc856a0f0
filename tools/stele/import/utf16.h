/* Files of UTF-16 (PowerShell's redirection, exports of Windows tools) as UTF-8, piece by piece.
 * Pure. */
#ifndef TOOLS_STELE_IMPORT_UTF16_H
#define TOOLS_STELE_IMPORT_UTF16_H

#include "schema/base/buf.h"

enum utf16_order { UTF16_NONE, UTF16_LITTLE, UTF16_BIG };

/* By the byte order mark, or by a brace or a bracket with a zero byte beside it. */
enum utf16_order utf16_detect(struct span start);

/* Appends text as UTF-8, without a byte order mark in front; lone surrogates are U+FFFD. Bytes of a
 * unit or a pair that is not all there are left: returns how many were taken. end: nothing follows
 * (what is left then is U+FFFD). */
size_t utf16_read(struct span text, enum utf16_order order, bool end, struct buf *out);

#endif
