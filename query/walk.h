/* The days of an archive, one after the other, each with what of the query is to be looked for in
 * it: the segment with the query made ready for it, and the events that still wait in the inbox.
 * A single segment file may stand in place of an archive's directory. One thread. */
#ifndef QUERY_WALK_H
#define QUERY_WALK_H

#include "query/plan.h"
#include "query/waiting.h"

/* What to look for, and where. */
struct search {
    const char *path; /* an archive's directory, or one day's file */
    const struct query *query;
    int64_t from_us; /* event time, inclusive; INT64_MIN: open */
    int64_t to_us;   /* exclusive; INT64_MAX: open */
    bool oldest_first;
};

struct walk_day {
    int64_t day_us;
    struct plan *plan;                    /* NULL: the day has no segment */
    const struct waiting_event **waiting; /* by time, ascending */
    size_t n_waiting;
};

struct walk;

/* Reads the inbox. */
MUST_USE enum status walk_open(const struct search *search, struct walk **out_walk,
                               struct err *err);
/* NULL is fine. */
void walk_close(struct walk *walk);

/* The bounds of time that the search and the query's own time: leaves give together. */
int64_t walk_from_us(const struct walk *walk);
int64_t walk_to_us(const struct walk *walk);

/* What is open now: the catalogue (NULL for a single file), and the plan of the day at hand (NULL
 * when it has no segment). */
struct archive *walk_archive(const struct walk *walk);
struct plan *walk_plan(const struct walk *walk);

/* Opens the next day; what the one before held is closed. OK with *out_end at the end. */
MUST_USE enum status walk_next(struct walk *walk, struct walk_day *out_day, bool *out_end,
                               struct err *err);

/* The field of a leaf that no event seen by this walk has; NULL when there is none, or no event
 * was looked at at all. Lives as long as the query. */
const struct predicate *walk_unknown_field(const struct walk *walk, size_t from_leaf);

/* Names of the fields of the newest segments, for a "did you mean"; `each` is called with each
 * (some more than once). */
MUST_USE enum status walk_field_names(const struct walk *walk,
                                      void (*each)(void *context, const char *name), void *context,
                                      struct err *err);

#endif
