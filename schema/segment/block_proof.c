/* Digests of a block and its index. Made by the writer inside of the block's transaction; read by
 * one thread for each segment. */
#include "schema/segment/block_proof.h"

#include "schema/db/db_query.h"
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
    struct block_proof proof = {.value_from = 0};
    bool good = row && db_column_bytes(stmt, 0, &proof.arrivals_sha256, sizeof proof.arrivals_sha256) &&
                db_column_bytes(stmt, 1, &proof.stored_sha256, sizeof proof.stored_sha256) &&
                db_column_bytes(stmt, 5, &proof.chain, sizeof proof.chain);
    buf_clear(&segment->line_sums);
    if (good) {
        proof.value_from = (uint32_t)sqlite3_column_int64(stmt, 3);
        proof.value_to = (uint32_t)sqlite3_column_int64(stmt, 4);
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

/* Adds each row of a statement that gives a key and bytes, or a key, a field and bytes. */
static enum status add_rows(struct digest_stream *stream, char letter, sqlite3_stmt *stmt,
                            struct err *err)
{
    bool row = false;
    enum status status = OK;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        int last = sqlite3_column_count(stmt) - 1;
        for (int i = 1; i < last; i++) {
            add_number(stream, sqlite3_column_int64(stmt, i));
        }
        add_part(stream, letter, sqlite3_column_int64(stmt, 0), db_column_span(stmt, last));
    }
    (void)sqlite3_reset(stmt);
    return status;
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
        for (int i = 0; i < 8; i++) {
            add_number(stream, sqlite3_column_int64(stmt, i));
        }
        add_part(stream, 't', 0, db_column_span(stmt, 8));
        (void)sqlite3_reset(stmt);
    }
    return status;
}

/* A vector and its pieces (segment_internal.h). */
static enum status add_vector(struct digest_stream *stream, struct segment *segment, int64_t kind,
                              int64_t block, struct err *err)
{
    enum status status = OK;
    bool full = true;
    for (; status == OK && full; kind += SEGMENT_VECTOR_CHUNK_STEP) {
        sqlite3_stmt *stmt;
        struct span piece;
        status = segment_blob(segment, SEGMENT_VECTOR, DB_WITH(DB_INT(kind), DB_INT(block)), &stmt,
                              &piece, err);
        if (status != OK) {
            return status;
        }
        if (piece.size > 0) {
            add_part(stream, 'v', kind, piece);
        }
        full = piece.size == SEGMENT_VECTOR_CHUNK_BYTES;
        (void)sqlite3_reset(stmt);
    }
    return status;
}

static enum status add_vectors(struct digest_stream *stream, struct segment *segment, int64_t block,
                               struct err *err)
{
    enum status status = OK;
    for (int64_t kind = SEGMENT_VECTOR_PARTIAL;
         status == OK && kind <= SEGMENT_VECTOR_OBSERVABLE_EVENTS; kind++) {
        status = add_vector(stream, segment, kind, block, err);
    }
    return status;
}

static enum status add_columns(struct digest_stream *stream, struct segment *segment, int64_t block,
                               struct err *err)
{
    enum status status = OK;
    for (size_t field = 0; status == OK && field < segment->fields.count; field++) {
        sqlite3_stmt *stmt;
        struct span blob;
        status = segment_blob(segment, SEGMENT_COLUMN,
                              DB_WITH(DB_INT((int64_t)field), DB_INT(block)), &stmt, &blob, err);
        if (status == OK) {
            if (blob.size > 0) {
                add_part(stream, 'n', (int64_t)field, span_str(segment->fields.items[field].name));
                add_part(stream, 'c', (int64_t)field, blob);
            }
            (void)sqlite3_reset(stmt);
        }
    }
    return status;
}

static enum status add_values(struct digest_stream *stream, struct segment *segment, uint32_t from,
                              uint32_t to, struct err *err)
{
    static const struct {
        char letter;
        enum segment_statement which;
    } kinds[] = {{'d', SEGMENT_NEW_VALUES}, {'u', SEGMENT_NEW_UUIDS}};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < sizeof kinds / sizeof kinds[0]; i++) {
        sqlite3_stmt *stmt;
        status = segment_statement(segment, kinds[i].which, &stmt, err);
        if (status == OK) {
            (void)sqlite3_bind_int64(stmt, 1, from);
            (void)sqlite3_bind_int64(stmt, 2, to);
            status = add_rows(stream, kinds[i].letter, stmt, err);
        }
    }
    return status;
}

static enum status add_text_fields(struct digest_stream *stream, struct segment *segment,
                                   int64_t block, struct err *err)
{
    const uint32_t *fields;
    size_t count = 0;
    enum status status = segment_text_fields(segment, block, &fields, &count, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        add_part(stream, 'n', fields[i], span_str(segment->fields.items[fields[i]].name));
    }
    return status;
}

/* The columnar blocks, and what they add to the vocabulary. */
static enum status add_data(struct digest_stream *stream, struct segment *segment, int64_t block,
                            struct err *err)
{
    static const struct {
        char letter;
        enum segment_statement which;
    } kinds[] = {{'b', SEGMENT_DATA}, {'p', SEGMENT_PART}};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < 2 * sizeof kinds / sizeof kinds[0]; i++) {
        sqlite3_stmt *stmt;
        struct span bytes;
        int64_t id = segment_data_id(block, (enum segment_data)(i % 2));
        status = segment_blob(segment, kinds[i / 2].which, DB_WITH(DB_INT(id)), &stmt, &bytes, err);
        if (status == OK) {
            add_part(stream, kinds[i / 2].letter, id, bytes);
            (void)sqlite3_reset(stmt);
        }
    }
    return status;
}

enum status block_proof_stored_digest(struct segment *segment, int64_t block, uint32_t value_from,
                                     uint32_t value_to, struct digest *out_digest, struct err *err)
{
    struct digest_stream *stream = digest_stream_new();
    if (!stream) {
        return err_nomem(err, segment->path);
    }
    digest_stream_add(stream, span_str("stele-stored-1"));
    enum status status = add_block_row(stream, segment, block, err);
    status = THEN(status, add_data(stream, segment, block, err));
    status = THEN(status, add_text_fields(stream, segment, block, err));
    status = THEN(status, add_vectors(stream, segment, block, err));
    status = THEN(status, add_columns(stream, segment, block, err));
    status = THEN(status, add_values(stream, segment, value_from, value_to, err));
    struct digest digest = digest_stream_finish(stream);
    if (status == OK) {
        *out_digest = digest;
    }
    return status;
}

enum status block_proof_arrivals_digest(struct segment *segment, int64_t block,
                                        struct digest *out_digest, struct err *err)
{
    struct block_columns columns;
    struct buf *lines = &segment->scratch;
    buf_clear(lines);
    enum status status = segment_open_columns(segment, SEGMENT_DATA_ARRIVALS, block, &columns, err);
    if (status == OK) {
        status = columnar_read_lines(columns.reader, lines, err);
        status = status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
    }
    if (status == OK) {
        *out_digest = digest_sha256(buf_span(lines));
    }
    return status;
}

enum status block_proof_add(struct segment *segment, int64_t block, const struct block_proof *proof,
                            struct err *err)
{
    return segment_run(segment, SEGMENT_ADD_PROOF,
                       DB_WITH(DB_INT(block), DB_DIGEST(&proof->arrivals_sha256),
                               DB_DIGEST(&proof->stored_sha256), DB_BLOB(proof->line_sums),
                               DB_INT(proof->value_from), DB_INT(proof->value_to),
                               DB_DIGEST(&proof->chain)),
                       err);
}
