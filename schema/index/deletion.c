/* Deleting days (the order is in deletion.h). On the thread that has the archive's lock: the row is
 * durable before the file goes, the file's end before the mark. */
#include "schema/index/deletion.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/base/vec.h"
#include "schema/db/db_query.h"
#include "schema/file/file.h"
#include "schema/segment/segment_map.h"
#include "schema/segment/segment_writer.h"

enum status deletion_add(struct archive *archive, struct deletion *deletion, struct err *err)
{
    const struct deletion *d = deletion;
    size_t chain_bytes = d->has_chain ? sizeof d->chain.bytes : 0;
    enum status status = db_change(
        archive_db(archive),
        "INSERT INTO deletion (day_us, deleted_us, why, who, forced, events, unshipped, blocks,"
        " last_block, raw_bytes, file_bytes, chain)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        DB_WITH(DB_INT(d->day_us), DB_INT(d->deleted_us), DB_STR(d->why), DB_STR(d->who),
                DB_INT(d->forced), DB_INT(d->events), DB_INT(d->unshipped), DB_INT(d->blocks),
                DB_INT(d->last_block), DB_INT(d->raw_bytes), DB_INT(d->file_bytes),
                DB_BLOB(span_of(d->chain.bytes, chain_bytes))),
        err);
    if (status == OK) {
        deletion->id = sqlite3_last_insert_rowid(archive_db(archive));
    }
    return status;
}

/* A catalogue that was put back from a copy may hold a deletion that was carried out long ago, and
 * the day a new file since then: its blocks are numbered behind the deleted ones. */
static bool is_another(const struct segment *segment, const struct deletion *deletion)
{
    size_t count = 0;
    const struct block_info *blocks = segment_blocks(segment, &count);
    return count > 0 && blocks[count - 1].number > deletion->last_block && deletion->has_chain;
}

/* A day's own file is deleted though it cannot be read. */
static enum status delete_day(const char *dir, const struct deletion *deletion, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct err why;
    struct segment *segment = NULL;
    enum status status = segment_open_day(dir, deletion->day_us, &segment, &why);
    bool another = status == OK && is_another(segment, deletion);
    bool is_merged = status == OK && segment_is_merged(segment);
    if (is_merged && !another) {
        status = file_path_format(path, err, "%s", segment_path(segment));
        segment_close(segment);
        status = THEN(status, segment_writer_remove_day(path, deletion->day_us, err));
        /* and what a merge that was cut off left of it */
        status = THEN(status, archive_segment_path(dir, deletion->day_us, path, err));
        return status == OK && file_exists(path) ? segment_unlink(path, err) : status;
    }
    segment_close(segment);
    enum status opened = status;
    status = archive_segment_path(dir, deletion->day_us, path, err);
    if (status == OK && opened != OK && opened != ERR_NOT_FOUND && !file_exists(path)) {
        return err_copy(err, &why); /* it may be in a file of several days */
    }
    return status == OK && !another ? segment_unlink(path, err) : status;
}

enum status deletion_carry_out(struct archive *archive, const struct deletion *deletion,
                               struct err *err)
{
    enum status status = delete_day(archive_dir(archive), deletion, err);
    return THEN(status, archive_change(archive, "UPDATE deletion SET done = 1 WHERE id = ?1",
                                       DB_WITH(DB_INT(deletion->id)), err));
}

#define DELETION_COLUMNS                                                                           \
    "SELECT id, day_us, deleted_us, why, who, forced, events, unshipped, blocks, last_block,"      \
    " raw_bytes, file_bytes, chain, seal, done FROM deletion "

struct deletions VEC_OF(struct deletion);

static enum status take_deletion(void *context, sqlite3_stmt *row, struct err *err)
{
    struct deletion *out = vec_add((struct deletions *)context);
    if (!out) {
        return err_nomem(err, "deletions");
    }
    *out = (struct deletion){
        .id = sqlite3_column_int64(row, 0),
        .day_us = sqlite3_column_int64(row, 1),
        .deleted_us = sqlite3_column_int64(row, 2),
        .forced = sqlite3_column_int(row, 5) != 0,
        .events = sqlite3_column_int64(row, 6),
        .unshipped = sqlite3_column_int64(row, 7),
        .blocks = sqlite3_column_int64(row, 8),
        .last_block = sqlite3_column_int64(row, 9),
        .raw_bytes = sqlite3_column_int64(row, 10),
        .file_bytes = sqlite3_column_int64(row, 11),
        .seal = sqlite3_column_int64(row, 13),
        .done = sqlite3_column_int(row, 14) != 0,
    };
    db_column_copy(row, 3, out->why, sizeof out->why);
    db_column_copy(row, 4, out->who, sizeof out->who);
    out->has_chain = db_column_bytes(row, 12, &out->chain, sizeof out->chain);
    return OK;
}

static enum status list(struct archive *archive, const char *sql, int64_t after_id,
                        struct deletion **out_deletions, size_t *out_count, struct err *err)
{
    struct deletions deletions = {0};
    enum status status = db_each(archive_db(archive), sql, DB_WITH(DB_INT(after_id)), take_deletion,
                                 &deletions, err);
    vec_hand_over(&deletions, status, out_deletions, out_count);
    return status;
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
        status = archive_open(archive_dir(archive), ARCHIVE_WRITE, &writing, err);
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
    int64_t last = 0;
    enum status status = db_first_int(
        archive_db(archive),
        "SELECT max(coalesce((SELECT max(last_block) FROM deletion WHERE day_us = ?1), 0),"
        " coalesce((SELECT max(last_block) FROM object WHERE day_us = ?1), 0))",
        DB_WITH(DB_INT(day_us)), &last, err);
    if (status == OK && last > INT64_MAX / 2) {
        return err_set(err, ERR_CORRUPT, "archive.db: a block %lld is on record", (long long)last);
    }
    if (status == OK) {
        *out_block = last + 1;
    }
    return status;
}
