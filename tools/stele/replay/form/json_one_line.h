/* An event's bytes as one line. An archive keeps what came, and what came may have line breaks
 * between tokens, and in strings what JSON does not allow there. Pure. */
#ifndef TOOLS_STELE_REPLAY_FORM_JSON_ONE_LINE_H
#define TOOLS_STELE_REPLAY_FORM_JSON_ONE_LINE_H

#include "schema/base/buf.h"

/* Appends the object with each newline made harmless (a space between tokens, \n in a string) and
 * every other byte as it is. */
void json_one_line_add(struct span raw, struct buf *out);

/* The same as strict JSON (RFC 8259) in UTF-8: control characters are spaces between tokens and
 * \u00XX in strings, bytes that are not UTF-8 are U+FFFD. For receivers that would refuse it
 * otherwise. */
void json_one_line_strict(struct span raw, struct buf *out);

#endif
