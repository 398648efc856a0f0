/* Made-up Teleport audit events, as the event handler sends them: one JSON object, keys sorted,
 * no spaces. The mix of event types, the number of distinct users, hosts and addresses and what
 * repeats within a session are like those of a busy cluster with enhanced session recording. The
 * same options give the same bytes. One generator per thread. */
#ifndef TESTS_BENCH_GENERATE_H
#define TESTS_BENCH_GENERATE_H

#include "schema/base/span.h"

struct generate_options {
    uint64_t seed;
    int64_t start_us;  /* time of the first event */
    int64_t span_us;   /* events are spread over this */
    int64_t events;    /* how many will be asked for: sets the pace; at least 1 */
    double late;       /* share of events that are older than their neighbours */
    bool random_order; /* times anywhere in the span instead of ascending */
};

struct generator;

/* NULL: out of memory. */
struct generator *generator_new(const struct generate_options *options);
void generator_free(struct generator *generator);

/* The next event without a newline; *out_uid (may be NULL) is its uid. Both live until the next
 * call. */
struct span generator_next(struct generator *generator, struct span *out_uid);

#endif
