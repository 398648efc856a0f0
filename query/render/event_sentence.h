/* What was done, in a sentence of the event's values: "Ran on shop-2 as deploy: id". */
#ifndef QUERY_RENDER_EVENT_SENTENCE_H
#define QUERY_RENDER_EVENT_SENTENCE_H

#include "schema/base/buf.h"
#include "schema/event/event.h"

/* Appends the sentence of the event's type, at most so many bytes of it and an ellipsis when it is
 * cut; nothing for an event that says nothing. Values stand in it as they came: for a terminal it
 * has to go through terminal_text_add. Any thread. */
void event_sentence_add(struct buf *out, const struct event *event, size_t max);

/* The same by a template:
 *   {a|b}   the first value of the first of these fields that has one, or ?
 *   [ ... ] left out when a field in it has no value; nested up to 4 deep
 *   {a:F}   the value in the form F:
 *     list   all values of the field, commas between; words: blanks between
 *     bytes  a number of bytes, the sum when there are several: "18.4 MiB"
 *     mode   permissions as an octal number
 *     time   to the second; a time that is not set is no value
 *     since B  the time that passed from the time in field B to this one: "2 min 48.2 s"
 *     plain  lower case, blanks for _ and dots
 *     thing  the same without the part behind the last dot; did, do: that part as a verb
 *     if     shows nothing, but must be there
 * All else stands for itself. */
void event_sentence_fill(struct buf *out, const struct event *event, const char *template,
                         size_t max);

#endif
