/* The writer's own code makes the columns; rows are changed by SQL. Nothing here is careful with
 * what it changes: it is for files that are thrown away. */
#include "tests/support/forge.h"

#include <stdio.h>

#include "schema/block/hash_chain.h"
#include "schema/block/line_checksum.h"
#include "schema/db/db_query.h"
#include "schema/segment/block_proof.h"
#include "tests/support/raw_sqlite.h"

/* A file under change. */
struct forgery {
    sqlite3 *db;
    struct columnar_writer *writer;
    VEC(struct span) lines;
    struct buf packed;
    struct buf part;
};

static enum status forgery_open(struct forgery *forgery, const char *path, struct err *err)
{
    forgery->db = raw_sqlite_open(path);
    if (!forgery->db) {
        return err_set(err, ERR_IO, "%s cannot be opened", path);
    }
    return db_exec(forgery->db, "PRAGMA ignore_check_constraints=1; PRAGMA synchronous=OFF", err);
}

static void forgery_fini(struct forgery *forgery)
{
    columnar_writer_free(forgery->writer);
    vec_fini(&forgery->lines);
    buf_fini(&forgery->packed);
    buf_fini(&forgery->part);
    (void)sqlite3_close(forgery->db);
}

static int64_t data_id(int64_t block, enum segment_data which)
{
    return 2 * block + (int64_t)which;
}

static enum status add_part(void *context, sqlite3_stmt *row, struct err *err)
{
    return columnar_writer_add_part(context, db_column_span(row, 0), err);
}

static enum status split(struct forgery *forgery, struct span ndjson, struct err *err)
{
    vec_clear(&forgery->lines);
    while (ndjson.size > 0) {
        size_t size = span_find(ndjson, '\n');
        if (!vec_push(&forgery->lines, span_of(ndjson.data, size))) {
            return err_nomem(err, "forge");
        }
        ndjson = span_from(ndjson, size + 1);
    }
    return OK;
}

/* Packs the lines and stores them, with what the vocabulary then gets in new rows at its end. */
static enum status store(struct forgery *forgery, int64_t id, struct columnar_written *out_written,
                         struct err *err)
{
    static const char *const sql[] = {
        "INSERT INTO vocabulary (id, data) SELECT max(id) + 1, ?1 FROM vocabulary",
        "INSERT INTO vocabulary_copy (id, data) SELECT max(id) + 1, ?1 FROM vocabulary_copy"};
    buf_clear(&forgery->packed);
    buf_clear(&forgery->part);
    enum status status = columnar_write(forgery->writer, forgery->lines.items, forgery->lines.count,
                                        &forgery->packed, &forgery->part, out_written, err);
    status = THEN(status, db_change(forgery->db, "UPDATE block_data SET data = ?2 WHERE id = ?1",
                                    DB_WITH(DB_INT(id), DB_BLOB(buf_span(&forgery->packed))), err));
    for (size_t i = 0; i < 2 && forgery->part.size > 0; i++) {
        struct db_values part = DB_WITH(DB_BLOB(buf_span(&forgery->part)));
        status = THEN(status, db_change(forgery->db, sql[i], part, err));
    }
    return status;
}

/* As many arrivals as there are events. */
static enum status keep_arrivals(struct forgery *forgery, const struct forge *forge, size_t count,
                                 struct err *err)
{
    const struct forge arrivals = {forge->path, forge->block, SEGMENT_DATA_ARRIVALS, false};
    struct columnar_written written;
    struct buf lines = BUF_INIT;
    enum status status = forge_lines(&arrivals, &lines, err);
    status = THEN(status, split(forgery, buf_span(&lines), err));
    bool is_other = forgery->lines.count != count;
    while (status == OK && forgery->lines.count < count) {
        struct span last = *vec_at(&forgery->lines, forgery->lines.count - 1);
        status = vec_push(&forgery->lines, last) ? OK : err_nomem(err, "forge");
    }
    if (status == OK && is_other) {
        forgery->lines.count = count;
        status = store(forgery, data_id(forge->block, SEGMENT_DATA_ARRIVALS), &written, err);
    }
    buf_fini(&lines);
    return status;
}

