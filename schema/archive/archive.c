/* The handle of archive.db: opening, the lock, transactions, days, totals. On the thread of the
 * handle's owner. A commit that returned is on disk (synchronous=FULL); the lock is a flock and
 * ends with its process. */
#include "schema/archive/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/archive/archive_internal.h"
#include "schema/base/random.h"
#include "schema/base/vec.h"
#include "schema/crypto/uuid.h"

extern const char archive_sql[];

static const struct db_kind catalogue_kind = {
    .name = "archive",
    .application_id = 0x53746c41, /* "StlA" */
    .format = DB_FORMAT_ARCHIVE,
    .sql = archive_sql,
};

static const char *const statement_sql[] = {
#define X(name, sql) sql,
#include "schema/archive/archive_statement.def"
#undef X
};

static enum status catalogue_path(const char *dir, char out[FILE_PATH_BYTES], struct err *err)
{
    return file_path_format(out, err, "%s/archive.db", dir);
}

enum status archive_create(const char *dir, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = catalogue_path(dir, path, err);
    if (status == OK && file_exists(path)) {
        status = err_set(err, ERR_EXISTS, "%s already holds an archive", dir);
    }
    status = THEN(status, file_make_dir(dir, 0700, err));
    sqlite3 *db = NULL;
    status = THEN(status, db_open(path, DB_CREATE, &catalogue_kind, &db, err));
    if (status != OK) {
        return status;
    }
    char id[37];
    uuid_random(id);
    status = db_change(db, "INSERT INTO archive (id, created_us) VALUES (?1, ?2)",
                       DB_WITH(DB_STR(id), DB_INT(clock_now_us())), err);
    db_close(db);
    return THEN(status, file_sync_dir(dir, err));
}

static enum status archive_prepare(struct archive *archive, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < ARCHIVE_STATEMENT_COUNT; i++) {
        status = db_prepare(archive->db, statement_sql[i], &archive->statements[i], err);
    }
    bool row = false;
    status = THEN(status, db_step(archive->statements[STATEMENT_ARCHIVE_ID], &row, err));
    if (status == OK && !row) {
        status = err_set(err, ERR_CORRUPT, "%s: archive.db has no identity", archive->dir);
    }
    if (status == OK) {
        struct span id = db_column_span(archive->statements[STATEMENT_ARCHIVE_ID], 0);
        if (uuid_is_valid(id)) {
            (void)snprintf(archive->id, sizeof archive->id, "%.*s", SPAN_FMT(id));
        } else { /* it becomes part of names of files and objects */
            status = err_set(err, ERR_CORRUPT, "%s: archive.db: its identity is not a UUID",
                             archive->dir);
        }
        (void)sqlite3_reset(archive->statements[STATEMENT_ARCHIVE_ID]);
    }
    return status;
}

/* Why archive.db cannot be seen in dir. */
static enum status no_catalogue(const char *dir, int number, struct err *err)
{
    if (number == ENOTDIR) {
        return err_set(err, ERR_NOT_FOUND,
                       "%s is a file: an archive is a directory (search, show, session, hunt, sql, "
                       "stats and copy take a segment or a copy, too)",
                       dir);
    }
    if (number != ENOENT) {
        return err_errno(err, number, "%s", dir);
    }
    return err_set(err, ERR_NOT_FOUND,
                   "%s holds no archive (no archive.db); make one with: stele init %s", dir, dir);
}

/* Its path; ERR_NOT_FOUND and so on when it is not there. */
static enum status find_catalogue(const char *dir, char out[FILE_PATH_BYTES], struct err *err)
{
    struct stat st;
    enum status status = catalogue_path(dir, out, err);
    return status == OK && stat(out, &st) != 0 ? no_catalogue(dir, errno, err) : status;
}

enum status archive_open(const char *dir, enum archive_mode mode, struct archive **out_archive,
                         struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = find_catalogue(dir, path, err);
    if (status != OK) {
        return status;
    }
    struct archive *archive = calloc(1, sizeof *archive);
    if (!archive) {
        return err_nomem(err, dir);
    }
    (void)snprintf(archive->dir, sizeof archive->dir, "%s", dir);
    archive->writable = mode == ARCHIVE_WRITE;
    random_fill(&archive->source_seed, sizeof archive->source_seed);
    status =
        db_open(path, archive->writable ? DB_WRITE : DB_READ, &catalogue_kind, &archive->db, err);
    status = THEN(status, archive_prepare(archive, err));
    if (status == OK && archive->writable) {
        archive_wal_watch(archive);
        status = db_exec(archive->db, "PRAGMA cache_size=-8192", err);
    }
    if (status != OK) {
        archive_close(archive);
        return status;
    }
    *out_archive = archive;
    return OK;
}

void archive_close(struct archive *archive)
{
    if (!archive) {
        return;
    }
    for (size_t i = 0; i < ARCHIVE_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(archive->statements[i]);
    }
    db_close(archive->db);
    free(archive);
}

