/* What `stele search` prints instead of events: counts, on stdout. */
#ifndef TOOLS_STELE_VERBS_SEARCH_NUMBERS_H
#define TOOLS_STELE_VERBS_SEARCH_NUMBERS_H

#include "query/aggregate/aggregate.h"
#include "tools/stele/cli/progress.h"
#include "tools/stele/cli/row_output.h"

struct search_numbers {
    struct day_iterator *iterator; /* must be new */
    const struct options *options;
    struct progress *progress; /* wiped before anything is printed */
    int64_t limit;             /* of top; 0: all */
    int64_t bucket_us;         /* of histogram; 0: a round one */
    const char *fields;        /* of top and distinct, commas between */
    int64_t found;             /* afterwards; 0: nothing was found */
};

/* The names with commas between them; 0: an empty one, or too many. */
size_t search_numbers_fields(const char *text, struct span fields[TUPLE_COUNT_PARTS_MAX]);

MUST_USE enum status search_numbers_count(struct search_numbers *numbers, struct err *err);
MUST_USE enum status search_numbers_histogram(struct search_numbers *numbers, struct err *err);
MUST_USE enum status search_numbers_top(struct search_numbers *numbers, struct err *err);
MUST_USE enum status search_numbers_distinct(struct search_numbers *numbers, struct err *err);

#endif
