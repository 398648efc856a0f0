#include "schema/index/deletion.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/archive/archive_internal.h"
#include "schema/segment/segment.h"

enum status deletion_add(struct archive *archive, struct deletion *deletion, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare(
        archive->db,
        "INSERT INTO deletion (day_us, deleted_us, why, who, forced, events, unshipped, blocks,"
        " last_block, raw_bytes, file_bytes, chain)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, deletion->day_us);
    (void)sqlite3_bind_int64(stmt, 2, deletion->deleted_us);
    db_bind_span(stmt, 3, span_str(deletion->why));
    db_bind_span(stmt, 4, span_str(deletion->who));
    (void)sqlite3_bind_int(stmt, 5, deletion->forced);
    (void)sqlite3_bind_int64(stmt, 6, deletion->events);
    (void)sqlite3_bind_int64(stmt, 7, deletion->unshipped);
    (void)sqlite3_bind_int64(stmt, 8, deletion->blocks);
    (void)sqlite3_bind_int64(stmt, 9, deletion->last_block);
    (void)sqlite3_bind_int64(stmt, 10, deletion->raw_bytes);
    (void)sqlite3_bind_int64(stmt, 11, deletion->file_bytes);
    size_t chain_bytes = deletion->has_chain ? sizeof deletion->chain.bytes : 0;
    db_bind_blob(stmt, 12, span_of(deletion->chain.bytes, chain_bytes));
    status = db_run(stmt, err);
    (void)sqlite3_finalize(stmt);
    if (status == OK) {
        deletion->id = sqlite3_last_insert_rowid(archive->db);
    }
    return status;
}

static enum status unlink_with(const char *path, const char *ending, struct err *err)
{
    char name[FILE_PATH_BYTES];
    enum status status = file_path_format(name, err, "%s%s", path, ending);
    if (status == OK && unlink(name) != 0 && errno != ENOENT) {
        status = err_errno(err, errno, "%s", name);
    }
    return status;
}

/* The file before its log: without its log it would be a day with a hole, for whoever opens it in
 * between. What stays of a log when we are cut off here, this function takes at the next start, and
 * a new file of the day before it gets its name (schema/segment/segment_create.h). */
static enum status unlink_day(const char *path, struct err *err)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char parent[FILE_PATH_BYTES];
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sizeof endings / sizeof endings[0]; i++) {
        status = unlink_with(path, endings[i], err);
    }
    const char *slash = strrchr(path, '/');
    CHECK(slash);
    status = THEN(status, file_path_format(parent, err, "%.*s", (int)(slash - path), path));
    if (status == OK && file_exists(parent)) {
        status = file_sync_dir(parent, err);
    }
    return status;
}

/* A catalogue that was put back from a copy may hold a deletion that was carried out long ago, and
 * the day a new file since then: its blocks are numbered behind the deleted ones. */
static bool is_another_file(const char *path, const struct deletion *deletion)
{
    struct segment *segment = NULL;
    bool another = false;
    if (file_exists(path) && segment_open(path, &segment, NULL) == OK) {
        size_t count = 0;
        const struct block_info *blocks = segment_blocks(segment, &count);
        another = count > 0 && blocks[count - 1].id > deletion->last_block && deletion->has_chain;
        segment_close(segment);
    }
    return another;
}

