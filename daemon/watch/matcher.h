/* Matches an archive's blocks with the lists that are watched, in steps that are each one
 * transaction of watch.db: the hits of a day's new blocks and how far the day is looked at; or the
 * hits of a day for a list's new indicators. New blocks come first. What a crash cuts off is done
 * again, and gives each hit once (schema/watch/watch_db.h). One thread. */
#ifndef DAEMON_WATCH_MATCHER_H
#define DAEMON_WATCH_MATCHER_H

#include <stdatomic.h>

#include "schema/watch/watch_db.h"

struct matcher;

struct matcher_options {
    const char *dir;         /* the archive's */
    unsigned targets;        /* 1 << WATCH_WEBHOOK and so on: where hits are to go */
    unsigned threads;        /* 0: as many as there are cores */
    const atomic_bool *stop; /* may be NULL; ends what is under way, which is done again later */
    /* May be NULL: told in the middle of a round how many blocks have come and are not matched. */
    void (*on_left)(int64_t blocks);
};

struct matcher_report {
    int64_t indicators;
    int64_t steps;
    int64_t hits;   /* new ones */
    int64_t behind; /* lists whose old events are not all hunted */
    bool again;     /* there is more to do at once */
    struct err bad; /* a day that could not be looked at; status OK: none */
};

/* Opens nothing yet. The directory and `stop` must outlive the matcher. */
MUST_USE enum status matcher_new(const struct matcher_options *options,
                                 struct matcher **out_matcher, struct err *err);
/* NULL is fine. */
void matcher_free(struct matcher *matcher);

/* Has a list been changed since the last round, or added for the first time? Cheap. */
bool matcher_has_news(struct matcher *matcher);

/* All new blocks, then one step of old ones. OK when nothing is watched. */
MUST_USE enum status matcher_round(struct matcher *matcher, struct matcher_report *out_report,
                                   struct err *err);

/* Where the archive stands now, for watch_list_add; malloc'ed, free() it. */
MUST_USE enum status matcher_days_now(const char *dir, struct watch_day **out_days,
                                      size_t *out_count, struct err *err);

#endif
