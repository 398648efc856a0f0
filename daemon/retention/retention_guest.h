/* Retention in steled: looked at now and then on the indexer's thread, between its runs
 * (daemon/ingest/indexer_thread.h). Logs what went, and why the archive stays larger than it
 * should. */
#ifndef DAEMON_RETENTION_RETENTION_GUEST_H
#define DAEMON_RETENTION_RETENTION_GUEST_H

#include "daemon/config/config.h"

struct keeper;

/* *config must outlive the keeper. ERR_CONFIG: ship.target has no known form. */
MUST_USE enum status keeper_new(const struct config *config, struct keeper **out_keeper,
                                struct err *err);
/* NULL is fine. */
void keeper_free(struct keeper *keeper);

/* True: some day is to go. Reads only. */
bool keeper_look(void *keeper);
/* Deletes what is to go. No segment is open for writing. */
void keeper_act(void *keeper);

#endif
