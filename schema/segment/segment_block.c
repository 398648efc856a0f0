/* Reading what a block has: vectors, text fields, its frame. */
#include "schema/segment/block_pack.h"
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

/* ERR_CORRUPT with the file and the block in front. */
static enum status named(const struct segment *segment, int64_t block, enum status status,
                         struct err *err)
{
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}

static enum status noted_times(struct segment *segment, int64_t block, const char *path,
                               int64_t *out_times_us, struct err *err)
{
    struct block_columns columns;
    enum status status = segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err);
    return status != OK ? status
                        : named(segment, block,
                                block_derive_noted_times(&columns, path, out_times_us, err), err);
}

enum status segment_arrivals(struct segment *segment, int64_t block,
                             int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    return noted_times(segment, block, BLOCK_PACK_RECEIVED, out_times_us, err);
}

/* What is noted comes before what the event tells; the time of the arrival stands in for both. */
enum status segment_times(struct segment *segment, int64_t block,
                          int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err)
{
    struct block_columns columns;
    int64_t received_us[BLOCK_EVENTS_MAX];
    int64_t noted_us[BLOCK_EVENTS_MAX];
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    if (status == OK) {
        status = named(segment, block, block_derive_times(&columns, "time", out_times_us, err), err);
    }
    status = THEN(status, noted_times(segment, block, BLOCK_PACK_TIME, noted_us, err));
    status = THEN(status, segment_arrivals(segment, block, received_us, err));
    for (size_t i = 0; status == OK && i < segment_block(segment, block)->n_events; i++) {
        int64_t told_us = noted_us[i] == BLOCK_DERIVE_TIME_NONE ? out_times_us[i] : noted_us[i];
        out_times_us[i] = told_us == BLOCK_DERIVE_TIME_NONE ? received_us[i] : told_us;
    }
    return status;
}

enum status segment_identities(struct segment *segment, int64_t block,
                               uint32_t out_hashes[BLOCK_EVENTS_MAX], struct err *err)
{
    struct block_columns columns;
    uint32_t noted[BLOCK_EVENTS_MAX];
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    if (status == OK) {
        status = named(segment, block, block_derive_identities(&columns, out_hashes, err), err);
    }
    status = THEN(status,
                  segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err));
    if (status == OK) {
        status = named(segment, block,
                       block_derive_noted_hashes(&columns, BLOCK_PACK_IDENTITY, noted, err), err);
    }
    for (size_t i = 0; status == OK && i < segment_block(segment, block)->n_events; i++) {
        out_hashes[i] = noted[i] == BLOCK_DERIVE_HASH_NONE ? out_hashes[i] : noted[i];
    }
    return status;
}

enum status segment_identity_find(struct segment *segment, int64_t block, const uint32_t *hashes,
                                  size_t n_hashes, struct bitmap *map, struct err *err)
{
    uint32_t found[BLOCK_EVENTS_MAX];
    enum status status = segment_identities(segment, block, found, err);
    for (size_t slot = 0; status == OK && slot < segment_block(segment, block)->n_events; slot++) {
        for (size_t i = 0; i < n_hashes; i++) {
            if (found[slot] == hashes[i]) {
                bitmap_set(map, slot);
            }
        }
    }
    return status;
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
