/* What the verbs that search have in common: the query and the times on the command line, and the
 * words for people about them. */
#ifndef TOOLS_STELE_CLI_QUERY_ARGS_H
#define TOOLS_STELE_CLI_QUERY_ARGS_H

#include "query/search/day_iterator.h"
#include "schema/base/buf.h"
#include "tools/stele/cli/options.h"

/* The language of queries in a few lines, for --help. */
#define QUERY_ARGS_HELP                                                                            \
    "\nA query: word, \"two words\", begin*, *part*, field:value, field:(a OR b), field:[a TO "    \
    "b],\n"                                                                                        \
    "field:>a, field:*, ip:10.0.0.0/8; parts joined by AND (or nothing) and OR, NOT or - "         \
    "excludes.\n"                                                                                  \
    "and, or, not between parts, field=value and 198.51.100[.]77 are understood; see "             \
    "stele-query(7).\n"

/* --from and --to; NULL: open. */
MUST_USE enum status query_args_times(const char *from, const char *to, int64_t *out_from_us,
                                      int64_t *out_to_us, struct err *err);

/* The words of the command line, joined by spaces. */
void query_args_join(const struct options *options, struct buf *out);

/* Says on stderr what of a query was read otherwise than as plain words, a line each. */
void query_args_notes(const struct query *query);

/* Parses a query, and says its notes. On ERR_USAGE a terminal shows the query with a caret below
 * it. */
MUST_USE enum status query_args_parse_text(struct span text, struct query **out_query,
                                           struct err *err);
/* The same of the words of the command line (none: everything). */
MUST_USE enum status query_args_parse(const struct options *options, struct query **out_query,
                                      struct err *err);

/* Appends a value in quotes, as a query has it (stele-query(7)). */
void query_args_add_value(struct buf *query, struct span value);

#endif
