/* What wakes a thread that works now and then: any thread rings, the owner waits. Rings are bits;
 * those that came before the wait are not lost, and the same bit twice counts once. */
#ifndef DAEMON_PROCESS_WAKEUP_H
#define DAEMON_PROCESS_WAKEUP_H

#include "schema/base/lock.h"

enum { BELL_STOP = 1, BELL_WORK = 2, BELL_NOW = 4 };

struct bell {
    struct lock lock;
    struct condition rung;
    unsigned bits GUARDED_BY(lock);
};

void bell_init(struct bell *bell);
void bell_fini(struct bell *bell);
/* Any thread. */
void bell_ring(struct bell *bell, unsigned bits);
/* Waits until a bit is rung or clock_monotonic_us() reaches deadline_us; takes the bits (0: only
 * time passed). BELL_STOP stays rung. */
unsigned bell_wait(struct bell *bell, int64_t deadline_us);
/* For work that takes long: BELL_STOP was rung. Takes nothing. */
bool bell_is_stopping(struct bell *bell);

#endif
