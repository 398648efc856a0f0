/* Reading kept observables. */
#include "schema/segment_observed.h"
#include "schema/segment_internal.h"

enum status segment_observed(struct segment *segment, int64_t block, enum observed_list list,
                             struct observed *out, bool *out_is_there, struct err *err)
{
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    enum segment_vector kind =
        list == OBSERVED_EVENTS ? VECTOR_OBSERVED_EVENTS : VECTOR_OBSERVED_VALUES;
    sqlite3_stmt *stmt;
    struct span blob;
    enum status status = segment_blob(segment, SEGMENT_VECTOR, kind, block, &stmt, &blob, err);
    if (status != OK) {
        return status;
    }
    *out_is_there = blob.size > 0;
    buf_clear(&out->bytes);
    if (blob.size > OBSERVED_BYTES_MAX) {
        status = err_set(err, ERR_CORRUPT, "kept observables of over 16 MiB");
    } else {
        buf_add_span(&out->bytes, blob);
        status = buf_status(&out->bytes, segment->path, err);
    }
    (void)sqlite3_reset(stmt);
    if (status == OK && *out_is_there) {
        status = observed_decode(out, err);
    }
    if (status == OK && *out_is_there && list == OBSERVED_EVENTS && out->count != info->n_events) {
        status = err_set(err, ERR_CORRUPT, "kept observables of another block");
    }
    return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
}
