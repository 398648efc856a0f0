/* A block's events as bytes again. A newline inside of an event (white space between tokens, the
 * only place where JSON has one) is a space in the NDJSON; where they were stands beside it. */
#include "schema/segment/segment_internal.h"

void block_lines_fini(struct block_lines *lines)
{
    buf_fini(&lines->ndjson);
    buf_fini(&lines->restored);
    *lines = (struct block_lines)BLOCK_LINES_INIT;
}

static enum status find_lines(const struct segment *segment, const struct block_info *info,
                              struct block_lines *lines, struct err *err)
{
    const char *data = lines->ndjson.data;
    size_t at = 0;
    for (uint32_t i = 0; i < info->n_events; i++) {
        const char *newline =
            at < lines->ndjson.size ? memchr(data + at, '\n', lines->ndjson.size - at) : NULL;
        if (!newline) {
            return segment_corrupt(segment, info->id, err);
        }
        lines->start[i] = (uint32_t)at;
        at = (size_t)(newline - data) + 1;
    }
    lines->start[info->n_events] = (uint32_t)at;
    return at == lines->ndjson.size ? OK : segment_corrupt(segment, info->id, err);
}

static enum status restore_newlines(struct segment *segment, const struct block_info *info,
                                    struct block_lines *lines, struct err *err)
{
    buf_clear(&lines->restored);
    sqlite3_stmt *stmt;
    enum status status = segment_statement(segment, SEGMENT_NEWLINES, &stmt, err);
    if (status != OK) {
        return status;
    }
    (void)sqlite3_bind_int64(stmt, 1, info->id);
    bool row = false;
    status = db_step(stmt, &row, err);
    if (status != OK || !row) {
        return status == ERR_CORRUPT ? segment_corrupt(segment, info->id, err) : status;
    }
    buf_clear(&segment->scratch);
    buf_add_span(&segment->scratch, db_column_span(stmt, 0));
    status = buf_status(&segment->scratch, segment->path, err);
    (void)sqlite3_reset(stmt);
    buf_add_span(&lines->restored, buf_span(&lines->ndjson));
    status = THEN(status, buf_status(&lines->restored, segment->path, err));
    uint64_t position = 0;
    for (size_t at = 0; status == OK && at < segment->scratch.size;) {
        uint64_t step;
        if (!buf_read_varint(buf_span(&segment->scratch), &at, &step) ||
            (position += step) >= lines->restored.size || lines->restored.data[position] != ' ') {
            return segment_corrupt(segment, info->id, err);
        }
        lines->restored.data[position] = '\n';
    }
    return status;
}

enum status segment_ndjson(struct segment *segment, int64_t block, struct block_lines *lines,
                           struct span *out_ndjson, struct err *err)
{
    if (lines->block == block) {
        *out_ndjson = buf_span(&lines->ndjson);
        return OK;
    }
    const struct block_info *info = segment_block(segment, block);
    if (!info || info->raw_bytes < 0 || info->raw_bytes > UINT32_MAX) {
        return segment_corrupt(segment, block, err);
    }
    lines->block = -1;
    lines->is_cut = false;
    struct block_columns columns;
    enum status status = segment_open_columns(segment, SEGMENT_DATA_EVENTS, block, &columns, err);
    if (status != OK) {
        return status;
    }
    buf_clear(&lines->ndjson);
    status = columnar_read_lines(columns.reader, &lines->ndjson, err);
    if (status == OK && lines->ndjson.size != (size_t)info->raw_bytes) {
        status = err_set(err, ERR_CORRUPT, "its lines have another size than its row says");
    }
    if (status == OK) {
        lines->block = block;
        *out_ndjson = buf_span(&lines->ndjson);
    }
    return segment_name_damage(segment, block, status, err);
}

enum status segment_lines(struct segment *segment, int64_t block, struct block_lines *lines,
                          struct err *err)
{
    if (lines->block == block && lines->is_cut) {
        return OK;
    }
    struct span ndjson;
    enum status status = segment_ndjson(segment, block, lines, &ndjson, err);
    const struct block_info *info = segment_block(segment, block);
    status = THEN(status, find_lines(segment, info, lines, err));
    status = THEN(status, restore_newlines(segment, info, lines, err));
    lines->is_cut = status == OK;
    if (status == OK) {
        lines->n_events = info->n_events;
    } else {
        lines->block = -1;
    }
    return status;
}

size_t block_line_at(const struct block_lines *lines, size_t offset)
{
    CHECK(lines->is_cut && offset < lines->start[lines->n_events]);
    size_t low = 0;
    size_t high = lines->n_events;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(lines->start[middle] <= offset ? &low : &high) = middle;
    }
    return low;
}

struct span block_line(const struct block_lines *lines, size_t slot)
{
    CHECK(slot < lines->n_events);
    const struct buf *bytes = lines->restored.size > 0 ? &lines->restored : &lines->ndjson;
    return span_of(bytes->data + lines->start[slot],
                   lines->start[slot + 1] - lines->start[slot] - 1);
}
