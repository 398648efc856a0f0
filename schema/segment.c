/* Opening a segment and reading its vectors and columns. */
#include "schema/segment.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/segment_internal.h"

extern const char segment_1_sql[];

static const char *const segment_ladder[] = {segment_1_sql};
const struct db_kind segment_kind = {
    .name = "segment",
    .application_id = 0x53746c53, /* "StlS" */
    .page_bytes = 32768,
    .sql = segment_ladder,
    .version = sizeof segment_ladder / sizeof segment_ladder[0],
};

static const char *const statement_sql[] = {
#define X(name, sql) sql,
#include "schema/segment_statement.def"
#undef X
};

enum status segment_statement(struct segment *segment, enum segment_statement which,
                              sqlite3_stmt **out_stmt, struct err *err)
{
    if (!segment->statements[which]) {
        enum status status =
            db_prepare(segment->db, statement_sql[which], &segment->statements[which], err);
        if (status != OK) {
            return status;
        }
    }
    *out_stmt = segment->statements[which];
    return OK;
}

enum status segment_corrupt(const struct segment *segment, int64_t block, struct err *err)
{
    struct err inner = {.text = ""};
    if (err && err->status != OK) {
        inner = *err;
    }
    return err_set(err, ERR_CORRUPT, "%s: block %lld is damaged%s%.200s", segment->path,
                   (long long)block, inner.text[0] ? ": " : "", inner.text);
}

enum status segment_block_append(struct segment *segment, const struct block_info *info,
                                 struct err *err)
{
    if (segment->n_blocks == segment->blocks_capacity) {
        size_t capacity = segment->blocks_capacity ? segment->blocks_capacity * 2 : 64;
        struct block_info *blocks = realloc(segment->blocks, capacity * sizeof *blocks);
        if (!blocks) {
            return err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
        }
        segment->blocks = blocks;
        segment->blocks_capacity = capacity;
    }
    segment->blocks[segment->n_blocks++] = *info;
    return OK;
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
            .frame_bytes = sqlite3_column_int64(stmt, 5),
            .has_partial = sqlite3_column_int(stmt, 7) != 0,
            .has_text = sqlite3_column_int64(stmt, 8) > 0,
        };
        struct span sha256 = db_column_span(stmt, 6);
        if (info.id < 1 || info.id > UINT32_MAX || info.n_events < 1 ||
            info.n_events > BLOCK_EVENTS_MAX || sha256.size != sizeof info.sha256.bytes) {
            status = segment_corrupt(segment, info.id, err);
        } else {
            memcpy(info.sha256.bytes, sha256.data, sha256.size);
            status = segment_block_append(segment, &info, err);
        }
    }
    (void)sqlite3_reset(segment->statements[SEGMENT_BLOCKS]);
    return status;
}

enum status segment_field_append(struct segment *segment, struct span name, struct err *err)
{
    if (segment->n_fields == segment->fields_capacity) {
        size_t capacity = segment->fields_capacity ? segment->fields_capacity * 2 : 128;
        struct segment_field *fields = realloc(segment->fields, capacity * sizeof *fields);
        if (!fields) {
            return err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
        }
        segment->fields = fields;
        segment->fields_capacity = capacity;
    }
    char *copy = strndup(name.data ? name.data : "", name.size);
    if (!copy) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
    }
    segment->fields[segment->n_fields++] = (struct segment_field){.name = copy};
    return OK;
}

static enum status read_fields(struct segment *segment, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_FIELDS, &stmt, err);
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        if (sqlite3_column_int64(stmt, 0) != (int64_t)segment->n_fields) {
            status = err_set(err, ERR_CORRUPT, "%s: field ids have a gap", segment->path);
            break;
        }
        status = segment_field_append(segment, db_column_span(stmt, 1), err);
        if (status == OK) {
            struct segment_field *field = &segment->fields[segment->n_fields - 1];
            field->cells = sqlite3_column_int64(stmt, 2);
            field->distinct_values = sqlite3_column_int64(stmt, 3);
            field->is_text = sqlite3_column_int(stmt, 4) != 0;
            field->has_numbers = sqlite3_column_int(stmt, 5) != 0;
        }
    }
    (void)sqlite3_reset(segment->statements[SEGMENT_FIELDS]);
    return status;
}

