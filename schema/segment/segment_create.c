#include "schema/segment/segment_create.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/db/db_query.h"
#include "schema/segment/segment_internal.h"
#include "schema/segment/segment_writer.h"

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

/* Unlinks PATHending, as far as it is there. */
static enum status unlink_with(const char *path, const char *ending, struct err *err)
{
    char name[FILE_PATH_BYTES];
    enum status status = file_path_format(name, err, "%s%s", path, ending);
    if (status == OK && unlink(name) != 0 && errno != ENOENT) {
        status = err_errno(err, errno, "%s", name);
    }
    return status;
}

static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
enum { N_ENDINGS = sizeof endings / sizeof endings[0] };

enum status segment_create_remove(const char *path, struct err *err)
{
    char fresh[FILE_PATH_BYTES];
    enum status status = fresh_path(path, fresh, err);
    for (size_t i = 0; status == OK && i < N_ENDINGS; i++) {
        status = unlink_with(fresh, endings[i], err);
    }
    return status;
}

/* The file before its log: without its log it would be a segment with a hole, for a reader that
 * opens it in between. What stays of a log when we are cut off here goes when this is called again,
 * or before a new file gets the name. */
enum status segment_unlink(const char *path, struct err *err)
{
    char parent[FILE_PATH_BYTES];
    enum status status = OK;
    for (size_t i = 0; status == OK && i < N_ENDINGS; i++) {
        status = unlink_with(path, endings[i], err);
    }
    status = THEN(status, parent_path(path, parent, err));
    return status == OK && file_exists(parent) ? file_sync_dir(parent, err) : status;
}

enum status segment_create_row(sqlite3 *db, int64_t day_us, bool is_merged, struct err *err)
{
    return db_change(db, "INSERT INTO segment (day_us, created_us, merged) VALUES (?1, ?2, ?3)",
                     DB_WITH(DB_INT(day_us), DB_INT(clock_now_us()), DB_INT(is_merged)), err);
}

enum status segment_create_open(const char *path, int64_t day_us, bool is_merged, sqlite3 **out_db,
                                struct err *err)
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
    status = THEN(status, db_open(fresh, DB_FRESH, is_merged ? &segment_merged_kind : &segment_kind,
                                  &db, err));
    if (status != OK) {
        return status;
    }
    status = segment_create_row(db, day_us, is_merged, err);
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
    enum status status = OK;
    for (size_t i = 1; status == OK && i < N_ENDINGS; i++) {
        status = unlink_with(path, endings[i], err);
    }
    return status;
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
