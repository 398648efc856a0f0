/* Candidates decided by their bytes, where no index can say. */
#ifndef QUERY_EVAL_RECHECK_H
#define QUERY_EVAL_RECHECK_H

#include "query/eval/block_view.h"
#include "query/eval/prefilter.h"

/* Sets in *map those candidates of the view's block that satisfy the predicate (match_predicate);
 * prefilter is prefilter_of it. One thread. */
MUST_USE enum status recheck_candidates(const struct predicate *predicate,
                                        const struct prefilter *prefilter, struct block_view *view,
                                        const struct bitmap *candidates, struct bitmap *map,
                                        struct err *err);

#endif