enum status segment_attach(struct segment *segment, sqlite3 *db, const char *path, struct err *err)
{
    *segment = (struct segment){.db = db, .lines = BLOCK_LINES_INIT};
    (void)snprintf(segment->path, sizeof segment->path, "%s", path);
    segment->codec = codec_new();
    if (!segment->codec) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", path);
    }
    enum status status = db_int64(db, "SELECT day_us FROM segment", &segment->day_us, err);
    if (status == ERR_CORRUPT) {
        return err_set(err, ERR_CORRUPT, "%s is damaged: %s", path, sqlite3_errmsg(db));
    }
    if (status == OK) {
        status = read_blocks(segment, err);
    }
    return status == OK ? read_fields(segment, err) : status;
}

void segment_detach(struct segment *segment)
{
    for (size_t i = 0; i < SEGMENT_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(segment->statements[i]);
    }
    for (size_t i = 0; i < segment->n_fields; i++) {
        free(segment->fields[i].name);
    }
    free(segment->fields);
    free(segment->blocks);
    free(segment->text_fields);
    codec_free(segment->codec);
    buf_fini(&segment->scratch);
    block_lines_fini(&segment->lines);
    db_close(segment->db);
}

enum status segment_open(const char *path, struct segment **out_segment, struct err *err)
{
    struct segment *segment = calloc(1, sizeof *segment);
    if (!segment) {
        return err_set(err, ERR_NOMEM, "%s: out of memory", path);
    }
    sqlite3 *db = NULL;
    enum status status = db_open(path, DB_READ, &segment_kind, &db, err);
    if (status != OK) {
        free(segment);
        return status;
    }
    /* One snapshot from open to close: blocks, fields and columns that fit together. Pages are read
     * where the kernel has them: a segment only grows, and one that is deleted stays while it is
     * open, so that no page is taken away from under a reader. */
    status = db_exec(db, "PRAGMA mmap_size=2147418112; BEGIN", err);
    if (status == OK) {
        status = segment_attach(segment, db, path, err);
    } else {
        segment->db = db;
    }
    if (status != OK) {
        segment_close(segment);
        return status;
    }
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

int64_t segment_day_us(const struct segment *segment)
{
    return segment->day_us;
}

int64_t segment_inbox_high(const struct segment *segment, const char *archive_id)
{
    sqlite3_stmt *stmt = NULL;
    int64_t high = 0;
    bool row = false;
    if (db_prepare(segment->db, statement_sql[SEGMENT_INBOX_HIGH], &stmt, NULL) == OK) {
        db_bind_span(stmt, 1, span_str(archive_id));
        if (db_step(stmt, &row, NULL) == OK && row) {
            high = sqlite3_column_int64(stmt, 0);
        }
    }
    (void)sqlite3_finalize(stmt);
    return high;
}

const struct block_info *segment_blocks(const struct segment *segment, size_t *out_count)
{
    *out_count = segment->n_blocks;
    return segment->blocks;
}

const struct block_info *segment_block(const struct segment *segment, int64_t block)
{
    /* Ids go up by one from 1; a file made otherwise is searched. */
    if (block >= 1 && block <= (int64_t)segment->n_blocks &&
        segment->blocks[block - 1].id == block) {
        return &segment->blocks[block - 1];
    }
    for (size_t i = 0; i < segment->n_blocks; i++) {
        if (segment->blocks[i].id == block) {
            return &segment->blocks[i];
        }
    }
    return NULL;
}

/* The blob of a statement with two keys; empty when there is no row. Lives until `stmt` is reset.
 */
static enum status read_blob(struct segment *segment, enum segment_statement which, int64_t first,
                             int64_t second, sqlite3_stmt **out_stmt, struct span *out_blob,
                             struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, which, &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, first);
    if (sqlite3_bind_parameter_count(stmt) > 1) {
        (void)sqlite3_bind_int64(stmt, 2, second);
    }
    bool row = false;
    status = db_step(stmt, &row, err);
    if (status == OK) {
        *out_blob = row ? db_column_span(stmt, 0) : span_of(NULL, 0);
        *out_stmt = stmt;
    }
    return status;
}

