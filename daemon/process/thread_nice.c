#include "daemon/process/thread_nice.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

void thread_nice_lower(int nice_steps)
{
    id_t self = (id_t)gettid();
    errno = 0;
    int nice_now = getpriority(PRIO_PROCESS, self);
    if (errno == 0) {
        (void)setpriority(PRIO_PROCESS, self, nice_now + nice_steps);
    }
}
