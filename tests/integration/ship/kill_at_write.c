/* Loaded before the C library by LD_PRELOAD: kills the process, as kill -9 does, right before its
 * n-th write to a file or call to sync one (KILL_AT_WRITE_NUMBER). What SQLite writes of the ledger
 * goes through these. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void count(void)
{
    static long at;
    if (at == 0) {
        const char *text = getenv("KILL_AT_WRITE_NUMBER");
        at = text ? strtol(text, NULL, 10) : -1;
    }
    if (atomic_fetch_add(&calls, 1) + 1 == at) {
        (void)kill(getpid(), SIGKILL);
        (void)pause();
    }
}

typedef ssize_t write_function(int fd, const void *data, size_t size, off_t at);
typedef int sync_function(int fd);

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at);

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    count();
    write_function *next;
    *(void **)&next = dlsym(RTLD_NEXT, "pwrite");
    return next(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at)
{
    count();
    write_function *next;
    *(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
    return next(fd, data, size, at);
}

int fdatasync(int fd)
{
    count();
    sync_function *next;
    *(void **)&next = dlsym(RTLD_NEXT, "fdatasync");
    return next(fd);
}

int fsync(int fd)
{
    count();
    sync_function *next;
    *(void **)&next = dlsym(RTLD_NEXT, "fsync");
    return next(fd);
}