static enum status read_times(struct segment *segment, enum segment_vector kind, int64_t block,
                              int64_t *out_times_us, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = read_blob(segment, SEGMENT_VECTOR, kind, block, &stmt, &blob, err);
    if (status == OK) {
        status = times_decode(segment->codec, blob, info->n_events, out_times_us, err);
        (void)sqlite3_reset(stmt);
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

enum status segment_times(struct segment *segment, int64_t block,
                          int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return read_times(segment, VECTOR_TIMES, block, out_times_us, err);
}

enum status segment_arrivals(struct segment *segment, int64_t block,
                             int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return read_times(segment, VECTOR_ARRIVALS, block, out_times_us, err);
}

/* A vector of exactly `bytes` bytes; one that is not there counts as zeros if `optional`. */
static enum status read_bytes(struct segment *segment, enum segment_vector kind, int64_t block,
                              void *out, size_t bytes, bool optional, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = read_blob(segment, SEGMENT_VECTOR, kind, block, &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    if (blob.size == 0 && optional) {
        memset(out, 0, bytes);
        (void)sqlite3_reset(stmt);
        return OK;
    }
    buf_clear(&segment->scratch);
    status = vector_unpack(segment->codec, blob, bytes, &segment->scratch, err);
    (void)sqlite3_reset(stmt);
    if (status == OK && segment->scratch.size != bytes) {
        status = err_set(err, ERR_CORRUPT, "a vector of the wrong length");
    }
    if (status == OK) {
        memcpy(out, segment->scratch.data, bytes);
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

enum status segment_identities(struct segment *segment, int64_t block,
                               uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    unsigned char bytes[BLOCK_EVENTS_MAX * IDENTITY_BYTES];
    enum status status = info ? read_bytes(segment, VECTOR_IDENTITIES, block, bytes,
                                           info->n_events * IDENTITY_BYTES, false, err)
                              : segment_corrupt(segment, block, err);
    for (size_t i = 0; status == OK && i < info->n_events; i++) {
        const unsigned char *at = bytes + i * IDENTITY_BYTES;
        out_hashes[i] = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
    }
    return status;
}

enum status segment_partial(struct segment *segment, int64_t block, struct bitmap *out_map,
                            struct err *err)
{
    return read_bytes(segment, VECTOR_PARTIAL, block, out_map, sizeof *out_map, true, err);
}

size_t segment_field_count(const struct segment *segment)
{
    return segment->n_fields;
}

const char *segment_field_name(const struct segment *segment, size_t field)
{
    CHECK(field < segment->n_fields);
    return segment->fields[field].name;
}

bool segment_field_has_numbers(const struct segment *segment, size_t field)
{
    CHECK(field < segment->n_fields);
    return segment->fields[field].has_numbers;
}

long segment_field_find(const struct segment *segment, struct span name)
{
    for (size_t i = 0; i < segment->n_fields; i++) {
        if (span_is(name, segment->fields[i].name)) {
            return (long)i;
        }
    }
    return -1;
}

enum status segment_text_fields(struct segment *segment, int64_t block, const uint32_t **out_fields,
                                size_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = read_blob(segment, SEGMENT_TEXT_FIELDS, block, 0, &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    size_t count = 0;
    uint64_t field = 0;
    for (size_t at = 0; status == OK && at < blob.size; count++) {
        uint64_t delta;
        if (!varint_read(blob, &at, &delta) || (field += delta) >= segment->n_fields) {
            status = segment_corrupt(segment, block, err);
            break;
        }
        if (count == segment->text_fields_capacity) {
            size_t capacity = count ? count * 2 : 64;
            uint32_t *fields = realloc(segment->text_fields, capacity * sizeof *fields);
            if (!fields) {
                status = err_set(err, ERR_NOMEM, "%s: out of memory", segment->path);
                break;
            }
            segment->text_fields = fields;
            segment->text_fields_capacity = capacity;
        }
        segment->text_fields[count] = (uint32_t)field;
    }
    (void)sqlite3_reset(stmt);
    if (status == OK) {
        *out_fields = segment->text_fields;
        *out_count = count;
    }
    return status;
}

enum status segment_column(struct segment *segment, size_t field, int64_t block,
                           struct column *column, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status =
        read_blob(segment, SEGMENT_COLUMN, (int64_t)field, block, &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    if (blob.size == 0) {
        column->store = FIELD_ABSENT;
    } else {
        status = column_decode(segment->codec, blob, info->n_events, column, err);
    }
    (void)sqlite3_reset(stmt);
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

enum status segment_frame(struct segment *segment, int64_t block, struct buf *out, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = read_blob(segment, SEGMENT_FRAME, block, 0, &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    if (blob.size == 0) {
        status = segment_corrupt(segment, block, err);
    } else {
        buf_add_span(out, blob);
        status = buf_status(out, segment->path, err);
    }
    (void)sqlite3_reset(stmt);
    return status;
}