/* What the row says of the block but for its digest. */
static enum status count_events(struct forgery *forgery, const struct forge *forge, size_t n_bytes,
                                const struct columnar_written *written, struct err *err)
{
    return db_change(forgery->db,
                     "UPDATE block SET events = ?2, raw_bytes = ?3, whole_lines = ?4, not_same = ?5"
                     " WHERE id = ?1",
                     DB_WITH(DB_INT(forge->block), DB_INT((int64_t)forgery->lines.count),
                             DB_INT((int64_t)n_bytes), DB_INT(written->n_whole),
                             DB_INT(written->was_not_same)),
                     err);
}

enum status forge_lines(const struct forge *forge, struct buf *out, struct err *err)
{
    struct segment *segment = NULL;
    struct block_columns columns;
    enum status status = segment_open(forge->path, &segment, err);
    status = THEN(status, segment_open_columns(segment, forge->which, forge->block, &columns, err));
    status = THEN(status, columnar_read_lines(columns.reader, out, err));
    segment_close(segment);
    return status;
}

enum status forge_put(const struct forge *forge, struct span ndjson, struct err *err)
{
    struct forgery forgery = {0};
    struct columnar_written written;
    enum status status = forgery_open(&forgery, forge->path, err);
    status = THEN(status, columnar_writer_new(3, &forgery.writer, err));
    status = THEN(status, db_each(forgery.db, "SELECT data FROM vocabulary ORDER BY id",
                                  DB_NO_VALUES, add_part, forgery.writer, err));
    status = THEN(status, split(&forgery, ndjson, err));
    status = THEN(status, store(&forgery, data_id(forge->block, forge->which), &written, err));
    if (forge->which == SEGMENT_DATA_EVENTS) {
        size_t count = forgery.lines.count;
        status = THEN(status, keep_arrivals(&forgery, forge, count, err));
        forgery.lines.count = count;
        status = THEN(status, count_events(&forgery, forge, ndjson.size, &written, err));
    }
    status = THEN(status, db_change(forgery.db,
                                    "UPDATE block SET stored_bytes = (SELECT sum(length(data))"
                                    " FROM block_data WHERE id / 2 = ?1) WHERE id = ?1",
                                    DB_WITH(DB_INT(forge->block)), err));
    forgery_fini(&forgery);
    return forge->fits ? THEN(status, forge_fit(forge->path, forge->block, err)) : status;
}

enum status forge_replace(const struct forge *forge, size_t line, const char *old, const char *with,
                          struct err *err)
{
    struct buf lines = BUF_INIT;
    struct buf other = BUF_INIT;
    size_t at = 0;
    enum status status = forge_lines(forge, &lines, err);
    for (size_t i = 1; status == OK && i < line; i++) {
        at += span_find(span_from(buf_span(&lines), at), '\n') + 1;
    }
    if (status == OK) {
        struct span rest = span_from(buf_span(&lines), at);
        const char *found = memmem(rest.data, span_find(rest, '\n'), old, strlen(old));
        if (found) {
            size_t before = (size_t)(found - lines.data);
            buf_add(&other, lines.data, before);
            buf_add_str(&other, with);
            buf_add_span(&other, span_from(buf_span(&lines), before + strlen(old)));
            status = buf_status(&other, "forge", err);
            status = THEN(status, forge_put(forge, buf_span(&other), err));
        } else {
            status = err_set(err, ERR_NOT_FOUND, "\"%s\" is not in line %zu", old, line);
        }
    }
    buf_fini(&lines);
    buf_fini(&other);
    return status;
}

/* Digest and sums of the events' lines. */
static enum status fit_lines(sqlite3 *db, const char *path, int64_t block, struct err *err)
{
    const struct forge forge = {path, block, SEGMENT_DATA_EVENTS, false};
    struct buf lines = BUF_INIT;
    struct buf sums = BUF_INIT;
    enum status status = forge_lines(&forge, &lines, err);
    struct digest sha256 = digest_sha256(buf_span(&lines));
    line_checksum_add(&sums, buf_span(&lines));
    status = THEN(status, db_change(db, "UPDATE block SET sha256 = ?2 WHERE id = ?1",
                                    DB_WITH(DB_INT(block), DB_DIGEST(&sha256)), err));
    status = THEN(status, db_change(db, "UPDATE proof SET line_sums = ?2 WHERE block = ?1",
                                    DB_WITH(DB_INT(block), DB_BLOB(buf_span(&sums))), err));
    buf_fini(&lines);
    buf_fini(&sums);
    return status;
}

