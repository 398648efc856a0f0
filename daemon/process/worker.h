/* A thread that works in passes: one at the start, then one each time that it is woken or that its
 * time has come. */
#ifndef DAEMON_PROCESS_WORKER_H
#define DAEMON_PROCESS_WORKER_H

#include "daemon/process/wakeup.h"

/* One pass. `bits` are those of the wakeup: 0 at the start, and when only time has passed. Returns
 * when the next one is due at the latest, on the monotonic clock; INT64_MAX: when woken. */
typedef int64_t worker_pass(void *context, unsigned bits);

/* All but `thread` and `runs` are set before the start. Zeroed: was never started. */
struct worker {
    const char *name;
    struct wakeup *wakeup; /* outlives the worker */
    worker_pass *pass;
    void *context; /* of pass */
    /* Steps behind the threads that answer (1 to 19): where both want the processor,
     * acknowledgements come first. On Linux nice belongs to the thread. */
    int nice;
    pthread_t thread;
    bool runs;
};

MUST_USE enum status worker_start(struct worker *worker, struct err *err);
/* Signals WAKEUP_STOP, waits for the end of the pass under way, joins. */
void worker_stop(struct worker *worker);

#endif
