/* Query text to tree. The grammar:
 *   query   = and { "OR" and }
 *   and     = unary { ["AND"] unary }
 *   unary   = ("NOT" | "-") unary | primary
 *   primary = "(" query ")" | value | field ":" (value | comparison | range | "(" query ")")
 * AND, OR and NOT are also read in lower case where they can hardly be words that are looked for:
 * `and` and `or` between two parts, `not` in front of a field or "(", or behind AND or OR.
 * name=value is read as query/language/understand.h says. The query's notes say so. Behind
 * "field:(" every value is the field's. Limits: QUERY_BYTES_MAX, QUERY_NODES_MAX, QUERY_DEPTH_MAX.
 */
#ifndef QUERY_LANGUAGE_PARSE_H
#define QUERY_LANGUAGE_PARSE_H

#include "query/language/ast.h"

/* An empty query is `*`. now_us: what relative times count from. Any thread. On ERR_USAGE the text
 * is one line that begins "query, character N: ", and *out_character (may be NULL) is N, counted
 * from 1 in characters, not bytes. */
MUST_USE enum status parse_query(struct span text, int64_t now_us, struct query **out_query,
                                 size_t *out_character, struct err *err);
/* The query field:"value", for a value that is given as such and not typed as a query. */
MUST_USE enum status parse_query_of_value(struct span field, struct span value,
                                          struct query **out_query, struct err *err);
/* NULL is fine. */
void parse_query_free(struct query *query);

#endif
