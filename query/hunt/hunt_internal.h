/* What each thread of a hunt finds for itself, and how it is put together. */
#ifndef QUERY_HUNT_HUNT_INTERNAL_H
#define QUERY_HUNT_HUNT_INTERNAL_H

#include "query/hunt/hunt_run.h"
#include "query/render/event_summary.h"
#include "query/search/parallel_scan.h"
#include "schema/base/index_table.h"
#include "schema/base/lock.h"
#include "schema/base/vec.h"

/* What an event has of an indicator. */
struct hunt_indicator_match {
    size_t indicator;
    uint32_t composite;   /* of a pattern: the one that holds, + 1 */
    bool decoded;         /* there only in base64, percent-encoded or behind escaped slashes */
    uint32_t warninglist; /* that all of it is on, + 1; 0: some of it is on none */
    struct span field;    /* where it was seen first: of what is on none, if there is any */
    struct span value;
    struct hunt_names fields;
};

/* What one event has, each indicator once. */
struct hunt_matches {
    VEC(struct hunt_indicator_match) items;
    struct index_table table; /* of the items, by indicator */
};

/* The indicator's, added when it is new; NULL: out of memory. Lives until the next call. */
struct hunt_indicator_match *hunt_matches_of(struct hunt_matches *matches, size_t indicator,
                                             bool *out_new);
/* NULL: the event does not have it. */
struct hunt_indicator_match *hunt_matches_get(const struct hunt_matches *matches, size_t indicator);
/* Forgets the event. */
void hunt_matches_clear(struct hunt_matches *matches);
void hunt_matches_fini(struct hunt_matches *matches);

/* Hits by indicator and warninglist. */
struct hunt_hits {
    VEC(struct hunt_hit) items;
    struct index_table table; /* of the items, by both */
    struct arena arena;       /* of the names */
};

/* The hit of an indicator, added when it is new. NULL: out of memory. */
struct hunt_hit *hunt_hits_of(struct hunt_hits *hits, size_t indicator, uint32_t warninglist);
MUST_USE bool hunt_hits_merge(struct hunt_hits *into, const struct hunt_hits *from);
/* Moves what was found into the result, sorted. */
void hunt_hits_end(struct hunt_hits *hits, struct hunt_result *out);
void hunt_hits_fini(struct hunt_hits *hits);
/* Empty names are left out. */
MUST_USE bool hunt_names_add(struct hunt_names *names, struct span name, struct arena *arena);

struct hunt_part {
    int64_t day_us;
    int64_t block; /* INT64_MAX: an event of the inbox */
    struct digest sha256;
};

/* What was looked at. */
struct hunt_coverage_builder {
    VEC(struct hunt_part) parts;
    int64_t events;
    int64_t waiting;
    int64_t first_us;
    int64_t last_us;
};

MUST_USE bool hunt_coverage_add(struct hunt_coverage_builder *coverage, int64_t day_us,
                                int64_t block, const struct digest *sha256);
/* Counts events, of which the first and the last have these times. */
void hunt_coverage_times(struct hunt_coverage_builder *coverage, int64_t events, int64_t first_us,
                         int64_t last_us);
MUST_USE bool hunt_coverage_merge(struct hunt_coverage_builder *into,
                                  const struct hunt_coverage_builder *from);
MUST_USE bool hunt_coverage_end(struct hunt_coverage_builder *coverage, struct hunt_coverage *out);
void hunt_coverage_fini(struct hunt_coverage_builder *coverage);

/* The work of one thread. */
struct hunt_pass {
    struct hunt *hunt;
    struct observable_scanner scanner;
    struct observable_lookup lookup;
    struct hunt_hits hits;
    struct hunt_coverage_builder coverage;
    struct hunt_matches matches;         /* of the event at hand */
    const struct observable *observable; /* of it */
    uint32_t warninglist;                /* of that, + 1; UINT32_MAX: not looked up yet */
    bool failed;
};

struct hunt {
    const struct indicator_set *set;
    const struct hunt_options *options;
    struct lock lock; /* of each */
    struct hunt_pass *passes[PARALLEL_SCAN_WORKERS_MAX];
};

/* Looks at one event: nothing of another one matters to what is found. */
MUST_USE enum status hunt_event_match(struct hunt_pass *pass, const struct event *event,
                                      struct err *err);

#endif
