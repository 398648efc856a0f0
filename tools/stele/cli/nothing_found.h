/* What every verb says when nothing was found. */
#ifndef TOOLS_STELE_CLI_NOTHING_FOUND_H
#define TOOLS_STELE_CLI_NOTHING_FOUND_H

#include "query/advice/zero.h"

/* Prints the advice of query/advice on stderr, a line each; on a terminal it also says that nothing
 * was found and, with `coverage`, what was searched. Anything that fails meanwhile is left out: the
 * search itself succeeded. */
void nothing_found_say(const struct zero_question *question, bool coverage);
/* The same of a search's options. */
void nothing_found_in(const struct day_iterator_options *search);

#endif
