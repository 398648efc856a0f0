/* Reading what a block has: vectors, text fields, its frame. */
#include "schema/segment/segment_internal.h"

const struct block_info *segment_block(const struct segment *segment, int64_t block)
{
    /* Ids go up by one from 1; a file made otherwise is searched. */
    if (block >= 1 && block <= (int64_t)segment->blocks.count &&
        segment->blocks.items[block - 1].id == block) {
        return &segment->blocks.items[block - 1];
    }
    for (size_t i = 0; i < segment->blocks.count; i++) {
        if (segment->blocks.items[i].id == block) {
            return &segment->blocks.items[i];
        }
    }
    return NULL;
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
    enum status status = segment_blob(segment, SEGMENT_VECTOR, DB_WITH(DB_INT(kind), DB_INT(block)),
                                      &stmt, &blob, err);
    if (status == OK) {
        status = column_times_decode(segment->codec, blob, info->n_events, out_times_us, err);
        (void)sqlite3_reset(stmt);
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

enum status segment_times(struct segment *segment, int64_t block,
                          int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return read_times(segment, SEGMENT_VECTOR_TIMES, block, out_times_us, err);
}

enum status segment_arrivals(struct segment *segment, int64_t block,
                             int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return read_times(segment, SEGMENT_VECTOR_ARRIVALS, block, out_times_us, err);
}

/* A vector of exactly `bytes` bytes; one that is not there counts as zeros if `optional`. */
static enum status read_bytes(struct segment *segment, enum segment_vector kind, int64_t block,
                              void *out, size_t bytes, bool optional, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = segment_blob(segment, SEGMENT_VECTOR, DB_WITH(DB_INT(kind), DB_INT(block)),
                                      &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    if (blob.size == 0 && optional) {
        memset(out, 0, bytes);
        (void)sqlite3_reset(stmt);
        return OK;
    }
    buf_clear(&segment->scratch);
    status = column_vector_unpack(segment->codec, blob, bytes, &segment->scratch, err);
    (void)sqlite3_reset(stmt);
    if (status == OK && segment->scratch.size != bytes) {
        status = err_set(err, ERR_CORRUPT, "a vector of the wrong length");
    }
    if (status == OK) {
        memcpy(out, segment->scratch.data, bytes);
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

/* Checks the vector's form; *out_planes are all low bytes, then the middle and the high ones. */
static enum status identity_planes(struct segment *segment, const struct block_info *info,
                                   struct span blob, const unsigned char **out_planes,
                                   struct err *err)
{
    if (blob.size != 1 + info->n_events * SEGMENT_IDENTITY_BYTES ||
        blob.data[0] != SEGMENT_IDENTITY_PLANES) {
        (void)err_set(err, ERR_CORRUPT, "a vector of the wrong length");
        return segment_corrupt(segment, info->id, err);
    }
    *out_planes = (const unsigned char *)blob.data + 1;
    return OK;
}

static enum status read_identities(struct segment *segment, int64_t block, sqlite3_stmt **out_stmt,
                                   const unsigned char **out_planes, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    struct span blob;
    enum status status = segment_blob(segment, SEGMENT_VECTOR,
                                      DB_WITH(DB_INT(SEGMENT_VECTOR_IDENTITIES), DB_INT(block)),
                                      out_stmt, &blob, err);
    if (status == OK) {
        status = identity_planes(segment, info, blob, out_planes, err);
        if (status != OK) {
            (void)sqlite3_reset(*out_stmt);
        }
    }
    return status;
}

enum status segment_identities(struct segment *segment, int64_t block,
                               uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    sqlite3_stmt *stmt;
    const unsigned char *planes;
    enum status status = read_identities(segment, block, &stmt, &planes, err);
    if (status != OK) {
        return status;
    }
    size_t n = segment_block(segment, block)->n_events;
    for (size_t i = 0; i < n; i++) {
        out_hashes[i] =
            (uint32_t)planes[i] | (uint32_t)planes[n + i] << 8 | (uint32_t)planes[2 * n + i] << 16;
    }
    (void)sqlite3_reset(stmt);
    return OK;
}

static void find_hash(const unsigned char *planes, size_t n, uint32_t hash, struct bitmap *map)
{
    const unsigned char *at = planes;
    while ((at = memchr(at, (int)(hash & 0xff), n - (size_t)(at - planes))) != NULL) {
        size_t slot = (size_t)(at - planes);
        if (planes[n + slot] == (hash >> 8 & 0xff) && planes[2 * n + slot] == hash >> 16) {
            bitmap_set(map, slot);
        }
        at++;
    }
}

enum status segment_identity_find(struct segment *segment, int64_t block, const uint32_t *hashes,
                                  size_t n_hashes, struct bitmap *map, struct err *err)
{
    sqlite3_stmt *stmt;
    const unsigned char *planes;
    enum status status = read_identities(segment, block, &stmt, &planes, err);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < n_hashes; i++) {
        find_hash(planes, segment_block(segment, block)->n_events, hashes[i], map);
    }
    (void)sqlite3_reset(stmt);
    return OK;
}

enum status segment_partial(struct segment *segment, int64_t block, struct bitmap *out_map,
                            struct err *err)
{
    return read_bytes(segment, SEGMENT_VECTOR_PARTIAL, block, out_map, sizeof *out_map, true, err);
}

enum status segment_text_fields(struct segment *segment, int64_t block, const uint32_t **out_fields,
                                size_t *out_count, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status =
        segment_blob(segment, SEGMENT_TEXT_FIELDS, DB_WITH(DB_INT(block)), &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    vec_clear(&segment->text_fields);
    uint64_t field = 0;
    for (size_t at = 0; status == OK && at < blob.size;) {
        uint64_t delta;
        if (!buf_read_varint(blob, &at, &delta) || (field += delta) >= segment->fields.count) {
            status = segment_corrupt(segment, block, err);
        } else if (!vec_push(&segment->text_fields, (uint32_t)field)) {
            status = err_nomem(err, segment->path);
        }
    }
    (void)sqlite3_reset(stmt);
    if (status == OK) {
        *out_fields = segment->text_fields.items;
        *out_count = segment->text_fields.count;
    }
    return status;
}

enum status segment_frame(struct segment *segment, int64_t block, struct buf *out, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status =
        segment_blob(segment, SEGMENT_FRAME, DB_WITH(DB_INT(block)), &stmt, &blob, err);
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
