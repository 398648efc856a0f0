/* What `stele search` prints instead of events: counts, on stdout. */
#ifndef TOOLS_STELE_VERBS_SEARCH_NUMBERS_H
#define TOOLS_STELE_VERBS_SEARCH_NUMBERS_H

#include "query/aggregate/aggregate.h"
#include "query/render/render.h"

struct numbers_options {
    enum render_form form;
    int64_t limit;      /* of top; 0: all */
    int64_t bucket_us;  /* of histogram; 0: a round one */
    const char *fields; /* of top and distinct, commas between */
};

/* The walk must be new. *out_found is 0 when nothing was found. */
MUST_USE enum status numbers_count(struct walk *walk, int64_t *out_found, struct err *err);
MUST_USE enum status numbers_histogram(const struct numbers_options *options, struct walk *walk,
                                       int64_t *out_found, struct err *err);
MUST_USE enum status numbers_top(const struct numbers_options *options, struct walk *walk,
                                 int64_t *out_found, struct err *err);
MUST_USE enum status numbers_distinct(const struct numbers_options *options, struct walk *walk,
                                      int64_t *out_found, struct err *err);

#endif
