/* Numbers instead of events: how many, when, and the most frequent values. The inbox is included.
 * The day iterator must be new; several threads work on it (query/search/parallel_scan.h), which
 * have ended on return. */
#ifndef QUERY_AGGREGATE_AGGREGATE_H
#define QUERY_AGGREGATE_AGGREGATE_H

#include "query/aggregate/tuple_count.h"
#include "query/search/search_run.h"

MUST_USE enum status aggregate_count(struct day_iterator *iterator, int64_t *out_count,
                                     struct err *err);

enum { AGGREGATE_BUCKETS_MAX = 100000, AGGREGATE_AUTO_BUCKETS = 60 };

/* Buckets one after the other from start_us, empty ones between included. */
struct aggregate_histogram {
    int64_t start_us;
    int64_t bucket_us;
    int64_t *counts;
    size_t n_buckets; /* 0: nothing was found */
    int64_t total;
};

/* bucket_us 0: a round one that gives at most AGGREGATE_AUTO_BUCKETS. Buckets begin at multiples of
 * their length since 1970 (weeks and the like, too). ERR_LIMIT: more than AGGREGATE_BUCKETS_MAX. */
MUST_USE enum status aggregate_histogram(struct day_iterator *iterator, int64_t bucket_us,
                                         struct aggregate_histogram *out_histogram,
                                         struct err *err);
void aggregate_histogram_fini(struct aggregate_histogram *histogram);

/* The values of one or more fields together, the most frequent first (ties by value). */
struct aggregate_top_row {
    int64_t count;
    struct span values[TUPLE_COUNT_PARTS_MAX];
};

struct aggregate_top {
    struct intern texts;            /* owns what values point to */
    struct aggregate_top_row *rows; /* the most frequent first, then by values */
    size_t n_rows;
    size_t n_values; /* how many rows there would be without a limit */
    size_t n_fields;
    int64_t events; /* that satisfied the query */
};

/* Fields by name, up to TUPLE_COUNT_PARTS_MAX; or actor, severity, day, hour. An event with several
 * values of a field counts once for each of them; one that lacks a field does not count. No more
 * than `limit` rows; 0: all. */
MUST_USE enum status aggregate_top(struct day_iterator *iterator, const struct span *fields,
                                   size_t n_fields, size_t limit, struct aggregate_top *out_top,
                                   struct err *err);
void aggregate_top_fini(struct aggregate_top *top);

/* How many rows aggregate_top would give: the distinct values of a field, or of several together.
 */
MUST_USE enum status aggregate_distinct(struct day_iterator *iterator, const struct span *fields,
                                        size_t n_fields, int64_t *out_count, struct err *err);

#endif
