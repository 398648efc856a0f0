/* Making the next seal, on the thread that holds the archive's lock. The caller first appends new
 * blocks to a draft, day by day (seal_add_day), which only reads. seal_make then opens one writer
 * transaction: it appends the objects and deletions that are in no seal, writes and signs the text,
 * stores it, and marks days, objects and deletions as sealed. Its commit makes all of that durable
 * at once; after a failure nothing of it has happened. */
#include <stdio.h>

#include "schema/archive/archive.h"
#include "schema/block/codec.h"
#include "schema/block/hash_chain.h"
#include "schema/db/db_query.h"
#include "schema/seal/seal_store.h"
#include "schema/segment/block_proof.h"
#include "schema/segment/segment_map.h"

enum { SEAL_LEVEL = 3 };

static enum status add_block(struct seal *draft, struct segment *segment,
                             const struct block_info *info, struct err *err)
{
    struct seal_block block = {.day_us = segment_day_us(segment),
                               .block = info->number,
                               .events = info->n_events,
                               .raw_bytes = info->raw_bytes,
                               .sha256 = info->sha256};
    struct block_proof proof;
    enum status status = block_proof_read(segment, info->id, &proof, err);
    if (status != OK) {
        return status;
    }
    block.arrivals_sha256 = proof.arrivals_sha256;
    block.line_sums = arena_copy(&draft->arena, proof.line_sums);
    if (!block.line_sums.data) {
        return err_nomem(err, "seal");
    }
    return vec_push(&draft->blocks, block) ? OK : err_nomem(err, "seal");
}

/* Blocks of the segment behind `after`, as many as there is room for. */
static enum status add_blocks(struct seal *draft, struct segment *segment, int64_t after,
                              struct digest chain, bool *out_more, struct err *err)
{
    size_t count;
    size_t had = draft->blocks.count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    struct seal_day day = {.day_us = segment_day_us(segment), .first = had};
    enum status status = OK;
    if (count > 0 && blocks[count - 1].number < after) {
        char text[CLOCK_TEXT_BYTES];
        return err_set(err, ERR_CORRUPT,
                       "segment %s ends with block %lld, and block %lld was sealed: run stele "
                       "verify",
                       clock_format_day(day.day_us, text), (long long)blocks[count - 1].number,
                       (long long)after);
    }
    for (size_t i = 0; i < count && status == OK; i++) {
        if (blocks[i].number <= after) {
            continue;
        }
        if (had + day.count == SEAL_BLOCKS_MAX) {
            *out_more = true;
            break;
        }
        status = add_block(draft, segment, &blocks[i], err);
        chain = hash_chain_add(&chain, &blocks[i]);
        day.count++;
    }
    day.chain = chain;
    if (status == OK && day.count > 0 && !vec_push(&draft->days, day)) {
        status = err_nomem(err, "seal");
    }
    return status;
}

enum status seal_add_day(struct archive *archive, struct seal *draft, int64_t day_us,
                         bool *out_more, struct err *err)
{
    struct segment *segment = NULL;
    struct digest chain;
    int64_t after;
    *out_more = false;
    enum status status = seal_day_get(archive, day_us, &after, &chain, err);
    if (status == OK) {
        struct err why;
        status = segment_open_day(archive_dir(archive), day_us, &segment, &why);
        if (status == ERR_NOT_FOUND) { /* deleted meanwhile */
            return OK;
        }
        if (status != OK) {
            (void)err_copy(err, &why);
        }
    }
    status = THEN(status, add_blocks(draft, segment, after, chain, out_more, err));
    segment_close(segment);
    return status;
}

enum status seal_has_changes(struct archive *archive, bool *out_changes, struct err *err)
{
    int64_t changes = 0;
    enum status status =
        db_first_int(archive_db(archive),
                     "SELECT EXISTS (SELECT 1 FROM object WHERE state = 1 AND seal = 0) OR"
                     " EXISTS (SELECT 1 FROM deletion WHERE seal = 0 AND done = 1)",
                     DB_NO_VALUES, &changes, err);
    *out_changes = changes != 0;
    return status;
}

