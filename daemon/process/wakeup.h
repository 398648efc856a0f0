/* What wakes a thread that works now and then: any thread signals, the owner waits. Signals are
 * bits; those that came before the wait are not lost, and the same bit twice counts once. */
#ifndef DAEMON_PROCESS_WAKEUP_H
#define DAEMON_PROCESS_WAKEUP_H

#include "schema/base/lock.h"

enum { WAKEUP_STOP = 1, WAKEUP_WORK = 2, WAKEUP_NOW = 4 };

struct wakeup {
    struct lock lock;
    struct condition signalled;
    unsigned bits GUARDED_BY(lock);
};

void wakeup_init(struct wakeup *wakeup);
void wakeup_fini(struct wakeup *wakeup);
/* Any thread. */
void wakeup_signal(struct wakeup *wakeup, unsigned bits);
/* Waits until a bit is set or clock_monotonic_us() reaches deadline_us; takes the bits (0: only
 * time passed). WAKEUP_STOP stays set. */
unsigned wakeup_wait(struct wakeup *wakeup, int64_t deadline_us);
/* For work that takes long: WAKEUP_STOP was set. Takes nothing. */
bool wakeup_is_stopping(struct wakeup *wakeup);

#endif
