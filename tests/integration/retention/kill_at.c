/* Preloaded: kills the process before its n-th change of a file (KILL_AT=n, counted from 1), as
 * kill -9 or a power cut would. Changes are writes, syncs, renames and unlinks. With
 * KILL_AT_LIST=FILE the kind of each change is appended to the file, a letter each. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void count_change(char kind)
{
    static atomic_long changes;
    const char *at = getenv("KILL_AT");
    const char *list = getenv("KILL_AT_LIST");
    int fd = list ? open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        (void)!write(fd, &kind, 1);
        (void)close(fd);
    }
    if (at && atomic_fetch_add(&changes, 1) + 1 == strtol(at, NULL, 10)) {
        (void)kill(getpid(), SIGKILL);
    }
}

/* The function that ours stands in front of. */
#define NEXT(name) __extension__((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int unlink(const char *path)
{
    count_change('u');
    return NEXT(unlink)(path);
}

int rename(const char *from, const char *to)
{
    count_change('r');
    return NEXT(rename)(from, to);
}

int fsync(int fd)
{
    count_change('f');
    return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    count_change('d');
    return NEXT(fdatasync)(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    count_change('w');
    return NEXT(pwrite64)(fd, bytes, size, at);
}

int ftruncate64(int fd, off64_t size)
{
    count_change('t');
    return NEXT(ftruncate64)(fd, size);
}
