#include "schema/segment/segment_create.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/db/db_query.h"
#include "schema/segment/segment_internal.h"

static enum status fresh_path(const char *path, char out[FILE_PATH_BYTES], struct err *err)
{
    return file_path_format(out, err, "%s.new", path);
}

static enum status parent_path(const char *path, char out[FILE_PATH_BYTES], struct err *err)
{
    const char *slash = strrchr(path, '/');
    CHECK(slash);
    return file_path_format(out, err, "%.*s", (int)(slash - path), path);
}

enum status segment_create_remove(const char *path, struct err *err)
{
    static const char *const leftovers[] = {"", "-wal", "-shm", "-journal"};
    char name[FILE_PATH_BYTES];
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        enum status status = file_path_format(name, err, "%s.new%s", path, leftovers[i]);
        if (status != OK) {
            return status;
        }
        if (unlink(name) != 0 && errno != ENOENT) {
            return err_errno(err, errno, "%s", name);
        }
    }
    return OK;
}

enum status segment_create_row(sqlite3 *db, int64_t day_us, struct err *err)
{
    return db_change(db, "INSERT INTO segment (day_us, created_us) VALUES (?1, ?2)",
                     DB_WITH(DB_INT(day_us), DB_INT(clock_now_us())), err);
}

enum status segment_create_open(const char *path, int64_t day_us, sqlite3 **out_db, struct err *err)
{
    char parent[FILE_PATH_BYTES];
    char fresh[FILE_PATH_BYTES];
    sqlite3 *db = NULL;
    enum status status = parent_path(path, parent, err);
    status = THEN(status, fresh_path(path, fresh, err));
    if (status == OK && !file_exists(parent)) {
        status = file_make_dir(parent, 0700, err);
    }
    status = THEN(status, segment_create_remove(path, err));
    status = THEN(status, db_open(fresh, DB_FRESH, &segment_kind, &db, err));
    if (status != OK) {
        return status;
    }
    status = segment_create_row(db, day_us, err);
    if (status != OK) {
        db_close(db);
        return status;
    }
    *out_db = db;
    return OK;
}

/* Of a day that was deleted, or is just being read as it goes, a log may be left: SQLite would take
 * it for the new file's. */
static enum status remove_stale(const char *path, struct err *err)
{
    static const char *const leftovers[] = {"-wal", "-shm", "-journal"};
    char name[FILE_PATH_BYTES];
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        enum status status = file_path_format(name, err, "%s%s", path, leftovers[i]);
        if (status != OK) {
            return status;
        }
        if (unlink(name) != 0 && errno != ENOENT) {
            return err_errno(err, errno, "%s", name);
        }
    }
    return OK;
}

enum status segment_create_publish(const char *path, sqlite3 *db, struct err *err)
{
    char parent[FILE_PATH_BYTES];
    char fresh[FILE_PATH_BYTES];
    enum status status = db_finish_fresh(db, err);
    status = THEN(status, parent_path(path, parent, err));
    status = THEN(status, fresh_path(path, fresh, err));
    status = THEN(status, remove_stale(path, err));
    if (status == OK && rename(fresh, path) != 0) {
        status = err_errno(err, errno, "%s", path);
    }
    return THEN(status, file_sync_dir(parent, err));
}
