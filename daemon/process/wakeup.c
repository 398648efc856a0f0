#include "daemon/process/wakeup.h"

void wakeup_init(struct wakeup *wakeup)
{
    memset(wakeup, 0, sizeof *wakeup);
    lock_init(&wakeup->lock);
    condition_init(&wakeup->signalled);
}

void wakeup_fini(struct wakeup *wakeup)
{
    condition_fini(&wakeup->signalled);
    lock_fini(&wakeup->lock);
}

void wakeup_signal(struct wakeup *wakeup, unsigned bits)
{
    lock_take(&wakeup->lock);
    wakeup->bits |= bits;
    condition_signal(&wakeup->signalled);
    lock_drop(&wakeup->lock);
}

bool wakeup_is_stopping(struct wakeup *wakeup)
{
    lock_take(&wakeup->lock);
    bool stopping = (wakeup->bits & WAKEUP_STOP) != 0;
    lock_drop(&wakeup->lock);
    return stopping;
}

unsigned wakeup_wait(struct wakeup *wakeup, int64_t deadline_us)
{
    lock_take(&wakeup->lock);
    while (wakeup->bits == 0 && clock_monotonic_us() < deadline_us) {
        condition_wait_until(&wakeup->signalled, &wakeup->lock, deadline_us);
    }
    unsigned bits = wakeup->bits;
    wakeup->bits &= WAKEUP_STOP;
    lock_drop(&wakeup->lock);
    return bits;
}
