/* What of a query's text another language would mean, while here it was searched as words: said
 * when nothing was found. Pure. */
#ifndef QUERY_ADVICE_FOREIGN_H
#define QUERY_ADVICE_FOREIGN_H

#include "query/language/ast.h"
#include "schema/base/buf.h"

enum { FOREIGN_LINES_MAX = 3 };

/* Appends lines, each with a newline and fit for a terminal: what of query->text was searched as
 * words, and how it is written. At most FOREIGN_LINES_MAX, in the order of the query; each kind of
 * advice once. What the query's notes say was understood is not said again. Returns how many. Any
 * thread. */
size_t foreign_advise(const struct query *query, struct buf *out);

#endif
