/* The thread that seals: at each ship, and once in seal.interval (daemon/seal/sealer.h). */
#ifndef DAEMON_SEAL_SEAL_THREAD_H
#define DAEMON_SEAL_SEAL_THREAD_H

#include "daemon/config/config.h"
#include "daemon/process/wakeup.h"

struct seal_thread;

/* `wakeup` is signalled with WAKEUP_WORK when objects were shipped. */
MUST_USE enum status seal_thread_start(const struct config *config, struct wakeup *wakeup,
                                       struct seal_thread **out_thread, struct err *err);
/* Logs the key and where digests go. */
void seal_thread_say(const struct seal_thread *thread);
/* NULL is fine. */
void seal_thread_stop(struct seal_thread *thread);

#endif
