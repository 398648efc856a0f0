/* The vocabulary of a segment, and the columnar blocks of its blocks, opened when they are first
 * asked for. */
#include <stdlib.h>

#include "schema/columnar/packer.h"
#include "schema/segment/segment_internal.h"

/* Either copy will do; both are the same while both are whole. */
static struct span whole_part(sqlite3_stmt *stmt)
{
    struct span part = db_column_span(stmt, 1);
    return vocabulary_part_holds(part) ? part : db_column_span(stmt, 2);
}

/* As the statement goes, up to the first row that cannot be read; *last: the part taken last. */
static enum status take_rows(struct segment *segment, segment_part_take *take, void *context,
                             int64_t *last, bool *out_unread, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = segment_statement(segment, SEGMENT_PARTS, &stmt, err);
    bool row = false;
    while (status == OK && (status = db_step(stmt, &row, err)) == OK && row) {
        *last = sqlite3_column_int64(stmt, 0);
        status = take(context, whole_part(stmt), err);
        if (status != OK) {
            break;
        }
        row = false;
    }
    *out_unread = status == ERR_CORRUPT && !row;
    (void)sqlite3_reset(stmt);
    return status;
}

/* One of the two, if that can be read; empty where it has no such row. */
static enum status read_copy(struct segment *segment, enum segment_statement which, int64_t id,
                             sqlite3_stmt **out_stmt, struct span *out_part, struct err *err)
{
    *out_stmt = NULL;
    *out_part = span_of(NULL, 0);
    return segment_blob(segment, which, DB_WITH(DB_INT(id)), out_stmt, out_part, err);
}

/* A part by its id, from whichever table has it whole. No row in a table that can be read: what has
 * this id adds nothing. */
static enum status take_part(struct segment *segment, int64_t id, segment_part_take *take,
                             void *context, struct err *err)
{
    sqlite3_stmt *stmts[2];
    struct span parts[2];
    struct err other;
    enum status first = read_copy(segment, SEGMENT_PART, id, &stmts[0], &parts[0], err);
    enum status second = read_copy(segment, SEGMENT_PART_COPY, id, &stmts[1], &parts[1], &other);
    bool has_any = parts[0].size > 0 || parts[1].size > 0;
    enum status status = first != OK && second != OK ? first : OK;
    if (status == OK && has_any) {
        status = take(context, vocabulary_part_holds(parts[0]) ? parts[0] : parts[1], err);
    }
    for (size_t i = 0; i < 2; i++) {
        (void)sqlite3_reset(stmts[i]);
    }
    return status;
}

/* Parts behind `last`, one by one: where a page of one table is damaged, the other is asked. */
static enum status take_each(struct segment *segment, int64_t last, segment_part_take *take,
                             void *context, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; i < segment->blocks.count; i++) {
        int64_t block = segment->blocks.items[i].id;
        for (int data = 0; status == OK && data < SEGMENT_DATA_COUNT; data++) {
            int64_t id = segment_data_id(block, (enum segment_data)data);
            status = id > last ? take_part(segment, id, take, context, err) : OK;
        }
    }
    return status;
}

enum status segment_each_part(struct segment *segment, segment_part_take *take, void *context,
                              struct err *err)
{
    int64_t last = 0;
    bool is_unread = false;
    enum status status = take_rows(segment, take, context, &last, &is_unread, err);
    if (is_unread) {
        status = take_each(segment, last, take, context, err);
    }
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

struct segment_vocabulary *segment_vocabulary_new(void)
{
    struct segment_vocabulary *shared = calloc(1, sizeof *shared);
    if (shared) {
        shared->users = 1;
        lock_init(&shared->lock);
    }
    return shared;
}

void segment_vocabulary_release(struct segment_vocabulary *shared)
{
    if (shared && atomic_fetch_sub(&shared->users, 1) == 1) {
        if (shared->is_read) {
            vocabulary_fini(&shared->vocabulary);
        }
        segment_names_fini(&shared->names);
        lock_fini(&shared->lock);
        free(shared);
    }
}

static enum status read_vocabulary(struct segment *segment, struct segment_vocabulary *shared,
                                   struct err *err)
{
    struct part_reading reading = {&shared->vocabulary, packer_new(segment->codec, 1)};
    if (!reading.packer) {
        return err_nomem(err, segment->path);
    }
    enum status status = vocabulary_init(&shared->vocabulary, err);
    status = THEN(status, segment_each_part(segment, read_part, &reading, err));
    status = THEN(status, segment_names_add(&shared->names, &shared->vocabulary, err));
    packer_free(reading.packer);
    if (status != OK) {
        vocabulary_fini(&shared->vocabulary);
    }
    return status;
}

static enum status use_shared(struct segment *segment, struct err *err)
{
    struct segment_vocabulary *shared = segment->shared;
    enum status status = OK;
    lock_take(&shared->lock);
    if (!shared->is_read) {
        status = read_vocabulary(segment, shared, err);
        shared->is_read = status == OK;
    }
    lock_drop(&shared->lock);
    if (status == OK) {
        segment->vocabulary = &shared->vocabulary;
        segment->names = &shared->names;
    }
    return status;
}

enum status segment_vocabulary(struct segment *segment, const struct vocabulary **out_vocabulary,
                               struct err *err)
{
    enum status status = OK;
    if (!segment->shared) {
        segment->names = &segment->own_names;
        status = segment_names_add(segment->names, segment->vocabulary, err);
    } else if (!segment->vocabulary) {
        status = use_shared(segment, err);
    }
    if (status == OK) {
        *out_vocabulary = segment->vocabulary;
    }
    return status;
}

struct segment_vocabulary *segment_share_vocabulary(struct segment *segment)
{
    CHECK(segment->shared);
    atomic_fetch_add(&segment->shared->users, 1);
    return segment->shared;
}

void segment_use_vocabulary(struct segment *segment, struct segment_vocabulary *shared)
{
    CHECK(!segment->vocabulary || segment->shared == shared);
    atomic_fetch_add(&shared->users, 1);
    segment_vocabulary_release(segment->shared);
    segment->shared = shared;
    segment_blocks_trim(segment, shared->last_id);
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
            return segment_name_damage(segment, block, status, err);
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
    segment_names_fini(&segment->own_names);
    segment_vocabulary_release(segment->shared);
}