static enum status mark_done(struct archive *archive, int64_t id, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status =
        db_prepare(archive->db, "UPDATE deletion SET done = 1 WHERE id = ?1", &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, id);
        status = archive_begin(archive, err);
    }
    if (status == OK) {
        status = db_run(stmt, err);
        status = THEN(status, archive_commit(archive, err));
        if (status != OK) {
            archive_rollback(archive);
        }
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status deletion_carry_out(struct archive *archive, const struct deletion *deletion,
                               struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(archive->dir, deletion->day_us, path, err);
    if (status == OK && !is_another_file(path, deletion)) {
        status = unlink_day(path, err);
    }
    return THEN(status, mark_done(archive, deletion->id, err));
}

#define DELETION_COLUMNS                                                                           \
    "SELECT id, day_us, deleted_us, why, who, forced, events, unshipped, blocks, last_block,"      \
    " raw_bytes, file_bytes, chain, seal, done FROM deletion "

static void read_row(sqlite3_stmt *stmt, struct deletion *out)
{
    struct span why = db_column_span(stmt, 3);
    struct span who = db_column_span(stmt, 4);
    struct span chain = db_column_span(stmt, 12);
    *out = (struct deletion){
        .id = sqlite3_column_int64(stmt, 0),
        .day_us = sqlite3_column_int64(stmt, 1),
        .deleted_us = sqlite3_column_int64(stmt, 2),
        .forced = sqlite3_column_int(stmt, 5) != 0,
        .events = sqlite3_column_int64(stmt, 6),
        .unshipped = sqlite3_column_int64(stmt, 7),
        .blocks = sqlite3_column_int64(stmt, 8),
        .last_block = sqlite3_column_int64(stmt, 9),
        .raw_bytes = sqlite3_column_int64(stmt, 10),
        .file_bytes = sqlite3_column_int64(stmt, 11),
        .has_chain = chain.size == sizeof out->chain.bytes,
        .seal = sqlite3_column_int64(stmt, 13),
        .done = sqlite3_column_int(stmt, 14) != 0,
    };
    (void)snprintf(out->why, sizeof out->why, "%.*s", SPAN_FMT(why));
    (void)snprintf(out->who, sizeof out->who, "%.*s", SPAN_FMT(who));
    if (out->has_chain) {
        memcpy(out->chain.bytes, chain.data, sizeof out->chain.bytes);
    }
}

static enum status list(struct archive *archive, const char *sql, int64_t after_id,
                        struct deletion **out_deletions, size_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct buf rows = BUF_INIT;
    bool row = false;
    enum status status = OK;
    status = db_prepare(archive->db, sql, &stmt, err);
    if (stmt) {
        (void)sqlite3_bind_int64(stmt, 1, after_id);
    }
    while (stmt && status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        struct deletion deletion;
        read_row(stmt, &deletion);
        buf_add(&rows, &deletion, sizeof deletion);
    }
    (void)sqlite3_finalize(stmt);
    status = THEN(status, buf_status(&rows, "deletions", err));
    if (status != OK) {
        buf_fini(&rows);
        return status;
    }
    *out_count = rows.size / sizeof **out_deletions;
    *out_deletions = (struct deletion *)(void *)rows.data;
    return OK;
}

enum status deletion_list(struct archive *archive, int64_t after_id,
                          struct deletion **out_deletions, size_t *out_count, struct err *err)
{
    return list(archive, DELETION_COLUMNS "WHERE id > ?1 ORDER BY id", after_id, out_deletions,
                out_count, err);
}

enum status deletion_finish(struct archive *archive, struct err *err)
{
    struct deletion *undone = NULL;
    size_t count = 0;
    enum status status = list(archive, DELETION_COLUMNS "WHERE done = 0 AND id > ?1 ORDER BY id", 0,
                              &undone, &count, err);
    struct archive *writing = NULL;
    if (status == OK && count > 0) {
        status = archive_open(archive->dir, ARCHIVE_WRITE, &writing, err);
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        status = deletion_carry_out(writing, &undone[i], err);
    }
    archive_close(writing);
    free(undone);
    return status;
}

enum status deletion_next_block(struct archive *archive, int64_t day_us, int64_t *out_block,
                                struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum status status = db_prepare(
        archive->db,
        "SELECT max(coalesce((SELECT max(last_block) FROM deletion WHERE day_us = ?1), 0),"
        " coalesce((SELECT max(last_block) FROM object WHERE day_us = ?1), 0))",
        &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, day_us);
        status = db_step(stmt, &row, err);
    }
    if (status == OK) {
        CHECK(row);
        *out_block = sqlite3_column_int64(stmt, 0) + 1;
    }
    (void)sqlite3_finalize(stmt);
    return status;
}
