/* Patterns with stars. */
#ifndef QUERY_LANGUAGE_GLOB_H
#define QUERY_LANGUAGE_GLOB_H

#include "schema/base/span.h"

/* True when all of text has the pattern's form: a star stands for any bytes, or none. Linear in
 * text times pattern at worst; no recursion. */
bool glob_match(struct span pattern, struct span text);

#endif
