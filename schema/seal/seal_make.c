/* Making the next seal: blocks that are new, then, in one transaction, all else. */
#include <stdio.h>

#include "schema/block/codec.h"
#include "schema/seal/seal_internal.h"
#include "schema/seal/seal_store.h"
#include "schema/segment/block_proof.h"
#include "schema/segment/hash_chain.h"

enum { SEAL_LEVEL = 3 };

static enum status add_block(struct seal *draft, struct segment *segment,
                             const struct block_info *info, struct err *err)
{
    struct seal_block block = {.day_us = segment_day_us(segment),
                               .block = info->id,
                               .events = info->n_events,
                               .raw_bytes = info->raw_bytes,
                               .sha256 = info->sha256};
    struct block_proof proof;
    enum status status = block_proof_read(segment, info->id, &proof, err);
    if (status != OK) {
        return status;
    }
    block.frame_sha256 = proof.frame_sha256;
    block.index_sha256 = proof.index_sha256;
    block.line_sums = arena_copy(&draft->arena, proof.line_sums);
    if (!block.line_sums.data) {
        return err_nomem(err, "seal");
    }
    buf_add(&draft->blocks, &block, sizeof block);
    return buf_status(&draft->blocks, "seal", err);
}

/* Blocks of the segment behind `after`, as many as there is room for. */
static enum status add_blocks(struct seal *draft, struct segment *segment, int64_t after,
                              struct digest chain, bool *out_more, struct err *err)
{
    size_t count;
    size_t had = draft->blocks.size / sizeof(struct seal_block);
    const struct block_info *blocks = segment_blocks(segment, &count);
    struct seal_day day = {.day_us = segment_day_us(segment), .first = had};
    enum status status = OK;
    if (count > 0 && blocks[count - 1].id < after) {
        char text[CLOCK_TEXT_BYTES];
        return err_set(err, ERR_CORRUPT,
                       "segment %s ends with block %lld, and block %lld was sealed: run stele "
                       "verify",
                       clock_format_day(day.day_us, text), (long long)blocks[count - 1].id,
                       (long long)after);
    }
    for (size_t i = 0; i < count && status == OK; i++) {
        if (blocks[i].id <= after) {
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
    if (status == OK && day.count > 0) {
        buf_add(&draft->days, &day, sizeof day);
        status = buf_status(&draft->days, "seal", err);
    }
    return status;
}

enum status seal_add_day(struct archive *archive, struct seal *draft, int64_t day_us,
                         bool *out_more, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    struct digest chain;
    int64_t after;
    *out_more = false;
    enum status status = seal_day_get(archive, day_us, &after, &chain, err);
    status = THEN(status, archive_segment_path(archive->dir, day_us, path, err));
    if (status == OK) {
        struct err why;
        status = segment_open(path, &segment, &why);
        if (status == ERR_NOT_FOUND) { /* deleted meanwhile */
            return OK;
        }
        if (status != OK) {
            *err = why;
        }
    }
    status = THEN(status, add_blocks(draft, segment, after, chain, out_more, err));
    segment_close(segment);
    return status;
}

enum status seal_has_changes(struct archive *archive, bool *out_news, struct err *err)
{
    int64_t news = 0;
    enum status status =
        seal_ask_number(archive,
                        "SELECT EXISTS (SELECT 1 FROM object WHERE state = 1 AND seal = 0) OR"
                        " EXISTS (SELECT 1 FROM deletion WHERE seal = 0 AND done = 1)",
                        &news, err);
    *out_news = news != 0;
    return status;
}

/* Previous seal, archive, number. */
static enum status fill_head(struct archive *archive, const struct signing_key *key,
                             struct seal *draft, int64_t now_us, struct err *err)
{
    struct seal_head *head = &draft->head;
    *head = (struct seal_head){.made_us = now_us};
    (void)snprintf(head->archive, sizeof head->archive, "%s", archive->id);
    (void)snprintf(head->key_id, sizeof head->key_id, "%s", signing_key_id(key));
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        seal_ask(archive, "SELECT number, sha256 FROM seal ORDER BY number DESC LIMIT 1", 0, &stmt,
                 &row, err);
    head->number = 1;
    if (status == OK && row) {
        head->number = sqlite3_column_int64(stmt, 0) + 1;
        head->has_previous = true;
        if (!seal_read_bytes(stmt, 1, head->previous.bytes, sizeof head->previous.bytes)) {
            status = err_set(err, ERR_CORRUPT, "seal: a digest of the wrong length");
        }
    }
    (void)sqlite3_finalize(stmt);
    return status;
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
    };
    ok = ok && seal_read_bytes(stmt, 4, object.sha256.bytes, sizeof object.sha256.bytes);
    buf_add(&draft->objects, &object, sizeof object);
    return ok && buf_ok(&draft->objects);
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
        seal_read_bytes(stmt, 6, deletion.chain.bytes, sizeof deletion.chain.bytes);
    buf_add(&draft->deletions, &deletion, sizeof deletion);
    return ok && buf_ok(&draft->deletions);
}

/* Rows that no seal tells of yet; one more than there is room for says that there are more. */
static enum status take_rows(struct archive *archive, struct seal *draft, const char *sql,
                             bool (*take)(struct seal *draft, sqlite3_stmt *stmt), int64_t most,
                             int64_t *out_high, bool *out_more, struct err *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = seal_ask(archive, sql, most + 1, &stmt, &row, err);
    int64_t count = 0;
    while (status == OK && row) {
        if (count++ == most) {
            *out_more = true;
            break;
        }
        *out_high = sqlite3_column_int64(stmt, 0);
        status = take(draft, stmt) ? db_step(stmt, &row, err) : err_nomem(err, "seal");
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static enum status mark_days(struct archive *archive, const struct seal *draft, struct err *err)
{
    size_t n_days;
    size_t n_blocks;
    const struct seal_day *days = seal_days(draft, &n_days);
    const struct seal_block *blocks = seal_blocks(draft, &n_blocks);
    enum status status = OK;
    for (size_t i = 0; i < n_days && status == OK; i++) {
        status = seal_change(archive,
                             "INSERT INTO seal_day (day_us, block, chain) VALUES (?1, ?2, ?3)"
                             " ON CONFLICT (day_us) DO UPDATE SET block = excluded.block,"
                             " chain = excluded.chain",
                             days[i].day_us, blocks[days[i].first + days[i].count - 1].block,
                             span_of(days[i].chain.bytes, sizeof days[i].chain.bytes), err);
    }
    return status;
}

/* A deleted day begins its chain anew, should it come again. */
static enum status mark_deletions(struct archive *archive, const struct seal *draft,
                                  struct err *err)
{
    size_t count;
    const struct seal_deletion *deletions = seal_deletions(draft, &count);
    enum status status = OK;
    for (size_t i = 0; i < count && status == OK; i++) {
        status = seal_change(archive, "UPDATE deletion SET seal = ?2 WHERE id = ?1",
                             deletions[i].id, draft->head.number, span_of(NULL, 0), err);
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
    sqlite3_stmt *stmt = NULL;
    status = THEN(status, db_prepare(archive->db,
                                     "INSERT INTO seal (number, made_us, packed, sha256, signature)"
                                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                                     &stmt, err));
    if (status == OK) {
        struct digest sha256 = digest_sha256(buf_span(&text));
        (void)sqlite3_bind_int64(stmt, 1, draft->head.number);
        (void)sqlite3_bind_int64(stmt, 2, draft->head.made_us);
        db_bind_blob(stmt, 3, buf_span(&packed));
        db_bind_blob(stmt, 4, span_of(sha256.bytes, sizeof sha256.bytes));
        db_bind_blob(stmt, 5, span_of(signature, sizeof signature));
        status = db_run(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    codec_free(codec);
    buf_fini(&text);
    buf_fini(&packed);
    return status;
}

static enum status make(struct archive *archive, const struct signing_key *key, struct seal *draft,
                        int64_t now_us, bool *out_more, struct err *err)
{
    int64_t object_high = 0;
    int64_t deletion_high = 0;
    enum status status = fill_head(archive, key, draft, now_us, err);
    status = THEN(
        status, take_rows(archive, draft,
                          "SELECT id, target, key, bytes, sha256, day_us, first_block, last_block,"
                          " events, codec, shipped_us FROM object WHERE state = 1 AND seal = 0"
                          " ORDER BY id LIMIT ?1",
                          take_object, SEAL_OBJECTS_MAX, &object_high, out_more, err));
    status =
        THEN(status, take_rows(archive, draft,
                               "SELECT id, day_us, deleted_us, why, events, blocks, chain,"
                               " last_block FROM deletion"
                               " WHERE seal = 0 AND done = 1 ORDER BY id LIMIT ?1",
                               take_deletion, SEAL_OBJECTS_MAX, &deletion_high, out_more, err));
    status = THEN(status, keep(archive, key, draft, err));
    status = THEN(status, mark_days(archive, draft, err));
    status = THEN(
        status, seal_change(archive,
                            "UPDATE object SET seal = ?2 WHERE state = 1 AND seal = 0 AND id <= ?1",
                            object_high, draft->head.number, span_of(NULL, 0), err));
    return THEN(status, mark_deletions(archive, draft, err));
}

enum status seal_make(struct archive *archive, const struct signing_key *key, struct seal *draft,
                      int64_t now_us, bool *out_more, struct err *err)
{
    *out_more = false;
    enum status status = archive_begin(archive, err);
    status = THEN(status, make(archive, key, draft, now_us, out_more, err));
    status = THEN(status, archive_commit(archive, err));
    if (status != OK) {
        archive_rollback(archive);
    }
    return status;
}
