#include "daemon/process/wakeup.h"

void bell_init(struct bell *bell)
{
    memset(bell, 0, sizeof *bell);
    lock_init(&bell->lock);
    condition_init(&bell->rung);
}

void bell_fini(struct bell *bell)
{
    condition_fini(&bell->rung);
    lock_fini(&bell->lock);
}

void bell_ring(struct bell *bell, unsigned bits)
{
    lock_take(&bell->lock);
    bell->bits |= bits;
    condition_signal(&bell->rung);
    lock_drop(&bell->lock);
}

bool bell_is_stopping(struct bell *bell)
{
    lock_take(&bell->lock);
    bool stopping = (bell->bits & BELL_STOP) != 0;
    lock_drop(&bell->lock);
    return stopping;
}

unsigned bell_wait(struct bell *bell, int64_t deadline_us)
{
    lock_take(&bell->lock);
    while (bell->bits == 0 && clock_monotonic_us() < deadline_us) {
        condition_wait_until(&bell->rung, &bell->lock, deadline_us);
    }
    unsigned bits = bell->bits;
    bell->bits &= BELL_STOP;
    lock_drop(&bell->lock);
    return bits;
}
