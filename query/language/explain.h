/* A query in words: its parts as a tree, and for each how it is answered. */
#ifndef QUERY_LANGUAGE_EXPLAIN_H
#define QUERY_LANGUAGE_EXPLAIN_H

#include "query/language/ast.h"
#include "schema/base/buf.h"

/* Appends lines, indented by depth. A part that no index answers is called a scan. Text of the
 * query comes out as it was typed: make it visible before it goes to a terminal. */
void explain_query(const struct query *query, struct buf *out);

#endif
