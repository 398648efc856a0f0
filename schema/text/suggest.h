/* The name a person probably meant. */
#ifndef SCHEMA_TEXT_SUGGEST_H
#define SCHEMA_TEXT_SUGGEST_H

#include <stddef.h>

/* The one of `count` names that takes the fewest edits to become `word`; NULL when none is near
 * (more than a third of the word, at least 2 edits, or a word of over 64 bytes). */
const char *suggest_name(const char *word, const char *const *names, size_t count);

#endif