static enum status take_previous(void *context, sqlite3_stmt *row, struct err *err)
{
    struct seal_head *head = context;
    head->number = sqlite3_column_int64(row, 0) + 1;
    head->has_previous = true;
    return db_column_bytes(row, 1, &head->previous, sizeof head->previous)
               ? OK
               : err_set(err, ERR_CORRUPT, "seal: a digest of the wrong length");
}

/* Previous seal, archive, number. */
static enum status fill_head(struct archive *archive, const struct signing_key *key,
                             struct seal *draft, int64_t now_us, struct err *err)
{
    struct seal_head *head = &draft->head;
    bool has_previous;
    *head = (struct seal_head){.made_us = now_us, .number = 1};
    (void)snprintf(head->archive, sizeof head->archive, "%s", archive_id(archive));
    (void)snprintf(head->key_id, sizeof head->key_id, "%s", signing_key_id(key));
    return db_first(archive_db(archive),
                    "SELECT number, sha256 FROM seal ORDER BY number DESC LIMIT 1", DB_NO_VALUES,
                    take_previous, head, &has_previous, err);
}

static struct span keep_text(struct seal *draft, sqlite3_stmt *stmt, int at, bool *ok)
{
    struct span copy = arena_copy(&draft->arena, db_column_span(stmt, at));
    *ok = *ok && copy.data;
    return copy;
}

static bool take_object(struct seal *draft, sqlite3_stmt *stmt)
{
    bool ok = true;
    struct seal_object object = {
        .target = keep_text(draft, stmt, 1, &ok),
        .key = keep_text(draft, stmt, 2, &ok),
        .bytes = sqlite3_column_int64(stmt, 3),
        .day_us = sqlite3_column_int64(stmt, 5),
        .first_block = sqlite3_column_int64(stmt, 6),
        .last_block = sqlite3_column_int64(stmt, 7),
        .events = sqlite3_column_int64(stmt, 8),
        .codec = sqlite3_column_int(stmt, 9) == LEDGER_GZIP ? LEDGER_GZIP : LEDGER_ZSTD,
        .shipped_us = sqlite3_column_int64(stmt, 10),
        .sent.bytes = sqlite3_column_int64(stmt, 11),
    };
    struct ledger_sent *sent = &object.sent;
    ok = ok && db_column_bytes(stmt, 4, object.sha256.bytes, sizeof object.sha256.bytes) &&
         db_column_bytes(stmt, 12, sent->sha256.bytes, sizeof sent->sha256.bytes);
    db_column_copy(stmt, 13, sent->library, sizeof sent->library);
    return ok && vec_push(&draft->objects, object);
}

static bool take_deletion(struct seal *draft, sqlite3_stmt *stmt)
{
    bool ok = true;
    struct seal_deletion deletion = {
        .id = sqlite3_column_int64(stmt, 0),
        .day_us = sqlite3_column_int64(stmt, 1),
        .deleted_us = sqlite3_column_int64(stmt, 2),
        .why = keep_text(draft, stmt, 3, &ok),
        .events = sqlite3_column_int64(stmt, 4),
        .blocks = sqlite3_column_int64(stmt, 5),
        .last_block = sqlite3_column_int64(stmt, 7),
    };
    deletion.has_chain =
        db_column_bytes(stmt, 6, deletion.chain.bytes, sizeof deletion.chain.bytes);
    return ok && vec_push(&draft->deletions, deletion);
}

/* Rows that are in no seal yet; one more than there is room for says that there are more. */
struct seal_rows {
    struct seal *draft;
    bool (*take)(struct seal *draft, sqlite3_stmt *stmt);
    int64_t count;
    int64_t high; /* id of the last one taken */
};

static enum status take_row(void *context, sqlite3_stmt *row, struct err *err)
{
    struct seal_rows *rows = context;
    if (rows->count++ == SEAL_OBJECTS_MAX) {
        return OK;
    }
    rows->high = sqlite3_column_int64(row, 0);
    return rows->take(rows->draft, row) ? OK : err_nomem(err, "seal");
}

static enum status take_rows(struct archive *archive, const char *sql, struct seal_rows *rows,
                             bool *out_more, struct err *err)
{
    enum status status = db_each(archive_db(archive), sql, DB_WITH(DB_INT(SEAL_OBJECTS_MAX + 1)),
                                 take_row, rows, err);
    *out_more = *out_more || rows->count > SEAL_OBJECTS_MAX;
    return status;
}

