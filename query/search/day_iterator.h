/* The days of an archive, one after the other, each with what of the query is to be looked for in
 * it: the segment with the query made ready for it, and the events that still wait in the inbox.
 * A single segment file may stand in place of an archive's directory: a day's, or a copy's
 * (schema/copy/copy_case.h), whose events may be of any days. It counts as one day then, whatever
 * its times are. One thread. */
#ifndef QUERY_SEARCH_DAY_ITERATOR_H
#define QUERY_SEARCH_DAY_ITERATOR_H

#include "query/eval/plan.h"
#include "query/search/inbox_scan.h"

/* Called now and then in the thread that searches: how many thousandths of the days are done, and
 * how many events were looked at. */
typedef void day_iterator_progress(void *context, int64_t thousandths, int64_t events);

/* What to look for, and where. */
struct day_iterator_options {
    const char *path; /* an archive's directory, one day's file, or a copy */
    const struct query *query;
    int64_t from_us; /* event time, inclusive; INT64_MIN: open */
    int64_t to_us;   /* exclusive; INT64_MAX: open */
    bool oldest_first;
    unsigned threads;                /* 0: as many as there are cores */
    day_iterator_progress *progress; /* may be NULL */
    void *progress_context;
};

struct day_iterator_day {
    int64_t day_us;
    struct plan *plan; /* NULL: the day has no segment; owns its segment here */
    bool is_lent;      /* the plan is somebody else's */
    const struct inbox_scan_event **waiting; /* by time, ascending */
    size_t n_waiting;
};

struct day_iterator;

/* Reads the inbox. */
MUST_USE enum status day_iterator_open(const struct day_iterator_options *search,
                                       struct day_iterator **out_iterator, struct err *err);
/* NULL is fine. */
void day_iterator_close(struct day_iterator *iterator);

/* The bounds of time that the search and the query's own time: leaves give together. */
int64_t day_iterator_from_us(const struct day_iterator *iterator);
int64_t day_iterator_to_us(const struct day_iterator *iterator);

/* What is open now: the catalogue (NULL for a single file), and the plan of the day at hand (NULL
 * when it has no segment). */
struct archive *day_iterator_archive(const struct day_iterator *iterator);
struct plan *day_iterator_plan(const struct day_iterator *iterator);

/* Opens the next day; what the one before held is closed. OK with *out_end at the end. */
MUST_USE enum status day_iterator_next(struct day_iterator *iterator,
                                       struct day_iterator_day *out_day, bool *out_end,
                                       struct err *err);

/* The same in any order and by several threads (query/search/parallel_scan.h), instead of
 * day_iterator_next. */
const struct day_iterator_options *day_iterator_options_of(const struct day_iterator *iterator);
/* The days, in order. Owned by the iterator. */
const int64_t *day_iterator_days(const struct day_iterator *iterator, size_t *out_count);
/* The file of day number i: days of the same merged file have the same number, which is one of a
 * day. */
size_t day_iterator_day_file(const struct day_iterator *iterator, size_t i);
/* Opens a day: a plan that belongs to the calling thread, with the day's blocks selected; NULL when
 * there is no segment. *plan: what is open, or NULL; it is used again when its file has the day,
 * and closed otherwise. With the leaves of a plan of the same file: one more handle, which shares
 * them; NULL when the file is not the one that they are of. Any thread. */
MUST_USE enum status day_iterator_day_plan(const struct day_iterator *iterator, int64_t day_us,
                                           struct plan_leaves *leaves, struct plan **plan,
                                           struct err *err);
/* Closes such a plan with its segment; NULL is fine. */
void day_iterator_plan_close(struct plan *plan);
/* Whether its file has several days. */
bool day_iterator_plan_is_merged(const struct plan *plan);
/* The segment of a day of an archive at `path`, or the file itself; NULL when the day has none:
 * only the inbox has events of it, or it has just been deleted. Any thread. */
MUST_USE enum status day_iterator_segment_open(const char *path, bool is_file, int64_t day_us,
                                               struct segment **out_segment, struct err *err);
/* What waits of the day and is not in the plan's segment (NULL: none). Any thread. free() it. */
MUST_USE enum status day_iterator_day_waiting(const struct day_iterator *iterator, int64_t day_us,
                                              struct plan *plan,
                                              const struct inbox_scan_event ***out_events,
                                              size_t *out_count, struct err *err);
/* Closes and frees what the day holds, which is empty then. */
void day_iterator_day_close(struct day_iterator_day *day);
/* Notes what fields the day has. One thread at a time. */
void day_iterator_note(struct day_iterator *iterator, struct plan *plan);
/* Makes this the day at hand, as day_iterator_next does; the iterator owns it from now on. */
void day_iterator_hold(struct day_iterator *iterator, const struct day_iterator_day *day);

/* The field of a leaf that no event seen so far has; NULL when there is none, or no event
 * was looked at at all. Lives as long as the query. */
const struct predicate *day_iterator_unknown_field(const struct day_iterator *iterator,
                                                   size_t from_leaf);

/* Names of the fields of the newest segments, for a "did you mean"; `each` is called with each
 * (some more than once). */
MUST_USE enum status day_iterator_field_names(const struct day_iterator *iterator,
                                              void (*each)(void *context, struct span name),
                                              void *context, struct err *err);

#endif
