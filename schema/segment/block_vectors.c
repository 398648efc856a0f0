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
