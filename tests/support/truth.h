/* An archive whose every event is known, and queries about it: many blocks over several days, with
 * ids, forms, text, whole lines, duplicates, and events that still wait in the inbox (some
 * of which a segment holds already, as after a crash). */
#ifndef TESTS_SUPPORT_TRUTH_H
#define TESTS_SUPPORT_TRUTH_H

#include "query/search/day_iterator.h"
#include "schema/file/file.h"
#include "tests/support/audit_world.h"

enum { TRUTH_DAYS = 3, TRUTH_ROUNDS = 26, TRUTH_ROUND_EVENTS = 85 };
enum { TRUTH_EVENTS_MAX = TRUTH_ROUNDS * TRUTH_ROUND_EVENTS };

#define TRUTH_DAY_US     INT64_C(1763596800000000) /* 2025-11-20 */
#define TRUTH_ARRIVAL_US (TRUTH_DAY_US + TRUTH_DAYS * CLOCK_DAY_US - 1000000)

/* All events, each once, as the archive is to see them. */
struct truth {
    struct arena arena;
    struct event events[TRUTH_EVENTS_MAX];
    bool wanted[TRUTH_EVENTS_MAX];
    size_t count;
    char dir[FILE_PATH_BYTES];
};

extern struct truth truth;

/* Appends one event, without a newline, of the day that begins at day_us. */
typedef void truth_event(struct dice *dice, int64_t day_us, struct buf *out);

/* Makes the archive in a fresh directory and fills `truth`. Exits the program when it cannot. */
void truth_make(void);
/* The same of other events than world_event's. */
void truth_make_of(truth_event *event, uint64_t seed);
void truth_remove(void);

/* Sets wanted[] by match_event; returns how many. */
size_t truth_mark(const struct day_iterator_options *search);

/* A search of all of the archive. */
struct day_iterator_options truth_search(const struct query *query);

/* A random query about values that events have. */
void truth_query(struct dice *dice, struct buf *out);

#endif
