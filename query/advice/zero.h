/* Why nothing was found: what of the question no event can satisfy, and what was searched. */
#ifndef QUERY_ADVICE_ZERO_H
#define QUERY_ADVICE_ZERO_H

#include "query/aggregate/aggregate.h"
#include "query/hunt/hunt_run.h"

/* What was asked, and found nothing. */
struct zero_question {
    const char *path; /* of the archive, a day's file or a copy */
    const struct query *query;
    int64_t from_us; /* as in struct day_iterator_options */
    int64_t to_us;
    struct span fields[TUPLE_COUNT_PARTS_MAX]; /* whose values were to be counted */
    size_t n_fields;
};

/* Appends lines, each with a newline and fit for a terminal: what was searched as words and means
 * something in another language, fields and types that no event has, parts that exclude one
 * another, ranges that are empty or lie outside of the archive. None: it is a plain 0. Reads the
 * archive anew; starts threads that have ended on return. */
MUST_USE enum status zero_advise(const struct zero_question *question, struct buf *out,
                                 struct err *err);

/* What of the archive the question was asked of: its range of time. hunt_fini frees it. */
MUST_USE enum status zero_coverage(const struct zero_question *question,
                                   struct hunt_result *out_result, struct err *err);

#endif
