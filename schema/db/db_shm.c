/* A database in WAL mode keeps its index of the log in a shared mapping of the -shm file. SQLite
 * grows that file by writing one byte a page, which leaves holes on a file system whose blocks are
 * smaller than a page; on a full disk, writing into such a hole through the mapping ends the
 * process with SIGBUS. So each region is filled in before SQLite writes to it, and a full disk is
 * an error like any other. (SQLite: "The Unix VFS", xShmMap of sqlite3_io_methods; madvise(2):
 * MADV_POPULATE_WRITE, since Linux 5.14; with an older kernel nothing is changed.) */
#include <errno.h>
#include <sys/mman.h>

#include "schema/base/lock.h"
#include "schema/db/db.h"

enum { GUARDS = 4 }; /* SQLite's methods for one kind of file; a test's VFS has its own */

static struct guard {
    const sqlite3_io_methods *original;
    sqlite3_io_methods guarded;
} guards[GUARDS];
static struct lock guards_lock = {PTHREAD_MUTEX_INITIALIZER};

static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out_map)
{
    /* The methods of the file are a guard's own. */
    const char *methods = (const char *)file->pMethods;
    const struct guard *guard =
        (const struct guard *)(const void *)(methods - offsetof(struct guard, guarded));
    int rc = guard->original->xShmMap(file, region, size, extend, out_map);
    if (rc != SQLITE_OK || !*out_map) {
        return rc;
    }
    if (madvise((void *)(uintptr_t)*out_map, (size_t)size, MADV_POPULATE_WRITE) != 0 &&
        errno == EFAULT) {
        *out_map = NULL;
        return SQLITE_FULL;
    }
    return SQLITE_OK;
}

static struct guard *guard_of(const sqlite3_io_methods *original)
{
    for (int i = 0; i < GUARDS; i++) {
        struct guard *guard = &guards[i];
        if (!guard->original) {
            guard->original = original;
            guard->guarded = *original;
            guard->guarded.xShmMap = shm_map;
        }
        if (guard->original == original) {
            return guard;
        }
    }
    return NULL;
}

void db_guard_shm(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc != SQLITE_OK || !file || !file->pMethods || file->pMethods->iVersion < 2 ||
        !file->pMethods->xShmMap) {
        return;
    }
    lock_take(&guards_lock);
    const struct guard *guard = guard_of(file->pMethods);
    if (guard) { /* none: more kinds of files than any SQLite has; they stay as they are */
        file->pMethods = &guard->guarded;
    }
    lock_drop(&guards_lock);
}
