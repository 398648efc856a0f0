/* Reading kept observables. */
#include "schema/segment/segment_observable.h"
#include "schema/segment/segment_internal.h"

static enum status read_pieces(struct segment *segment, int64_t kind, int64_t block,
                               struct buf *out, struct err *err)
{
    enum status status = OK;
    buf_clear(out);
    for (bool full = true; status == OK && full; kind += SEGMENT_VECTOR_CHUNK_STEP) {
        sqlite3_stmt *stmt;
        struct span piece;
        status = segment_blob(segment, SEGMENT_VECTOR, DB_WITH(DB_INT(kind), DB_INT(block)), &stmt,
                              &piece, err);
        if (status != OK) {
            return status;
        }
        full = piece.size == SEGMENT_VECTOR_CHUNK_BYTES;
        buf_add_span(out, piece);
        (void)sqlite3_reset(stmt);
        status = out->size > OBSERVABLE_INDEX_BYTES_MAX
                     ? err_set(err, ERR_CORRUPT, "kept observables of over 16 MiB")
                     : buf_status(out, segment->path, err);
    }
    return status;
}

enum status segment_observable_read(struct segment *segment, int64_t block,
                                    enum segment_observable_list list, struct observable_index *out,
                                    bool *out_is_there, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    int64_t kind = list == SEGMENT_OBSERVABLE_EVENTS ? SEGMENT_VECTOR_OBSERVABLE_EVENTS
                                                     : SEGMENT_VECTOR_OBSERVABLE_VALUES;
    enum status status = read_pieces(segment, kind, block, &out->bytes, err);
    /* A list of an earlier version lacks what is observed since: as if there were none. */
    *out_is_there = out->bytes.size > 0 && out->bytes.data[0] == OBSERVABLE_INDEX_VERSION;
    if (status == OK && *out_is_there) {
        status = observable_index_decode(out, err);
    }
    if (status == OK && *out_is_there && list == SEGMENT_OBSERVABLE_EVENTS &&
        out->count != info->n_events) {
        status = err_set(err, ERR_CORRUPT, "kept observables of another block");
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}
