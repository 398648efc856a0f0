/* Questions to the ledger by the time of events: which objects have events of that time, and what
 * of it is in none. Read by anybody, beside a running daemon or without one. */
#ifndef DAEMON_SHIP_SHIP_LEDGER_H
#define DAEMON_SHIP_SHIP_LEDGER_H

#include "schema/archive/ledger.h"

struct ship_ledger_query {
    const char *archive_dir;
    const char *target; /* canonical URL of the configured target; NULL: none */
    int64_t from_us;    /* event time, inclusive; INT64_MIN: open */
    int64_t to_us;      /* exclusive; INT64_MAX: open */
};

struct ship_ledger_row {
    struct ledger_object object;
    int64_t in_range; /* of its events; -1: its blocks are not here any more, so the whole day
                         counts */
};

/* What the objects do not tell. */
struct ship_ledger_remainder {
    int64_t waiting_blocks;    /* with events of that time, in no object of the target yet */
    int64_t inbox_scan_events; /* of that time */
    int64_t deleted_days;      /* that this time touches; a day that went twice counts twice */
    int64_t deleted_events;    /* of those days, all of them */
    int64_t deleted_unshipped;
};

/* An error of `each` ends the reading and is returned. */
typedef enum status ship_ledger_each(void *context, const struct ship_ledger_row *found,
                                     struct err *err);

/* Objects of all targets in order of day and block; those whose events lie outside are left out. */
MUST_USE enum status ship_ledger_read(const struct ship_ledger_query *question,
                                      ship_ledger_each *each, void *context,
                                      struct ship_ledger_remainder *out_rest, struct err *err);

#endif
