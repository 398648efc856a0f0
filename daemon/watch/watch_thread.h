/* The threads that keep watch. One matches new blocks with the watched lists when the indexer has
 * made some, and hunts old events for new indicators (daemon/watch/matcher.h); it is a step of nice
 * behind the indexer, whose work it waits for anyway. The other delivers hits, where stele.conf
 * says where to, so that a slow receiver of hits holds up no matching. They need nothing that the
 * receiver or the writer has: handles of their own, on segments and on watch.db. */
#ifndef DAEMON_WATCH_WATCH_THREAD_H
#define DAEMON_WATCH_WATCH_THREAD_H

#include "daemon/config/config.h"
#include "daemon/process/wakeup.h"

struct watch_thread;

/* ERR_CONFIG: the webhook's secret cannot be read. `wakeup` is the threads' own: WAKEUP_WORK,
 * WAKEUP_NOW: there may be new blocks. Wakeup and config must outlive the threads. */
MUST_USE enum status watch_thread_start(const struct config *config, struct wakeup *wakeup,
                                        struct watch_thread **out_thread, struct err *err);
/* Cuts off what is under way (it is done again), joins, frees. NULL is fine. */
void watch_thread_stop(struct watch_thread *thread);

#endif
