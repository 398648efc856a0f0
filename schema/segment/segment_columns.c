/* The vocabulary of a segment, and the columnar blocks of its blocks, opened when they are first
 * asked for. */
#include "schema/columnar/packer.h"
#include "schema/segment/segment_internal.h"

/* Either copy will do; both are the same while both are whole. */
static struct span whole_part(sqlite3_stmt *stmt)
{
    struct span part = db_column_span(stmt, 1);
    return vocabulary_part_holds(part) ? part : db_column_span(stmt, 2);
}

enum status segment_each_part(struct segment *segment, segment_part_take *take, void *context,
                              struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = segment_statement(segment, SEGMENT_PARTS, &stmt, err);
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        status = take(context, whole_part(stmt), err);
    }
    (void)sqlite3_reset(stmt);
    if (status != ERR_CORRUPT) {
        return status;
    }
    struct err inner = *err;
    return err_set(err, ERR_CORRUPT, "%s: the vocabulary is damaged: %.200s", segment->path,
                   inner.text);
}

struct part_reading {
    struct vocabulary *vocabulary;
    struct packer *packer;
};

static enum status read_part(void *context, struct span part, struct err *err)
{
    const struct part_reading *reading = context;
    return vocabulary_read_part(reading->vocabulary, part, reading->packer, err);
}

static enum status read_vocabulary(struct segment *segment, struct err *err)
{
    struct part_reading reading = {&segment->own_vocabulary, packer_new(segment->codec, 1)};
    enum status status = reading.packer ? OK : err_nomem(err, segment->path);
    status = THEN(status, vocabulary_init(&segment->own_vocabulary, err));
    status = THEN(status, segment_each_part(segment, read_part, &reading, err));
    packer_free(reading.packer);
    if (status == OK) {
        segment->vocabulary = &segment->own_vocabulary;
    } else {
        vocabulary_fini(&segment->own_vocabulary);
    }
    return status;
}

enum status segment_vocabulary(struct segment *segment, const struct vocabulary **out_vocabulary,
                               struct err *err)
{
    enum status status = segment->vocabulary ? OK : read_vocabulary(segment, err);
    status = THEN(status, segment_name_paths(segment, err));
    if (status == OK) {
        *out_vocabulary = segment->vocabulary;
    }
    return status;
}

static void close_data(struct segment_open_data *data)
{
    (void)sqlite3_reset(data->stmt);
    data->block = 0;
}

void segment_close_columns(struct segment *segment)
{
    for (size_t i = 0; i < SEGMENT_DATA_COUNT; i++) {
        close_data(&segment->data[i]);
    }
}

static enum status open_data(struct segment *segment, enum segment_data which, int64_t block,
                             struct err *err)
{
    static const enum segment_statement statements[] = {
        [SEGMENT_DATA_EVENTS] = SEGMENT_DATA, [SEGMENT_DATA_ARRIVALS] = SEGMENT_ARRIVALS_DATA};
    struct segment_open_data *data = &segment->data[which];
    struct span bytes;
    close_data(data);
    enum status status =
        data->reader ? OK : columnar_reader_new(segment->vocabulary, &data->reader, err);
    status = THEN(status, segment_blob(segment, statements[which],
                                       DB_WITH(DB_INT(segment_data_id(block, which))), &data->stmt,
                                       &bytes, err));
    if (status == OK && bytes.size == 0) {
        status = err_set(err, ERR_CORRUPT, "its bytes are gone");
    }
    return THEN(status, columnar_reader_open(data->reader, bytes, err));
}

enum status segment_open_columns(struct segment *segment, enum segment_data which, int64_t block,
                                 struct block_columns *out_columns, struct err *err)
{
    struct segment_open_data *data = &segment->data[which];
    const struct block_info *info = segment_block(segment, block);
    if (!info) {
        return segment_corrupt(segment, block, err);
    }
    const struct vocabulary *vocabulary;
    enum status status = segment_vocabulary(segment, &vocabulary, err);
    if (status != OK) {
        return status;
    }
    if (data->block != block) {
        status = open_data(segment, which, block, err);
        if (status == OK && columnar_line_count(data->reader) != info->n_events) {
            status = err_set(err, ERR_CORRUPT, "it has another number of lines than its row says");
        }
        if (status != OK) {
            return status == ERR_CORRUPT ? segment_corrupt(segment, block, err) : status;
        }
        data->block = block;
    }
    *out_columns = (struct block_columns){data->reader, vocabulary};
    return OK;
}

void segment_columns_fini(struct segment *segment)
{
    for (size_t i = 0; i < SEGMENT_DATA_COUNT; i++) {
        columnar_reader_free(segment->data[i].reader);
    }
    vec_fini(&segment->path_fields);
    arena_fini(&segment->path_arena);
    if (segment->vocabulary == &segment->own_vocabulary) {
        vocabulary_fini(&segment->own_vocabulary);
    }
}
