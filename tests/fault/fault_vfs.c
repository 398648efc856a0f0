/* Each open file gets a methods table of its own, made from the real file's: tables differ by kind
 * (a write-ahead log has no shared memory), and a member that the real one lacks must stay absent.
 *
 * For POWER and TEAR the bytes that a change replaces are kept until the file is synced; they are
 * written back, newest first, when the machine "starts again". */
#include "tests/fault/fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/err.h"

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the same memory */
    const char *path;   /* SQLite's; NULL for temporary files */
};

/* What stood where a change has been made that is not synced. */
struct undo {
    struct undo *older;
    char path[1024];
    off_t at;
    off_t old_size; /* of the file */
    size_t size;
    unsigned char bytes[];
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    bool armed;
    bool hit;
    bool dead;
    enum fault_mode mode;
    long left;
    uint32_t coin;
    struct undo *undos;
} fault;

enum change { CHANGE_WRITE, CHANGE_SYNC, CHANGE_TRUNCATE, CHANGE_DELETE };

const char *fault_mode_name(enum fault_mode mode)
{
    static const char *const names[FAULT_MODE_COUNT] = {
        "full once", "full",      "I/O error once", "I/O error",
        "kill",      "power cut", "torn power cut", "read error"};
    return names[mode];
}

static bool mode_dies(void)
{
    return fault.mode == FAULT_KILL || fault.mode == FAULT_POWER || fault.mode == FAULT_TEAR;
}

static int io_code(enum change change)
{
    switch (change) {
    case CHANGE_WRITE:
        return SQLITE_IOERR_WRITE;
    case CHANGE_SYNC:
        return SQLITE_IOERR_FSYNC;
    case CHANGE_TRUNCATE:
        return SQLITE_IOERR_TRUNCATE;
    case CHANGE_DELETE:
        break;
    }
    return SQLITE_IOERR_DELETE;
}

/* SQLITE_OK, or what this change must fail with. */
static int fault_check(enum change change)
{
    if (fault.dead) {
        return io_code(change);
    }
    if (!fault.armed || fault.mode == FAULT_READ) {
        return SQLITE_OK;
    }
    if (fault.hit) {
        if (fault.mode == FAULT_FULL && change == CHANGE_WRITE) {
            return SQLITE_FULL;
        }
        return fault.mode == FAULT_IO ? io_code(change) : SQLITE_OK;
    }
    bool full = fault.mode == FAULT_FULL || fault.mode == FAULT_FULL_ONCE;
    if (full && change != CHANGE_WRITE) {
        return SQLITE_OK;
    }
    if (--fault.left > 0) {
        return SQLITE_OK;
    }
    fault.hit = true;
    fault.dead = mode_dies();
    return full ? SQLITE_FULL : io_code(change);
}

/* The same for what reads. */
static int fault_check_read(int code)
{
    if (!fault.armed || fault.mode != FAULT_READ) {
        return SQLITE_OK;
    }
    fault.hit = fault.hit || --fault.left == 0;
    return fault.hit ? code : SQLITE_OK;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static void keep_undo(const struct fault_file *file, sqlite3_int64 at, size_t size)
{
    if (!fault.armed || !(fault.mode == FAULT_POWER || fault.mode == FAULT_TEAR)) {
        return;
    }
    struct undo *undo = calloc(1, sizeof *undo + size);
    sqlite3_int64 old_size = 0;
    CHECK(undo && file->real->pMethods->xFileSize(file->real, &old_size) == SQLITE_OK);
    int rc =
        size == 0 ? SQLITE_OK : file->real->pMethods->xRead(file->real, undo->bytes, (int)size, at);
    CHECK(rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ);
    undo->at = at;
    undo->size = size;
    undo->old_size = old_size;
    int n = snprintf(undo->path, sizeof undo->path, "%s", file->path);
    CHECK(n > 0 && (size_t)n < sizeof undo->path);
    undo->older = fault.undos;
    fault.undos = undo;
}

/* Synced or deleted: there is no way back. */
static void forget_undo(const char *path)
{
    struct undo **link = &fault.undos;
    while (*link) {
        struct undo *undo = *link;
        if (!path || strcmp(undo->path, path) == 0) {
            *link = undo->older;
            free(undo);
        } else {
            link = &undo->older;
        }
    }
}

static int fault_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    const struct fault_file *f = (const struct fault_file *)file;
    int rc = f->path ? fault_check(CHANGE_WRITE) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (f->path) {
        keep_undo(f, at, (size_t)size);
    }
    return f->real->pMethods->xWrite(f->real, bytes, size, at);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    const struct fault_file *f = (const struct fault_file *)file;
    sqlite3_int64 old_size = 0;
    int rc = f->path ? fault_check(CHANGE_TRUNCATE) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        return rc;
    }
    CHECK(f->real->pMethods->xFileSize(f->real, &old_size) == SQLITE_OK);
    if (f->path && old_size > size) {
        keep_undo(f, size, (size_t)(old_size - size));
    }
    return f->real->pMethods->xTruncate(f->real, size);
}

