/* stele search --explain-sql: the query as SQL for an engine, over the table of `stele lake ddl`.
 */
#ifndef TOOLS_STELE_VERBS_SEARCH_LAKE_H
#define TOOLS_STELE_VERBS_SEARCH_LAKE_H

#include "query/lake/lake_select.h"
#include "query/lake/lake_table.h"

/* Prints the statement for the engine of that name; select->engine and table NULL are filled in.
 * ERR_USAGE: no such engine, a bad name for a table, or a leaf that cannot be said. */
MUST_USE enum status search_lake_print(const char *engine, struct lake_select select,
                                       struct err *err);

#endif