const char *archive_dir(const struct archive *archive)
{
    return archive->dir;
}

const char *archive_id(const struct archive *archive)
{
    return archive->id;
}

sqlite3 *archive_db(struct archive *archive)
{
    return archive->db;
}

enum status archive_begin(struct archive *archive, struct err *err)
{
    CHECK(archive->writable);
    return db_run(archive->statements[STATEMENT_BEGIN], err);
}

enum status archive_commit(struct archive *archive, struct err *err)
{
    return db_run(archive->statements[STATEMENT_COMMIT], err);
}

void archive_rollback(struct archive *archive)
{
    db_rollback(archive->db);
    archive->n_cached_sources = 0; /* some of them may be gone */
}

enum status archive_end(struct archive *archive, enum status status, struct err *err)
{
    status = THEN(status, archive_commit(archive, err));
    if (status != OK) {
        archive_rollback(archive);
    }
    return status;
}

enum status archive_run_alone(struct archive *archive, enum archive_statement statement,
                              struct db_values values, struct err *err)
{
    enum status status = archive_begin(archive, err);
    status = THEN(status, db_run_with(archive->statements[statement], values, err));
    return archive_end(archive, status, err);
}

enum status archive_change(struct archive *archive, const char *sql, struct db_values values,
                           struct err *err)
{
    enum status status = archive_begin(archive, err);
    status = THEN(status, db_change(archive->db, sql, values, err));
    return archive_end(archive, status, err);
}

/* A deferred transaction takes its snapshot at the first read: read something. */
enum status archive_read_begin(struct archive *archive, struct err *err)
{
    enum status status = db_exec(archive->db, "BEGIN", err);
    int64_t ignored;
    status = THEN(status, db_int64(archive->db, "SELECT count(*) FROM archive", &ignored, err));
    if (status != OK) {
        db_rollback(archive->db);
    }
    return status;
}

void archive_read_end(struct archive *archive)
{
    db_rollback(archive->db);
}

struct archive_lock {
    int fd;
};

static enum status lock_path(const char *dir, char out[FILE_PATH_BYTES], struct err *err)
{
    return file_path_format(out, err, "%s/archive.lock", dir);
}

enum status archive_lock_take(const char *dir, const char *who, struct archive_lock **out_lock,
                              struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = find_catalogue(dir, path, err); /* a lock makes no archive of a folder */
    status = THEN(status, lock_path(dir, path, err));
    if (status != OK) {
        return status;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        char holder[64];
        long pid = archive_lock_holder(dir, holder);
        return pid ? err_set(err, ERR_BUSY, "%s is in use by %s (pid %ld)", dir, holder, pid)
                   : err_set(err, ERR_BUSY, "%s was in use a moment ago: try again", dir);
    }
    struct archive_lock *lock = malloc(sizeof *lock);
    char text[96];
    int n = snprintf(text, sizeof text, "%ld %.60s\n", (long)getpid(), who);
    if (!lock || ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        status = err_errno(err, errno, "%s", path);
        (void)close(fd);
        free(lock);
        return status;
    }
    lock->fd = fd;
    *out_lock = lock;
    return OK;
}

void archive_lock_release(struct archive_lock *lock)
{
    if (lock) {
        (void)close(lock->fd);
        free(lock);
    }
}

long archive_lock_holder(const char *dir, char who[64])
{
    char path[FILE_PATH_BYTES];
    who[0] = '\0';
    if (lock_path(dir, path, NULL) != OK) {
        return 0;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    long pid = 0;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
        char text[96] = "";
        ssize_t n = pread(fd, text, sizeof text - 1, 0);
        char *end = text;
        pid = n > 0 ? strtol(text, &end, 10) : 0;
        (void)snprintf(who, 64, "%.*s", (int)strcspn(end + (*end == ' '), "\n"),
                       end + (*end == ' '));
    }
    (void)close(fd);
    return pid;
}

enum status archive_counter_add(struct archive *archive, enum event_counter counter, int64_t n,
                                struct err *err)
{
    return db_run_with(archive->statements[STATEMENT_COUNTER_ADD],
                       DB_WITH(DB_STR(event_counter_name(counter)), DB_INT(n)), err);
}

enum status archive_counters(struct archive *archive, int64_t out[EVENT_COUNTER_COUNT],
                             struct err *err)
{
    int64_t totals[EVENT_COUNTER_COUNT] = {0};
    sqlite3_stmt *stmt = archive->statements[STATEMENT_COUNTERS];
    bool row = false;
    enum status status;
    while ((status = db_step(stmt, &row, err)) == OK && row) {
        for (int i = 0; i < EVENT_COUNTER_COUNT; i++) {
            if (span_is(db_column_span(stmt, 0), event_counter_name((enum event_counter)i))) {
                totals[i] = sqlite3_column_int64(stmt, 1);
            }
        }
    }
    if (status == OK) {
        memcpy(out, totals, sizeof totals);
    }
    return status;
}
