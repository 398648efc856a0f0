/* Text of events on a terminal: what could move the cursor, change colours or turn the direction
 * of writing is shown as \xNN or \u{NNNN}, so that an event cannot paint on the screen. */
#ifndef QUERY_RENDER_TERMINAL_TEXT_H
#define QUERY_RENDER_TERMINAL_TEXT_H

#include "schema/base/buf.h"

/* Appends at most `columns` columns of text (SIZE_MAX: all); when it has to be cut the last one is
 * an ellipsis. Returns the columns used. */
size_t terminal_text_add(struct buf *out, struct span text, size_t columns);

#endif