static enum status mark_days(struct archive *archive, const struct seal *draft, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; i < draft->days.count && status == OK; i++) {
        const struct seal_day *day = &draft->days.items[i];
        int64_t last = vec_at(&draft->blocks, day->first + day->count - 1)->block;
        status = db_change(archive_db(archive),
                           "INSERT INTO seal_day (day_us, block, chain) VALUES (?1, ?2, ?3)"
                           " ON CONFLICT (day_us) DO UPDATE SET block = excluded.block,"
                           " chain = excluded.chain",
                           DB_WITH(DB_INT(day->day_us), DB_INT(last), DB_DIGEST(&day->chain)), err);
    }
    return status;
}

/* The objects and deletions that the draft has. */
static enum status mark_rows(struct archive *archive, const struct seal *draft, int64_t object_high,
                             struct err *err)
{
    enum status status =
        db_change(archive_db(archive),
                  "UPDATE object SET seal = ?2 WHERE state = 1 AND seal = 0 AND id <= ?1",
                  DB_WITH(DB_INT(object_high), DB_INT(draft->head.number)), err);
    for (size_t i = 0; i < draft->deletions.count && status == OK; i++) {
        status = db_change(
            archive_db(archive), "UPDATE deletion SET seal = ?2 WHERE id = ?1",
            DB_WITH(DB_INT(draft->deletions.items[i].id), DB_INT(draft->head.number)), err);
    }
    return status;
}

static enum status keep(struct archive *archive, const struct signing_key *key,
                        const struct seal *draft, struct err *err)
{
    struct buf text = BUF_INIT;
    struct buf packed = BUF_INIT;
    unsigned char signature[SIGNING_SIGNATURE_BYTES];
    struct codec *codec = codec_new();
    enum status status = codec ? seal_write(draft, &text, err) : err_nomem(err, "seal");
    status = THEN(status, signing_sign(key, buf_span(&text), signature, err));
    status = THEN(status, codec_pack(codec, buf_span(&text), SEAL_LEVEL, true, &packed, err));
    struct digest sha256 = digest_sha256(buf_span(&text));
    status = THEN(status, db_change(archive_db(archive),
                                    "INSERT INTO seal (number, made_us, packed, sha256, signature)"
                                    " VALUES (?1, ?2, ?3, ?4, ?5)",
                                    DB_WITH(DB_INT(draft->head.number), DB_INT(draft->head.made_us),
                                            DB_BLOB(buf_span(&packed)), DB_DIGEST(&sha256),
                                            DB_BLOB(span_of(signature, sizeof signature))),
                                    err));
    codec_free(codec);
    buf_fini(&text);
    buf_fini(&packed);
    return status;
}

static enum status make(struct archive *archive, const struct signing_key *key, struct seal *draft,
                        int64_t now_us, bool *out_more, struct err *err)
{
    struct seal_rows objects = {.draft = draft, .take = take_object};
    struct seal_rows deletions = {.draft = draft, .take = take_deletion};
    enum status status = fill_head(archive, key, draft, now_us, err);
    status = THEN(status, take_rows(archive,
                                    "SELECT id, target, key, bytes, sha256, day_us, first_block,"
                                    " last_block, events, codec, shipped_us, sent_bytes,"
                                    " sent_sha256, sent_by FROM object"
                                    " WHERE state = 1 AND seal = 0 ORDER BY id LIMIT ?1",
                                    &objects, out_more, err));
    status = THEN(status, take_rows(archive,
                                    "SELECT id, day_us, deleted_us, why, events, blocks, chain,"
                                    " last_block FROM deletion"
                                    " WHERE seal = 0 AND done = 1 ORDER BY id LIMIT ?1",
                                    &deletions, out_more, err));
    status = THEN(status, keep(archive, key, draft, err));
    status = THEN(status, mark_days(archive, draft, err));
    return THEN(status, mark_rows(archive, draft, objects.high, err));
}

enum status seal_make(struct archive *archive, const struct signing_key *key, struct seal *draft,
                      int64_t now_us, bool *out_more, struct err *err)
{
    *out_more = false;
    enum status status = archive_begin(archive, err);
    status = THEN(status, make(archive, key, draft, now_us, out_more, err));
    return archive_end(archive, status, err);
}
