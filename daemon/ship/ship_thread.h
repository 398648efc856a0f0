/* The thread that ships: on its interval, when the shipper says something is due, and when asked.
 * It owns the shipper. */
#ifndef DAEMON_SHIP_SHIP_THREAD_H
#define DAEMON_SHIP_SHIP_THREAD_H

#include "daemon/config/config.h"
#include "daemon/process/wakeup.h"

struct ship_thread;

/* Opens the shipper (ERR_CONFIG: the target is wrong) and starts. `wakeup` is the thread's own:
 * WAKEUP_WORK looks what is due, WAKEUP_NOW ships all there is. `shipped` is signalled
 * (WAKEUP_WORK) after a pass that shipped something. Both must outlive the thread. */
MUST_USE enum status ship_thread_start(const struct config *config, struct wakeup *wakeup,
                                       struct wakeup *shipped, struct ship_thread **out_thread,
                                       struct err *err);
/* The target's URL. */
const char *ship_thread_target(const struct ship_thread *thread);
/* Cuts off a running upload, joins, frees. NULL is fine. */
void ship_thread_stop(struct ship_thread *thread);

#endif
