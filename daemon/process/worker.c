#include "daemon/process/worker.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where that is not allowed, the thread is as all others. */
static void lower_priority(int nice_steps)
{
    id_t self = (id_t)gettid();
    errno = 0;
    int nice_now = getpriority(PRIO_PROCESS, self);
    if (errno == 0 && nice_steps > 0) {
        (void)setpriority(PRIO_PROCESS, self, nice_now + nice_steps);
    }
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    lower_priority(worker->nice);
    for (int64_t due_us = 0;;) {
        unsigned bits = wakeup_wait(worker->wakeup, due_us);
        if (bits & WAKEUP_STOP) {
            return NULL;
        }
        due_us = worker->pass(worker->context, bits);
    }
}

enum status worker_start(struct worker *worker, struct err *err)
{
    int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
    worker->runs = failed == 0;
    return failed ? err_errno(err, failed, "%s thread", worker->name) : OK;
}

void worker_stop(struct worker *worker)
{
    if (worker->runs) {
        wakeup_signal(worker->wakeup, WAKEUP_STOP);
        CHECK(pthread_join(worker->thread, NULL) == 0);
        worker->runs = false;
    }
}
