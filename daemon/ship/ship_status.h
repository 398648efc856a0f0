/* How shipping stands, read from an archive by anybody: beside a running daemon or without one. */
#ifndef DAEMON_SHIP_SHIP_STATUS_H
#define DAEMON_SHIP_SHIP_STATUS_H

#include "daemon/ship/target/target.h"
#include "schema/archive/inbox.h"
#include "schema/archive/ledger.h"

struct ship_status_target {
    char url[TARGET_URL_BYTES];
    bool configured; /* the one that is shipped to now */
    int64_t shipped_objects;
    int64_t shipped_events;
    int64_t shipped_bytes;
    int64_t shipped_us;      /* the latest; 0 never */
    int64_t planned_objects; /* and not shipped yet */
    int64_t planned_events;
    int64_t gone_objects; /* planned, and their blocks deleted before they were shipped */
    int64_t gone_events;
    int64_t failed_objects; /* of them, tried and failed */
    int64_t waiting_blocks; /* in no plan yet; only of the configured target */
    int64_t inbox_scan_events;
    int64_t oldest_us;           /* arrival of the oldest event in blocks and not shipped; 0 none */
    struct ledger_object failed; /* the failed object that was planned first */
};

struct ship_status {
    struct ship_status_target *targets; /* the configured one first */
    size_t count;
    struct inbox_state inbox;
};

/* `target` is the configured target's canonical URL, or NULL. *out_status is filled; fini it. */
MUST_USE enum status ship_status_read(const char *archive_dir, const char *target,
                                      struct ship_status *out_status, struct err *err);
void ship_status_fini(struct ship_status *status);

/* Arrival of the oldest event that the target does not have, the inbox counted; 0 when it has all.
 */
int64_t ship_status_oldest(const struct ship_status *status,
                           const struct ship_status_target *target);

#endif