/* The real sync is left out: these tests do not outlive the machine. */
static int fault_sync(sqlite3_file *file, int flags)
{
    const struct fault_file *f = (const struct fault_file *)file;
    (void)flags;
    int rc = f->path ? fault_check(CHANGE_SYNC) : SQLITE_OK;
    if (rc == SQLITE_OK && f->path) {
        forget_undo(f->path);
    }
    return rc;
}

static int fault_control(sqlite3_file *file, int op, void *argument)
{
    sqlite3_file *real = real_of(file);
    if (fault.dead && op == SQLITE_FCNTL_SIZE_HINT) {
        return SQLITE_OK;
    }
    return real->pMethods->xFileControl(real, op, argument);
}

static int fault_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int fault_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    int rc = fault_check_read(SQLITE_IOERR_READ);
    return rc == SQLITE_OK ? real_of(file)->pMethods->xRead(real_of(file), bytes, size, at) : rc;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out_size);
}

static int fault_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int fault_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int fault_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int fault_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int fault_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    int rc = fault_check_read(SQLITE_IOERR_SHMMAP);
    return rc == SQLITE_OK
               ? real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out)
               : rc;
}

static int fault_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void fault_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int fault_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

/* One for all files, as SQLite's own are. No memory mapping. */
static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_traits,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                      int *out_flags)
{
    struct fault_file *f = (struct fault_file *)file;
    (void)vfs;
    *f = (struct fault_file){.real = (sqlite3_file *)(f + 1), .path = path};
    int rc = fault.real->xOpen(fault.real, path, f->real, flags, out_flags);
    if (f->real->pMethods) {
        CHECK(f->real->pMethods->iVersion >= 2);
        f->base.pMethods = &fault_methods;
    }
    return rc;
}

static int fault_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
    (void)vfs;
    int rc = fault_check(CHANGE_DELETE);
    if (rc == SQLITE_OK) {
        forget_undo(path);
        rc = fault.real->xDelete(fault.real, path, sync_dir);
    }
    return rc;
}

void fault_vfs_register(void)
{
    CHECK(!fault.real);
    fault.real = sqlite3_vfs_find(NULL);
    CHECK(fault.real);
    fault.vfs = *fault.real;
    fault.vfs.zName = "fault";
    fault.vfs.pNext = NULL;
    fault.vfs.szOsFile += (int)sizeof(struct fault_file);
    fault.vfs.xOpen = fault_open;
    fault.vfs.xDelete = fault_delete;
    CHECK(sqlite3_vfs_register(&fault.vfs, 1) == SQLITE_OK);
}

void fault_arm(enum fault_mode mode, long n)
{
    CHECK(!fault.armed && n > 0);
    forget_undo(NULL);
    fault.mode = mode;
    fault.left = n;
    fault.coin = (uint32_t)n * 2654435761U;
    fault.armed = true;
    fault.hit = false;
    fault.dead = false;
}

/* The file that was changed; a new segment has lost its ".new" when it was renamed since. */
static int open_changed(const struct undo *undo)
{
    static const char fresh[] = ".new";
    char renamed[sizeof undo->path];
    int fd = open(undo->path, O_WRONLY | O_CLOEXEC);
    size_t size = strlen(undo->path);
    if (fd < 0 && size > strlen(fresh) && strcmp(undo->path + size - strlen(fresh), fresh) == 0) {
        (void)snprintf(renamed, sizeof renamed, "%.*s", (int)(size - strlen(fresh)), undo->path);
        fd = open(renamed, O_WRONLY | O_CLOEXEC);
    }
    return fd;
}

static void take_back(const struct undo *undo)
{
    int fd = open_changed(undo);
    if (fd < 0) {
        return;
    }
    CHECK(pwrite(fd, undo->bytes, undo->size, undo->at) == (ssize_t)undo->size);
    if (fault.mode == FAULT_POWER) {
        CHECK(ftruncate(fd, undo->old_size) == 0);
    }
    (void)close(fd);
}

bool fault_disarm(void)
{
    bool hit = fault.hit;
    if (fault.dead) {
        for (const struct undo *undo = fault.undos; undo; undo = undo->older) {
            fault.coin = fault.coin * 1664525U + 1013904223U;
            if (fault.mode == FAULT_POWER || fault.coin >> 31) {
                take_back(undo);
            }
        }
    }
    forget_undo(NULL);
    fault.armed = fault.hit = fault.dead = false;
    return hit;
}
