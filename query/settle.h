/* Candidates decided by their bytes, where no index can say. */
#ifndef QUERY_SETTLE_H
#define QUERY_SETTLE_H

#include "query/block_view.h"
#include "query/needle.h"

/* Sets in *map those candidates of the view's block that satisfy the predicate (match_predicate);
 * needle is needle_of it. One thread. */
MUST_USE enum status settle_candidates(const struct predicate *predicate,
                                       const struct needle *needle, struct block_view *view,
                                       const struct bitmap *candidates, struct bitmap *map,
                                       struct err *err);

#endif
