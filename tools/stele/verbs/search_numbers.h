/* What `stele search` prints instead of events: counts, on stdout. */
#ifndef TOOLS_STELE_VERBS_SEARCH_NUMBERS_H
#define TOOLS_STELE_VERBS_SEARCH_NUMBERS_H

#include "query/aggregate/aggregate.h"
#include "query/render/render.h"

struct search_numbers_options {
    enum render_form form;
    int64_t limit;      /* of top; 0: all */
    int64_t bucket_us;  /* of histogram; 0: a round one */
    const char *fields; /* of top and distinct, commas between */
};

/* The walk must be new. *out_found is 0 when nothing was found. */
MUST_USE enum status search_numbers_count(struct day_iterator *iterator, int64_t *out_found,
                                          struct err *err);
MUST_USE enum status search_numbers_histogram(const struct search_numbers_options *options,
                                              struct day_iterator *iterator, int64_t *out_found,
                                              struct err *err);
MUST_USE enum status search_numbers_top(const struct search_numbers_options *options,
                                        struct day_iterator *iterator, int64_t *out_found,
                                        struct err *err);
MUST_USE enum status search_numbers_distinct(const struct search_numbers_options *options,
                                             struct day_iterator *iterator, int64_t *out_found,
                                             struct err *err);

#endif
