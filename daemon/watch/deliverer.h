/* Delivers hits to where stele.conf says, from the outbox in watch.db (schema/watch/watch_db.h): in
 * order of their ids, each until it is taken. What fails is tried again after a wait (full jitter,
 * bound doubled with each try up to watch.retry_max_wait), which is kept in the outbox, for at
 * least three days. A target that fails as a whole is left alone for that wait; a hit that is
 * refused for what it is waits alone. Killed between an answer and its mark, a hit is sent again:
 * at least once. One thread, but for deliverer_stop. */
#ifndef DAEMON_WATCH_DELIVERER_H
#define DAEMON_WATCH_DELIVERER_H

#include "daemon/config/config.h"
#include "schema/watch/watch_db.h"

struct deliverer;

struct deliverer_report {
    int64_t delivered;
    int64_t failures;
    int64_t given_up;
    int64_t waiting;
    int64_t next_us; /* when to come again; INT64_MAX: when there are new hits */
    struct err bad;  /* the last failure; status OK: none */
};

/* Where hits go by this configuration: 1 << WATCH_WEBHOOK, 1 << WATCH_SYSLOG, or 0. */
unsigned deliverer_targets(const struct config *config);

/* ERR_CONFIG: the secret cannot be read. */
MUST_USE enum status deliverer_open(const struct config *config, const char *dir,
                                    struct deliverer **out_deliverer, struct err *err);
/* NULL is fine. */
void deliverer_close(struct deliverer *deliverer);
/* All that is due. OK when some failed. */
MUST_USE enum status deliverer_run(struct deliverer *deliverer, struct deliverer_report *out_report,
                                   struct err *err);
/* Ends a request that is under way; its hit stays in the outbox. Any thread. */
void deliverer_stop(struct deliverer *deliverer);

#endif
