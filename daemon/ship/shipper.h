/* Ships an archive's blocks to its target, each once. README.md of this folder has the states and
 * the order that makes a crash harmless. A shipper has its own handle of the archive; the caller
 * holds the archive's lock. One thread, but for shipper_stop. */
#ifndef DAEMON_SHIP_SHIPPER_H
#define DAEMON_SHIP_SHIPPER_H

#include "daemon/config/config.h"
#include "schema/archive/ledger.h"

struct shipper;

/* What one pass did and what it left. */
struct shipper_report {
    int64_t shipped_objects;
    int64_t shipped_events;
    int64_t shipped_bytes;
    int64_t failed_objects; /* tried in this pass */
    /* after the pass */
    int64_t pending_objects; /* planned and not shipped */
    int64_t pending_events;
    int64_t inbox_scan_events; /* in blocks that are in no plan yet */
    int64_t oldest_us;         /* arrival of the oldest event in blocks and not shipped; 0: none */
    int64_t next_us;           /* when the next pass has something to do, if nothing new comes */
    struct err last;           /* failure of this pass; status OK: all went well */
};

/* ERR_CONFIG: no target, or a wrong one. Nothing is sent yet. */
MUST_USE enum status shipper_open(const struct config *config, const char *archive_dir,
                                  struct shipper **out_shipper, struct err *err);
/* NULL is fine. */
void shipper_close(struct shipper *shipper);
/* The target's canonical URL. */
const char *shipper_target(const struct shipper *shipper);

/* One pass: plans that failed and are due again, then new plans for what is due (enough for a
 * whole object, or older than ship.interval; all of it with all_now, which also tries at once what
 * waits for its next try). An upload that fails is no failure of the pass: it is in the report and
 * in the ledger. Errors are the archive's own. */
MUST_USE enum status shipper_run(struct shipper *shipper, bool all_now,
                                 struct shipper_report *out_report, struct err *err);

/* `each` is called on the shipper's thread after each object that was shipped; NULL: nobody. */
typedef void shipper_each(void *context, const struct ledger_object *shipped);
void shipper_watch(struct shipper *shipper, shipper_each *each, void *context);

/* Any thread, and signal handlers: the running pass ends soon, its upload is cut off; later ones
 * end at once. */
void shipper_stop(struct shipper *shipper);

#endif
