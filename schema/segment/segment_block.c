/* The list of a segment's blocks. */
#include "schema/segment/segment_internal.h"

enum status segment_block_append(struct segment *segment, const struct block_info *info,
                                 struct err *err)
{
    return vec_push(&segment->blocks, *info) ? OK : err_nomem(err, segment->path);
}

const struct block_info *segment_blocks(const struct segment *segment, size_t *out_count)
{
    *out_count = segment->blocks.count;
    return segment->blocks.items;
}

const struct block_info *segment_block(const struct segment *segment, int64_t block)
{
    /* Ids go up by one from 1; a file made otherwise is searched. */
    if (block >= 1 && block <= (int64_t)segment->blocks.count &&
        segment->blocks.items[block - 1].id == block) {
        return &segment->blocks.items[block - 1];
    }
    for (size_t i = 0; i < segment->blocks.count; i++) {
        if (segment->blocks.items[i].id == block) {
            return &segment->blocks.items[i];
        }
    }
    return NULL;
}
