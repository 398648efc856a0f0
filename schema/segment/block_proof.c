/* Digests of a block and its index. Made by the writer inside of the block's transaction; read by
 * one thread for each segment. */
#include "schema/segment/block_proof.h"

#include "schema/db/db_query.h"
#include "schema/segment/block_pack.h"
#include "schema/segment/segment_internal.h"

enum status block_proof_read(struct segment *segment, int64_t block, struct block_proof *out_proof,
                             struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = segment_statement(segment, SEGMENT_PROOF, &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, block);
    bool row = false;
    status = db_step(stmt, &row, err);
    if (status != OK) {
        return status;
    }
    struct block_proof proof;
    bool good = row &&
                db_column_bytes(stmt, 0, &proof.arrivals_sha256, sizeof proof.arrivals_sha256) &&
                db_column_bytes(stmt, 1, &proof.stored_sha256, sizeof proof.stored_sha256) &&
                db_column_bytes(stmt, 3, &proof.chain, sizeof proof.chain);
    buf_clear(&segment->line_sums);
    if (good) {
        buf_add_span(&segment->line_sums, db_column_span(stmt, 2));
    }
    (void)sqlite3_reset(stmt);
    if (!good) {
        (void)err_set(err, ERR_CORRUPT, row ? "its proof has the wrong size" : "its proof is gone");
        return segment_corrupt(segment, block, err);
    }
    proof.line_sums = buf_span(&segment->line_sums);
    *out_proof = proof;
    return buf_status(&segment->line_sums, segment->path, err);
}

static void add_number(struct digest_stream *stream, int64_t number)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)((uint64_t)number >> 8 * i);
    }
    digest_stream_add(stream, span_of(bytes, sizeof bytes));
}

static void add_part(struct digest_stream *stream, char letter, int64_t key, struct span bytes)
{
    digest_stream_add(stream, span_of(&letter, 1));
    add_number(stream, key);
    add_number(stream, (int64_t)bytes.size);
    digest_stream_add(stream, bytes);
}

static enum status add_block_row(struct digest_stream *stream, struct segment *segment,
                                 int64_t block, struct err *err)
{
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_BLOCK_ROW, &stmt, err);
    if (status == OK) {
        (void)sqlite3_bind_int64(stmt, 1, block);
        bool row = false;
        status = db_step(stmt, &row, err);
        if (status == OK && !row) {
            return segment_corrupt(segment, block, err);
        }
    }
    if (status == OK) {
        for (int i = 0; i < 9; i++) {
            add_number(stream, sqlite3_column_int64(stmt, i));
        }
        (void)sqlite3_reset(stmt);
    }
    return status;
}

static enum status add_blob(struct digest_stream *stream, struct segment *segment,
                            enum segment_statement which, int64_t id, char letter, struct err *err)
{
    sqlite3_stmt *stmt;
    struct span bytes;
    enum status status = segment_blob(segment, which, DB_WITH(DB_INT(id)), &stmt, &bytes, err);
    if (status == OK) {
        add_part(stream, letter, id, bytes);
        (void)sqlite3_reset(stmt);
    }
    return status;
}

enum status block_proof_stored_digest(struct segment *segment, int64_t block,
                                      struct digest *out_digest, struct err *err)
{
    static const struct {
        enum segment_statement which;
        char letter;
    } parts[] = {{SEGMENT_DATA, 'b'}, {SEGMENT_PART, 'p'}, {SEGMENT_PART_COPY, 'q'}};
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return err_nomem(err, segment->path);
    }
    segment_close_columns(segment); /* the statements that read them are needed here */
    digest_stream_add(stream, span_str("stele-stored-2"));
    enum status status = add_block_row(stream, segment, block, err);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (int data = 0; data < SEGMENT_DATA_COUNT; data++) {
            int64_t id = segment_data_id(block, (enum segment_data)data);
            status =
                THEN(status, add_blob(stream, segment, parts[i].which, id, parts[i].letter, err));
        }
    }
    status = THEN(status, add_blob(stream, segment, SEGMENT_NEWLINES, block, 'n', err));
    status = THEN(status, add_blob(stream, segment, SEGMENT_OBSERVABLES, block, 'o', err));
    struct digest digest = digest_stream_finish(stream);
    if (status == OK) {
        *out_digest = digest;
    }
    return status;
}

enum status segment_arrival_lines(struct segment *segment, int64_t block, struct buf *lines,
                                  struct buf *newlines, struct err *err)
{
    struct block_columns columns;
    buf_clear(lines);
    buf_clear(newlines);
    enum status status = segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err);
    if (status == OK) {
        status = columnar_read_lines(columns.reader, lines, err);
        status = segment_name_damage(segment, block, status, err);
    }
    sqlite3_stmt *stmt;
    struct span kept;
    status = THEN(
        status, segment_blob(segment, SEGMENT_NEWLINES, DB_WITH(DB_INT(block)), &stmt, &kept, err));
    if (status == OK) {
        buf_add_span(newlines, kept);
        (void)sqlite3_reset(stmt);
    }
    return THEN(status, buf_status(newlines, segment->path, err));
}

enum status block_proof_arrivals_digest(struct segment *segment, int64_t block,
                                        struct digest *out_digest, struct err *err)
{
    struct buf newlines = BUF_INIT;
    enum status status = segment_arrival_lines(segment, block, &segment->scratch, &newlines, err);
    status = THEN(status, block_pack_arrivals_digest(buf_span(&segment->scratch),
                                                     buf_span(&newlines), out_digest, err));
    buf_fini(&newlines);
    return status;
}

enum status block_proof_add(struct segment *segment, int64_t block, const struct block_proof *proof,
                            struct err *err)
{
    return segment_run(segment, SEGMENT_ADD_PROOF,
                       DB_WITH(DB_INT(block), DB_DIGEST(&proof->arrivals_sha256),
                               DB_DIGEST(&proof->stored_sha256), DB_BLOB(proof->line_sums),
                               DB_DIGEST(&proof->chain)),
                       err);
}