/* The chain of all blocks, how events came, and what is stored of this one. What is read is read
 * before anything is written: not every file lets both be done at a time. */
static enum status fit_proofs(sqlite3 *db, const char *path, int64_t block, struct err *err)
{
    struct segment *segment = NULL;
    VEC(struct block_info) blocks = {0};
    struct digest arrivals;
    struct digest stored;
    size_t count = 0;
    enum status status = segment_open(path, &segment, err);
    const struct block_info *infos = status == OK ? segment_blocks(segment, &count) : NULL;
    struct digest chain = hash_chain_start(status == OK ? segment_day_us(segment) : 0);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = vec_push(&blocks, infos[i]) ? OK : err_nomem(err, "forge");
    }
    status = THEN(status, block_proof_stored_digest(segment, block, &stored, err));
    status = THEN(status, block_proof_arrivals_digest(segment, block, &arrivals, err));
    segment_close(segment);
    status = THEN(status,
                  db_change(db,
                            "UPDATE proof SET arrivals_sha256 = ?2, stored_sha256 = ?3"
                            " WHERE block = ?1",
                            DB_WITH(DB_INT(block), DB_DIGEST(&arrivals), DB_DIGEST(&stored)), err));
    for (size_t i = 0; status == OK && i < count; i++) {
        chain = hash_chain_add(&chain, &blocks.items[i]);
        status = db_change(db, "UPDATE proof SET chain = ?2 WHERE block = ?1",
                           DB_WITH(DB_INT(blocks.items[i].id), DB_DIGEST(&chain)), err);
    }
    vec_fini(&blocks);
    return status;
}

enum status forge_fit(const char *path, int64_t block, struct err *err)
{
    struct forgery forgery = {0};
    enum status status = forgery_open(&forgery, path, err);
    status = THEN(status, fit_lines(forgery.db, path, block, err));
    status = THEN(status, fit_proofs(forgery.db, path, block, err));
    forgery_fini(&forgery);
    return status;
}

struct flip {
    struct buf bytes;
    unsigned thousandths;
};

static enum status take_flipped(void *context, sqlite3_stmt *row, struct err *err)
{
    struct flip *flip = context;
    buf_add_span(&flip->bytes, db_column_span(row, 0));
    if (flip->bytes.size == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is nothing to flip");
    }
    flip->bytes.data[(flip->bytes.size - 1) * flip->thousandths / 1000] ^= 0x10;
    return buf_status(&flip->bytes, "forge", err);
}

bool forge_flip(const char *path, const char *table, const char *column, const char *where,
                unsigned thousandths)
{
    struct err err;
    struct forgery forgery = {0};
    struct flip flip = {.thousandths = thousandths};
    char sql[512];
    bool found = false;
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE %s", column, table, where);
    enum status status = forgery_open(&forgery, path, &err);
    status =
        THEN(status, db_first(forgery.db, sql, DB_NO_VALUES, take_flipped, &flip, &found, &err));
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE %s", table, column, where);
    status =
        THEN(status, db_change(forgery.db, sql, DB_WITH(DB_BLOB(buf_span(&flip.bytes))), &err));
    if (status != OK || !found) {
        fprintf(stderr, "%s: %s\n", sql, status != OK ? err.text : "no such row");
    }
    buf_fini(&flip.bytes);
    forgery_fini(&forgery);
    return status == OK && found;
}

bool forge_sql(const char *path, const char *sql)
{
    sqlite3 *db = raw_sqlite_open(path);
    bool changed = db &&
                   sqlite3_exec(db, "PRAGMA ignore_check_constraints=1; PRAGMA synchronous=OFF",
                                NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!changed) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    } else if (sqlite3_total_changes(db) == 0 && !strstr(sql, "CREATE") && !strstr(sql, "DROP")) {
        fprintf(stderr, "%s: nothing was changed\n", sql);
        changed = false;
    }
    return sqlite3_close(db) == SQLITE_OK && changed;
}
