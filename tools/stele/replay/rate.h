/* When an event is due: as fast as can be, with the gaps between the events' times (divided by a
 * factor), or evenly at so many a second. Pure: the caller gives the clock. */
#ifndef TOOLS_STELE_REPLAY_RATE_H
#define TOOLS_STELE_REPLAY_RATE_H

#include <stdint.h>

#include "schema/base/err.h"

enum rate_kind { RATE_MAX, RATE_SPEEDUP, RATE_PER_SECOND };

struct rate {
    enum rate_kind kind;
    double number; /* the factor, or events a second */

    /* where it is */
    int64_t begun_us; /* monotonic; 0: not begun */
    int64_t first_us; /* time of the first event */
    int64_t count;    /* events so far */
};

/* "max", "1x", "10x", "0.5x", "500/s", "0.2/s". ERR_USAGE. */
MUST_USE enum status rate_parse(const char *text, struct rate *out_pace, struct err *err);

/* The monotonic time at which the next event, of time_us, is due; at most now_us when it is due
 * already. Call once for each event. At a rate, at most a second's events are caught up with after
 * a stall; with a factor, all that is late is due at once. */
int64_t rate_due_us(struct rate *rate, int64_t time_us, int64_t now_us);

/* How long it takes for `count` events over span_us of their time; -1: as fast as can be. */
int64_t rate_length_us(const struct rate *rate, int64_t count, int64_t span_us);

#endif
