#include "schema/seal/seal_store.h"

#include "schema/block/codec.h"
#include "schema/seal/seal_internal.h"
#include "schema/segment/hash_chain.h"

enum status seal_ask(struct archive *archive, const char *sql, int64_t key, sqlite3_stmt **out_stmt,
                     bool *out_row, struct err *err)
{
    *out_stmt = NULL;
    *out_row = false;
    enum status status = db_prepare(archive->db, sql, out_stmt, err);
    if (status == OK && sqlite3_bind_parameter_count(*out_stmt) > 0) {
        (void)sqlite3_bind_int64(*out_stmt, 1, key);
    }
    return THEN(status, db_step(*out_stmt, out_row, err));
}

enum status seal_ask_number(struct archive *archive, const char *sql, int64_t *out_number,
                            struct err *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = seal_ask(archive, sql, 0, &stmt, &row, err);
    if (status == OK) {
        *out_number = row ? sqlite3_column_int64(stmt, 0) : 0;
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status seal_last(struct archive *archive, int64_t *out_number, struct err *err)
{
    return seal_ask_number(archive, "SELECT max(number) FROM seal", out_number, err);
}

enum status seal_next_to_put(struct archive *archive, int64_t *out_number, struct err *err)
{
    return seal_ask_number(archive, "SELECT min(number) FROM seal WHERE put_us = 0", out_number,
                           err);
}

bool seal_read_bytes(sqlite3_stmt *stmt, int at, void *out, size_t size)
{
    struct span bytes = db_column_span(stmt, at);
    if (bytes.size == size) {
        memcpy(out, bytes.data, size);
    }
    return bytes.size == size;
}

static enum status unpack(struct span packed, struct buf *text, struct err *err)
{
    struct codec *codec = codec_new();
    enum status status = codec ? codec_unpack(codec, packed, SEAL_TEXT_BYTES_MAX, text, err)
                               : err_nomem(err, "seal");
    codec_free(codec);
    return status;
}

enum status seal_get(struct archive *archive, int64_t number, struct seal_row *out_row,
                     struct buf *text, struct err *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        seal_ask(archive,
                 "SELECT number, made_us, packed, sha256, signature, put_us FROM seal"
                 " WHERE number = ?1",
                 number, &stmt, &row, err);
    if (status == OK && !row) {
        status = err_set(err, ERR_NOT_FOUND, "there is no seal %lld", (long long)number);
    }
    struct seal_row found = {.number = number};
    buf_clear(text);
    if (status == OK) {
        found.made_us = sqlite3_column_int64(stmt, 1);
        found.put_us = sqlite3_column_int64(stmt, 5);
        status = unpack(db_column_span(stmt, 2), text, err);
    }
    if (status == OK && (!seal_read_bytes(stmt, 3, found.sha256.bytes, sizeof found.sha256.bytes) ||
                         !seal_read_bytes(stmt, 4, found.signature, sizeof found.signature))) {
        status = err_set(err, ERR_CORRUPT, "its digest or signature has the wrong length");
    }
    (void)sqlite3_finalize(stmt);
    if (status == OK) {
        *out_row = found;
    }
    return status == ERR_CORRUPT ? err_wrap(err, "seal %lld", (long long)number) : status;
}

enum status seal_change(struct archive *archive, const char *sql, int64_t a, int64_t b,
                        struct span blob, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = db_prepare(archive->db, sql, &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, a);
        (void)sqlite3_bind_int64(stmt, 2, b);
        if (blob.size > 0) {
            db_bind_blob(stmt, 3, blob);
        }
        status = db_run(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

enum status seal_mark_put(struct archive *archive, int64_t number, int64_t put_us, struct err *err)
{
    enum status status = archive_begin(archive, err);
    status = THEN(status, seal_change(archive, "UPDATE seal SET put_us = ?2 WHERE number = ?1",
                                      number, put_us, span_of(NULL, 0), err));
    status = THEN(status, archive_commit(archive, err));
    if (status != OK) {
        archive_rollback(archive);
    }
    return status;
}

enum status seal_day_get(struct archive *archive, int64_t day_us, int64_t *out_block,
                         struct digest *out_chain, struct err *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = seal_ask(archive, "SELECT block, chain FROM seal_day WHERE day_us = ?1",
                                  day_us, &stmt, &row, err);
    if (status == OK && row) {
        *out_block = sqlite3_column_int64(stmt, 0);
        if (!seal_read_bytes(stmt, 1, out_chain->bytes, sizeof out_chain->bytes)) {
            status = err_set(err, ERR_CORRUPT, "seal: a chain of the wrong length");
        }
    } else if (status == OK) {
        *out_block = 0;
        *out_chain = hash_chain_start(day_us);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}
