/* A database in WAL mode keeps its index of the log in a shared mapping of the -shm file. SQLite
 * grows that file by writing one byte a page, which leaves holes on a file system whose blocks are
 * smaller than a page; on a full disk, writing into such a hole through the mapping ends the
 * process with SIGBUS. So each region is filled in before SQLite writes to it, and a full disk is
 * an error like any other. (SQLite: "The Unix VFS", xShmMap of sqlite3_io_methods; madvise(2):
 * MADV_POPULATE_WRITE, since Linux 5.14; with an older kernel nothing is changed.) */
#include "schema/db/db_shm.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

int db_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out_map)
{
    int rc = file->pMethods->xShmMap(file, region, size, extend, out_map);
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
