/* Showing where in a query something is wrong. */
#ifndef QUERY_LANGUAGE_ERROR_POSITION_H
#define QUERY_LANGUAGE_ERROR_POSITION_H

#include "schema/base/buf.h"

/* The number, from 1, of the character at byte offset `at`. */
size_t error_position_character(struct span text, size_t at);

/* The query and below it a caret under the character, two lines, for a terminal; with white space
 * and control characters as spaces. Appended to out. */
void error_position_mark(struct span text, size_t character, struct buf *out);

#endif
