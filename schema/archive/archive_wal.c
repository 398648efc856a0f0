/* The catalogue's write-ahead log: its length, and when its pages are moved into the file. */
#include "schema/archive/archive_internal.h"

enum { FRAME_BYTES = 4096 + 24 };
#define WAL_RESERVE_BYTES (INT64_C(32) + INT64_C(1) * ARCHIVE_WAL_PAGES * FRAME_BYTES)

/* The commit is done: what fails here is done by a later one. */
static int on_wal_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct archive *archive = context;
    archive->wal_pages = pages;
    if (pages >= archive->checkpoint_at) {
        (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

void archive_wal_watch(struct archive *archive)
{
    archive->checkpoint_at = ARCHIVE_WAL_PAGES;
    (void)sqlite3_wal_hook(archive->db, on_wal_commit, archive);
}

void archive_defer_checkpoint(struct archive *archive)
{
    archive->checkpoint_at = INT64_C(4) * ARCHIVE_WAL_PAGES;
}

enum status archive_checkpoint(struct archive *archive, struct err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(archive->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc == SQLITE_OK || rc == SQLITE_BUSY ? OK : db_fail(archive->db, "checkpoint", err);
}

int64_t archive_wal_pages(const struct archive *archive)
{
    return archive->wal_pages;
}

static int wal_write_zeros(sqlite3_file *wal, sqlite3_int64 bytes)
{
    static const char zeros[64 * 1024];
    sqlite3_int64 at = 0;
    int rc = wal->pMethods->xFileSize(wal, &at);
    while (rc == SQLITE_OK && at < bytes) {
        int n = bytes - at < (sqlite3_int64)sizeof zeros ? (int)(bytes - at) : (int)sizeof zeros;
        rc = wal->pMethods->xWrite(wal, zeros, n, at);
        at += n;
    }
    return rc == SQLITE_OK ? wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) : rc;
}

/* Behind what is valid SQLite reads nothing: a frame of zeros has no right checksum. The write
 * lock keeps other processes from appending meanwhile. */
enum status archive_wal_reserve(struct archive *archive, struct err *err)
{
    sqlite3_file *wal = NULL;
    enum status status = db_begin(archive->db, err);
    if (status != OK) {
        return status;
    }
    int rc = sqlite3_file_control(archive->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (rc == SQLITE_OK && wal && wal->pMethods) {
        rc = wal_write_zeros(wal, WAL_RESERVE_BYTES);
    }
    db_rollback(archive->db);
    return rc == SQLITE_OK ? OK : err_set(err, ERR_IO, "archive.db-wal: cannot be made larger");
}
