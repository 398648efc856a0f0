/* Numbers as text. */
#ifndef QUERY_LANGUAGE_NUMBER_H
#define QUERY_LANGUAGE_NUMBER_H

#include "schema/base/span.h"

enum { NUMBER_TEXT_BYTES = 40 };

/* Reads a decimal number (JSON's form; a leading + or zeros are let pass), all of text. */
bool number_read(struct span text, double *out_number);

/* The text that schema/event/event.h gives this number. Returns out. */
struct span number_text_of(double number, char out[NUMBER_TEXT_BYTES]);

/* True when text is just how schema/event/event.h writes a number (so "1.10" and "007" are not). */
bool number_is_plain(struct span text, double *out_number);

#endif
