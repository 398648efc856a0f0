/* Retention in steled: looked at now and then on the indexer's thread, between its runs
 * (daemon/ingest/indexer_thread.h). Logs what went, and why the archive stays larger than it
 * should. */
#ifndef DAEMON_RETENTION_RETENTION_GUEST_H
#define DAEMON_RETENTION_RETENTION_GUEST_H

#include "daemon/config/config.h"

struct retention_guest;

/* *config must outlive the keeper. ERR_CONFIG: ship.target has no known form. */
MUST_USE enum status retention_guest_new(const struct config *config,
                                         struct retention_guest **out_keeper, struct err *err);
/* NULL is fine. */
void retention_guest_free(struct retention_guest *guest);

/* True: some day is to go. Reads only. */
bool retention_guest_has_work(void *guest);
/* Deletes what is to go. No segment is open for writing. */
void retention_guest_run(void *guest);

#endif
