#include "schema/seal/seal_store.h"

#include "schema/archive/archive.h"
#include "schema/block/codec.h"
#include "schema/block/hash_chain.h"
#include "schema/db/db_query.h"

enum status seal_last(struct archive *archive, int64_t *out_number, struct err *err)
{
    return db_first_int(archive_db(archive), "SELECT max(number) FROM seal", DB_NO_VALUES,
                        out_number, err);
}

enum status seal_next(struct archive *archive, int64_t number, int64_t *out_next, struct err *err)
{
    return db_first_int(archive_db(archive), "SELECT min(number) FROM seal WHERE number > ?1",
                        DB_WITH(DB_INT(number)), out_next, err);
}

enum status seal_next_to_put(struct archive *archive, int64_t *out_number, struct err *err)
{
    return db_first_int(archive_db(archive), "SELECT min(number) FROM seal WHERE put_us = 0",
                        DB_NO_VALUES, out_number, err);
}

static enum status unpack(struct span packed, struct buf *text, struct err *err)
{
    struct codec *codec = codec_new();
    enum status status = codec ? codec_unpack(codec, packed, SEAL_TEXT_BYTES_MAX, text, err)
                               : err_nomem(err, "seal");
    codec_free(codec);
    return status;
}

struct seal_found {
    struct seal_row row;
    struct buf *text;
};

static enum status take_seal(void *context, sqlite3_stmt *row, struct err *err)
{
    struct seal_found *found = context;
    found->row.made_us = sqlite3_column_int64(row, 0);
    found->row.put_us = sqlite3_column_int64(row, 4);
    if (!db_column_bytes(row, 2, &found->row.sha256, sizeof found->row.sha256) ||
        !db_column_bytes(row, 3, found->row.signature, sizeof found->row.signature)) {
        return err_set(err, ERR_CORRUPT, "its digest or signature has the wrong length");
    }
    return unpack(db_column_span(row, 1), found->text, err);
}

enum status seal_get(struct archive *archive, int64_t number, struct seal_row *out_row,
                     struct buf *text, struct err *err)
{
    struct seal_found found = {.row = {.number = number}, .text = text};
    bool is_there = false;
    buf_clear(text);
    enum status status = db_first(archive_db(archive),
                                  "SELECT made_us, packed, sha256, signature, put_us FROM seal"
                                  " WHERE number = ?1",
                                  DB_WITH(DB_INT(number)), take_seal, &found, &is_there, err);
    if (status == OK && !is_there) {
        return err_set(err, ERR_NOT_FOUND, "there is no seal %lld", (long long)number);
    }
    if (status == OK) {
        *out_row = found.row;
    }
    return status == ERR_CORRUPT ? err_wrap(err, status, "seal %lld", (long long)number) : status;
}

enum status seal_mark_put(struct archive *archive, int64_t number, int64_t put_us, struct err *err)
{
    return archive_change(archive, "UPDATE seal SET put_us = ?2 WHERE number = ?1",
                          DB_WITH(DB_INT(number), DB_INT(put_us)), err);
}

struct seal_day_found {
    int64_t block;
    struct digest chain;
};

static enum status take_day(void *context, sqlite3_stmt *row, struct err *err)
{
    struct seal_day_found *found = context;
    found->block = sqlite3_column_int64(row, 0);
    return db_column_bytes(row, 1, &found->chain, sizeof found->chain)
               ? OK
               : err_set(err, ERR_CORRUPT, "seal: a chain of the wrong length");
}

enum status seal_day_get(struct archive *archive, int64_t day_us, int64_t *out_block,
                         struct digest *out_chain, struct err *err)
{
    struct seal_day_found found = {.block = 0, .chain = hash_chain_start(day_us)};
    bool is_there;
    enum status status =
        db_first(archive_db(archive), "SELECT block, chain FROM seal_day WHERE day_us = ?1",
                 DB_WITH(DB_INT(day_us)), take_day, &found, &is_there, err);
    if (status == OK) {
        *out_block = found.block;
        *out_chain = found.chain;
    }
    return status;
}
