/* Preloaded: kills the process before its n-th change of a file (KILL_AT=n, counted from 1), as
 * kill -9 or a power cut would. Changes are writes, syncs, renames and unlinks. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void count_change(void)
{
    static atomic_long changes;
    const char *at = getenv("KILL_AT");
    if (at && atomic_fetch_add(&changes, 1) + 1 == strtol(at, NULL, 10)) {
        (void)kill(getpid(), SIGKILL);
    }
}

/* The function that ours stands in front of. */
#define NEXT(name) __extension__((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int unlink(const char *path)
{
    count_change();
    return NEXT(unlink)(path);
}

int rename(const char *from, const char *to)
{
    count_change();
    return NEXT(rename)(from, to);
}

int fsync(int fd)
{
    count_change();
    return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    count_change();
    return NEXT(fdatasync)(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    count_change();
    return NEXT(pwrite64)(fd, bytes, size, at);
}

int ftruncate64(int fd, off64_t size)
{
    count_change();
    return NEXT(ftruncate64)(fd, size);
}
