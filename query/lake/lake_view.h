/* The view of lake_table.h as plain SQL. */
#ifndef QUERY_LAKE_LAKE_VIEW_H
#define QUERY_LAKE_LAKE_VIEW_H

#include "schema/base/buf.h"

/* A query that gives the table's rows, but for its beginning, "WITH lines AS (...), ": the lines
 * are a relation with the columns dt and raw, both text. Appended to out. */
void lake_view_plain(struct buf *out);

#endif
