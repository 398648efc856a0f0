/* From a plan and its arguments to what the archive is asked: xFilter's half of best_index.h. */
#ifndef QUERY_SQL_FILTER_H
#define QUERY_SQL_FILTER_H

#include "query/sql/best_index.h"
#include "query/sql/scan.h"

enum { FILTER_MATCHES_MAX = 8 };

struct filter {
    struct query *query; /* owns the predicates of the plan */
    struct query *matches[FILTER_MATCHES_MAX];
    size_t n_matches;
    struct scan_wish wish;
    bool none; /* no event can satisfy it */
};

/* Values are the plan's arguments, in its order; text of theirs never becomes query text, except
 * that of MATCH. ERR_USAGE: MATCH is wrong. filter_fini after OK. */
MUST_USE enum status filter_make(const struct columns *columns, const char *plan,
                                 sqlite3_value **values, int n_values, struct filter *out_filter,
                                 struct err *err);
void filter_fini(struct filter *filter);

#endif
