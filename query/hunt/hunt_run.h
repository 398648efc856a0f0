/* A set of indicators against an archive: what is kept of each block's observables is looked up,
 * and the events that may have an indicator are then read from their bytes, which decide. Events
 * that wait in the inbox, and blocks with which nothing is kept, are read one by one. Several
 * threads work on it (query/search/parallel_scan.h), which have ended on return. */
#ifndef QUERY_HUNT_HUNT_RUN_H
#define QUERY_HUNT_HUNT_RUN_H

#include "query/hunt/warninglist.h"
#include "query/search/search_run.h"

enum { HUNT_NAMES_MAX = 16 };

/* Distinct names, sorted; `more` when there were over HUNT_NAMES_MAX (then these are some). */
struct hunt_names {
    struct span items[HUNT_NAMES_MAX];
    size_t count;
    bool more;
};

/* What was seen of an indicator. */
struct hunt_hit {
    size_t indicator;     /* its number in the set */
    uint32_t warninglist; /* that these hits are kept apart for, + 1; 0: none, they count */
    int64_t events;
    int64_t decoded; /* of them, those that had it inside of base64 only */
    int64_t first_us;
    int64_t last_us;
    struct hunt_names actors;
    struct hunt_names targets;
    struct hunt_names fields;
};

/* Days without an event, between days with events. */
struct hunt_gap {
    int64_t from_us;
    int64_t days;
};

/* What was looked at: so that "not seen" says something. */
struct hunt_coverage {
    int64_t events;
    int64_t waiting;  /* of them, in the inbox */
    int64_t days;     /* with events */
    int64_t first_us; /* times of the first and last event; with events > 0 */
    int64_t last_us;
    struct hunt_gap *gaps;
    size_t n_gaps;
    int64_t quarantined;  /* malformed records set aside: not looked at */
    struct digest sha256; /* over the digests of the blocks and of the waiting events, by day */
};

struct hunt_result {
    struct hunt_hit *hits; /* by number of events, most first; ties by indicator, warninglist */
    size_t n_hits;
    struct hunt_coverage coverage;
    struct arena arena; /* of the names */
};

/* Where a part of a pattern was seen. */
struct hunt_match {
    const struct indicator *indicator;
    struct span field;
    struct span value;
};

/* Called with every event that has an indicator, under a lock; the spans live until it returns. */
struct hunt_event {
    const struct indicator *indicator;
    struct span field; /* where it was seen first; of a pattern: its first part */
    struct span value;
    bool decoded;
    uint32_t warninglist;           /* + 1; 0: none */
    const struct hunt_match *parts; /* of a pattern */
    size_t n_parts;
    const struct event *event;
};
typedef void hunt_each(void *context, const struct hunt_event *hit);

/* A hit is suppressed when its indicator is on a warninglist, or all that the event has of it is; a
 * pattern, when all of its parts are. */
struct hunt_options {
    const struct warninglist_set *warninglists; /* judged (warninglist_judge); may be NULL */
    hunt_each *each;                            /* may be NULL */
    /* May be NULL; else only blocks after this one of the day are looked at (0: all of them), and
     * nothing that waits in the inbox. Called from any thread. */
    int64_t (*after_block)(void *context, int64_t day_us);
    void *context; /* of both */
};

/* The iterator must be new; its query says which events are looked at. The result is filled on
 * success; hunt_fini frees it. */
MUST_USE enum status hunt_run(struct day_iterator *iterator, const struct indicator_set *set,
                              const struct hunt_options *options, struct hunt_result *out_result,
                              struct err *err);
void hunt_fini(struct hunt_result *result);

#endif
