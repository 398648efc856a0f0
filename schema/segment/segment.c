/* Opening a segment, and its blocks. */
#include "schema/segment/segment.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/crypto/cms.h"
#include "schema/db/db_query.h"
#include "schema/segment/segment_internal.h"

extern const char segment_sql[];

const struct db_kind segment_kind = {
    .name = "segment",
    .application_id = 0x53746c53, /* "StlS" */
    .format = DB_FORMAT_SEGMENT,
    .sql = segment_sql,
};

const struct db_kind segment_merged_kind = {
    .name = "segment",
    .application_id = 0x53746c53,
    .format = DB_FORMAT_SEGMENT,
    .sql = segment_sql,
    .shrinks = true,
};

static enum status read_row(struct segment *segment, struct err *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = segment_statement(segment, SEGMENT_ROW, &stmt, err);
    status = THEN(status, db_step(stmt, &row, err));
    if (status == OK && row) {
        segment->day_us = sqlite3_column_int64(stmt, 0);
        segment->created_us = sqlite3_column_int64(stmt, 1);
        segment->is_merged = sqlite3_column_int(stmt, 2) != 0;
    }
    (void)sqlite3_reset(segment->statements[SEGMENT_ROW]);
    return status;
}

static enum status read_blocks(struct segment *segment, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_BLOCKS, &stmt, err);
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        struct block_info info = {
            .id = sqlite3_column_int64(stmt, 0),
            .n_events = (uint32_t)sqlite3_column_int64(stmt, 1),
            .time_min_us = sqlite3_column_int64(stmt, 2),
            .time_max_us = sqlite3_column_int64(stmt, 3),
            .raw_bytes = sqlite3_column_int64(stmt, 4),
            .stored_bytes = sqlite3_column_int64(stmt, 5),
            .whole_lines = (uint32_t)sqlite3_column_int64(stmt, 7),
            .not_same = sqlite3_column_int(stmt, 8) != 0,
        };
        info.day_us = sqlite3_column_int64(stmt, 9);
        info.number = sqlite3_column_int64(stmt, 10);
        if (info.id < 1 || info.id > UINT32_MAX || !segment_is_day(info.day_us) ||
            info.number < 1 || info.number > UINT32_MAX || info.n_events < 1 ||
            info.n_events > BLOCK_EVENTS_MAX ||
            !db_column_bytes(stmt, 6, &info.sha256, sizeof info.sha256)) {
            status = segment_corrupt(segment, info.id, err);
        } else {
            status = segment_block_append(segment, &info, err);
        }
    }
    (void)sqlite3_reset(segment->statements[SEGMENT_BLOCKS]);
    segment_blocks_sort(segment);
    return status;
}

enum status segment_attach(struct segment *segment, sqlite3 *db, const char *path, struct err *err)
{
    static atomic_uint_fast64_t serials;
    *segment = (struct segment){.db = db, .lines = BLOCK_LINES_INIT};
    segment->serial = atomic_fetch_add(&serials, 1) + 1;
    (void)snprintf(segment->path, sizeof segment->path, "%s", path);
    segment->codec = codec_new();
    if (!segment->codec) {
        return err_nomem(err, path);
    }
    enum status status = read_row(segment, err);
    status = THEN(status, read_blocks(segment, err));
    if (status == ERR_CORRUPT && err) {
        struct err inner = *err;
        return err_set(err, ERR_CORRUPT, "%s is damaged: %.300s", path, inner.text);
    }
    return status;
}

void segment_detach(struct segment *segment)
{
    segment_statements_free(segment);
    vec_fini(&segment->blocks);
    vec_fini(&segment->ids);
    vec_fini(&segment->unread);
    codec_free(segment->codec);
    buf_fini(&segment->scratch);
    buf_fini(&segment->line_sums);
    block_lines_fini(&segment->lines);
    segment_columns_fini(segment);
    db_close(segment->db);
}

enum status segment_open(const char *path, struct segment **out_segment, struct err *err)
{
    struct segment *segment = calloc(1, sizeof *segment);
    if (!segment) {
        return err_nomem(err, path);
    }
    sqlite3 *db = NULL;
    enum status status = db_open(path, DB_READ, &segment_kind, &db, err);
    if (status != OK) {
        free(segment);
        return status == ERR_CORRUPT && cms_form_of(path) != CMS_FORM_NONE ? cms_refuse(path, err)
                                                                           : status;
    }
    /* One snapshot from open to close: blocks, vocabulary and columns that fit together. Pages are
     * read where the kernel has them: a segment only grows, and one that is deleted stays while it
     * is open, so that no page is taken away from under a reader. */
    status = db_exec(db, "PRAGMA mmap_size=2147418112; BEGIN", err);
    if (status == OK) {
        status = segment_attach(segment, db, path, err);
    } else {
        segment->db = db;
    }
    segment->shared = segment_vocabulary_new();
    if (status == OK && !segment->shared) {
        status = err_nomem(err, path);
    }
    if (status != OK) {
        segment_close(segment);
        return status;
    }
    segment->shared->last_id = segment->last_id;
    *out_segment = segment;
    return OK;
}

void segment_close(struct segment *segment)
{
    if (segment) {
        segment_detach(segment);
        free(segment);
    }
}

struct sqlite3 *segment_db(struct segment *segment)
{
    return segment->db;
}

int64_t segment_first_day_us(const struct segment *segment)
{
    return segment->day_us;
}

int64_t segment_day_us(const struct segment *segment)
{
    return segment->view_count > 0 ? segment->blocks.items[segment->view_at].day_us
                                   : segment->day_us;
}

uint64_t segment_serial(const struct segment *segment)
{
    return segment->serial;
}

bool segment_is_merged(const struct segment *segment)
{
    return segment->is_merged;
}

const char *segment_path(const struct segment *segment)
{
    return segment->path;
}

int64_t segment_created_us(const struct segment *segment)
{
    return segment->created_us;
}

int64_t segment_inbox_high(const struct segment *segment, const char *archive_id)
{
    int64_t high = 0;
    return db_first_int(segment->db, "SELECT inbox_id FROM inbox_high WHERE archive_id = ?1",
                        DB_WITH(DB_STR(archive_id)), &high, NULL) == OK
               ? high
               : 0;
}
