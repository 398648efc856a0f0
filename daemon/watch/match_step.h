/* One step of a matcher: a day's blocks against lists, and what was found into watch.db together
 * with how far it went. One thread, and those of the hunt. */
#ifndef DAEMON_WATCH_MATCH_STEP_H
#define DAEMON_WATCH_MATCH_STEP_H

#include "daemon/watch/matcher.h"
#include "daemon/watch/watch_indicators.h"
#include "query/language/predicate.h"

struct query;

struct match_step {
    const struct matcher_options *options; /* of the matcher */
    struct query *query;                   /* every event */
    struct indicator_set *pending;         /* of the list whose old events were hunted last */
    int64_t pending_list;                  /* 0: none */
    int64_t pending_generation;

    /* set by the matcher before a round */
    struct watch_db *db;
    struct watch_indicators *sets; /* the lists; how far old events are hunted is noted there too */
    int64_t hits;                  /* new ones; steps add to it */
    bool stale; /* set by a step: the lists have changed meanwhile, and it has noted nothing */
};

MUST_USE enum status match_step_init(struct match_step *step, const struct matcher_options *options,
                                     struct err *err);
void match_step_fini(struct match_step *step);

/* The blocks behind `after`, up to reached->block at least, against all lists. ERR_STOPPED: asked
 * to. */
MUST_USE enum status match_step_new(struct match_step *step, const struct watch_day *reached,
                                    int64_t after, struct err *err);
/* All of the day against what is new in the list (its number in step->sets). day_us NULL: no day is
 * left, so the list is not behind any more; nor is it when nothing is new in it. */
MUST_USE enum status match_step_old(struct match_step *step, size_t list, const int64_t *day_us,
                                    struct err *err);

#endif
