/* What hunters find, each for itself, and how it is put together. */
#ifndef QUERY_HUNT_HUNT_INTERNAL_H
#define QUERY_HUNT_HUNT_INTERNAL_H

#include "query/hunt/hunt_run.h"
#include "query/summary.h"
#include "query/sweep.h"
#include "schema/base/lock.h"

/* The event that a hit was seen in last. */
struct hunt_last {
    int64_t serial;
    bool decoded; /* and there in base64 only */
};

/* Hits by indicator: the table holds indices into `hits`, + 1. */
struct hunt_tally {
    struct hunt_hit *hits;
    struct hunt_last *last; /* beside each hit */
    size_t count;
    size_t capacity;
    uint32_t *table;
    size_t table_size;
    struct arena arena;
};

/* The hit of an indicator, for the event with this serial; counts the event once (*out_first).
 * NULL: out of memory. */
struct hunt_hit *hunt_tally_of(struct hunt_tally *tally, size_t indicator, int64_t serial,
                               bool decoded, bool *out_first);
MUST_USE bool hunt_tally_merge(struct hunt_tally *into, const struct hunt_tally *from);
/* Moves what was found into the result, sorted. */
void hunt_tally_end(struct hunt_tally *tally, struct hunt_result *out);
void hunt_tally_fini(struct hunt_tally *tally);
/* Empty names are left out. */
MUST_USE bool hunt_names_add(struct hunt_names *names, struct span name, struct arena *arena);

struct hunt_part {
    int64_t day_us;
    int64_t block; /* INT64_MAX: an event of the inbox */
    struct digest sha256;
};

/* What was looked at. */
struct hunt_seen {
    struct hunt_part *parts;
    size_t count;
    size_t capacity;
    int64_t events;
    int64_t waiting;
    int64_t first_us;
    int64_t last_us;
};

MUST_USE bool hunt_seen_add(struct hunt_seen *seen, int64_t day_us, int64_t block,
                            const struct digest *sha256);
/* Counts events, of which the first and the last have these times. */
void hunt_seen_times(struct hunt_seen *seen, int64_t events, int64_t first_us, int64_t last_us);
MUST_USE bool hunt_seen_merge(struct hunt_seen *into, const struct hunt_seen *from);
MUST_USE bool hunt_seen_end(struct hunt_seen *seen, struct hunt_coverage *out);
void hunt_seen_fini(struct hunt_seen *seen);

/* The work of one thread. */
struct hunter {
    struct hunt *hunt;
    struct observer observer;
    struct kept kept;
    struct hunt_tally tally;
    struct hunt_seen seen;
    int64_t serial; /* of the event at hand, from 1 */
    const struct event *event;
    struct summary summary;
    const struct observable *observable;
    bool failed;
};

struct hunt {
    const struct indicator_set *set;
    const struct hunt_options *options;
    struct lock lock; /* of each */
    struct hunter *hunters[SWEEP_WORKERS_MAX];
};

/* Looks at one event. */
MUST_USE enum status hunt_look(struct hunter *hunter, const struct event *event, struct err *err);
enum status hunt_nomem(struct err *err);

#endif
