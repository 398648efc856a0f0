#include "schema/segment/block_vectors.h"

enum status block_vectors_add(struct segment *segment, struct buf *packed, enum segment_vector kind,
                              int64_t block, struct span payload, struct err *err)
{
    buf_clear(packed);
    enum status status = column_vector_pack(segment->codec, payload, packed, err);
    return THEN(status,
                segment_run(segment, SEGMENT_ADD_VECTOR,
                            DB_WITH(DB_INT(kind), DB_INT(block), DB_BLOB(buf_span(packed))), err));
}

enum status block_vectors_add_times(struct segment *segment, struct buf *packed,
                                    const struct batch *batch, int64_t block,
                                    enum segment_vector kind, struct err *err)
{
    int64_t times_us[BLOCK_EVENTS_MAX];
    size_t count = batch_count(batch);
    for (size_t i = 0; i < count; i++) {
        const struct batch_event *event = batch_at(batch, i);
        times_us[i] = kind == SEGMENT_VECTOR_TIMES ? event->event.time_us : event->arrival_us;
    }
    buf_clear(packed);
    enum status status = column_times_encode(segment->codec, times_us, count, packed, err);
    return THEN(status,
                segment_run(segment, SEGMENT_ADD_VECTOR,
                            DB_WITH(DB_INT(kind), DB_INT(block), DB_BLOB(buf_span(packed))), err));
}

enum status block_vectors_add_identities(struct segment *segment, struct buf *packed,
                                         const struct batch *batch, int64_t block, struct err *err)
{
    buf_clear(packed);
    buf_add_char(packed, SEGMENT_IDENTITY_PLANES);
    for (unsigned byte = 0; byte < SEGMENT_IDENTITY_BYTES; byte++) {
        for (size_t i = 0; i < batch_count(batch); i++) {
            buf_add_char(packed, (char)(batch_at(batch, i)->hash >> 8 * byte));
        }
    }
    enum status status = buf_status(packed, segment->path, err);
    return THEN(status, segment_run(segment, SEGMENT_ADD_VECTOR,
                                    DB_WITH(DB_INT(SEGMENT_VECTOR_IDENTITIES), DB_INT(block),
                                            DB_BLOB(buf_span(packed))),
                                    err));
}
