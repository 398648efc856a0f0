/* Appends blocks to a day's file, on the builder's threads: one packs, another one stores. From the
 * first block to the commit all is one transaction: durable with segment_writer_commit, which gives
 * a new file its name as well; what was not committed is gone after a crash. */
#include "schema/segment/segment_writer.h"

#include <stdlib.h>

#include "schema/block/hash_chain.h"
#include "schema/segment/segment_create.h"
#include "schema/segment/segment_map.h"
#include "schema/segment/segment_writer_internal.h"

static enum status load_part(void *context, struct span part, struct err *err)
{
    return block_pack_add_part(context, part, err);
}

/* What is read of the segment from here on is read with the vocabulary of what is stored. */
static enum status load_vocabulary(struct segment_writer *writer, struct err *err)
{
    enum status status = segment_each_part(&writer->segment, load_part, &writer->packer, err);
    writer->checker = columnar_writer_checker(writer->packer.columns);
    writer->segment.vocabulary = columnar_checker_vocabulary(writer->checker);
    return status;
}

struct block_pack_made *segment_writer_made_new(void)
{
    return calloc(1, sizeof(struct block_pack_made));
}

void segment_writer_made_free(struct block_pack_made *packed)
{
    if (packed) {
        block_pack_made_fini(packed);
        free(packed);
    }
}

void segment_writer_add_identity(struct identity_set *set, uint32_t hash, int64_t time_us,
                                 bool is_arrival)
{
    identity_set_add(set, hash, time_us);
    if (is_arrival) {
        identity_set_add(set, hash, IDENTITY_SET_TIME_NONE);
    }
}

static enum status load_block_identities(struct segment_writer *writer,
                                         const struct block_info *info, struct err *err)
{
    uint32_t hashes[BLOCK_EVENTS_MAX];
    int64_t times_us[BLOCK_EVENTS_MAX];
    int64_t arrivals_us[BLOCK_EVENTS_MAX];
    enum status status = segment_identities(&writer->segment, info->id, hashes, err);
    status = THEN(status, segment_times(&writer->segment, info->id, times_us, err));
    status = THEN(status, segment_arrivals(&writer->segment, info->id, arrivals_us, err));
    for (size_t slot = 0; status == OK && slot < info->n_events; slot++) {
        segment_writer_add_identity(&writer->identities, hashes[slot], times_us[slot],
                                    times_us[slot] == arrivals_us[slot]);
    }
    return status;
}

static bool lacks_vocabulary(const struct segment *segment)
{
    for (size_t i = 0; i < SEGMENT_DATA_COUNT; i++) {
        const struct columnar_reader *reader = segment->data[i].reader;
        if (reader && columnar_lacks_vocabulary(reader)) {
            return true;
        }
    }
    return false;
}

/* A damaged block does not keep others from being written: what it holds and comes again is written
 * again. It is not read from here on, as damage that is met in a transaction keeps that from being
 * committed. With a vocabulary that lacks a part nothing is written: what is new would get the
 * numbers of what is missing. */
static enum status load_identities(struct segment_writer *writer, struct err *err)
{
    struct segment *segment = &writer->segment;
    enum status status = OK;
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; status == OK && i < count; i++) {
        const struct block_info *info = &blocks[i];
        status = load_block_identities(writer, info, err);
        if (status == ERR_CORRUPT && !lacks_vocabulary(segment)) {
            segment_close_columns(segment);
            status = vec_push(&segment->unread, info->id) ? OK : err_nomem(err, segment->path);
        }
    }
    return status;
}

/* A writer's own settings. */
static enum status configure(sqlite3 *db, struct err *err)
{
    return db_exec(db, "PRAGMA cache_size=-8000; PRAGMA wal_autocheckpoint=4000", err);
}

/* The segment's handle: after the first commit it is opened again, under the segment's name. */
static enum status reopen(struct segment_writer *writer, struct err *err)
{
    struct segment *segment = &writer->segment;
    if (segment->db) {
        return OK;
    }
    enum status status = db_open(segment->path, DB_WRITE, &segment_kind, &segment->db, err);
    return THEN(status, configure(segment->db, err));
}

static bool may_know(const struct identity_set *set, const struct batch_event *event)
{
    return identity_set_may_have(set, event->hash, event->event.time_us) ||
           (event->event.time_is_arrival &&
            identity_set_may_have(set, event->hash, IDENTITY_SET_TIME_NONE));
}

bool segment_writer_may_know(const struct segment_writer *writer, const struct batch *batch)
{
    for (size_t i = 0; i < batch_count(batch); i++) {
        if (may_know(&writer->identities, batch_at(batch, i))) {
            return true;
        }
    }
    return false;
}

enum status segment_writer_known(struct segment_writer *writer, const struct batch *batch,
                                 struct bitmap *out_known, struct err *err)
{
    struct bitmap ask = {0};
    bool any = false;
    for (size_t i = 0; i < batch_count(batch); i++) {
        if (may_know(&writer->identities, batch_at(batch, i))) {
            bitmap_set(&ask, i);
            any = true;
        }
    }
    (void)segment_select_day(&writer->segment, batch->day_us);
    enum status status = any ? reopen(writer, err) : OK;
    return any && status == OK
               ? segment_duplicate_batch(&writer->segment, batch, &ask, out_known, err)
               : status;
}

struct segment_writer_day *segment_writer_day(struct segment_writer *writer, int64_t day_us)
{
    for (size_t i = writer->days.count; i > 0; i--) {
        if (writer->days.items[i - 1].day_us == day_us) {
            return &writer->days.items[i - 1];
        }
    }
    return NULL;
}

bool segment_writer_uses_day(struct segment_writer *writer, int64_t day_us)
{
    return segment_writer_day(writer, day_us) != NULL;
}

bool segment_writer_has_day(struct segment_writer *writer, int64_t day_us)
{
    return segment_writer_day(writer, day_us) || segment_has_day(&writer->segment, day_us);
}

enum status segment_writer_use_day(struct segment_writer *writer, int64_t day_us,
                                   int64_t first_block, struct err *err)
{
    size_t count;
    (void)segment_select_day(&writer->segment, day_us);
    if (segment_writer_day(writer, day_us)) {
        return OK;
    }
    const struct block_info *blocks = segment_blocks(&writer->segment, &count);
    struct segment_writer_day day = {.day_us = day_us,
                                     .next_block =
                                         count > 0 ? blocks[count - 1].number + 1 : first_block,
                                     .chain = hash_chain_start(day_us)};
    for (size_t i = 0; i < count; i++) {
        day.chain = hash_chain_add(&day.chain, &blocks[i]);
    }
    enum status status = count > 0 ? reopen(writer, err) : OK;
    status = THEN(status, load_identities(writer, err));
    return status != OK || vec_push(&writer->days, day) ? status
                                                        : err_nomem(err, writer->segment.path);
}

static enum status writer_load(struct segment_writer *writer, const char *path, sqlite3 *db,
                               struct err *err)
{
    enum status status = segment_attach(&writer->segment, db, path, err);
    /* the vocabulary keeps the ids of blocks that were removed */
    sqlite3_stmt *stmt = NULL;
    int64_t last = 0;
    status = THEN(status, segment_statement(&writer->segment, SEGMENT_LAST_VOCABULARY, &stmt, err));
    status = THEN(status, db_int_with(stmt, DB_NO_VALUES, &last, err));
    writer->segment.last_id = last > writer->segment.last_id ? last : writer->segment.last_id;
    status = THEN(status, configure(db, err));
    status = THEN(status, load_vocabulary(writer, err));
    return status;
}

/* A file that a writer is to be made for. */
struct writer_file {
    const char *path;
    sqlite3 *db;
    int64_t day_us; /* of what is to be added */
    bool is_new;    /* of segment_create_open; the first commit gives it its name */
};

/* Writes into a handle whose file has the row of its segment, and closes it in any case. */
static enum status writer_over(const struct writer_file *file, int compression_level,
                               struct segment_writer **out_writer, struct err *err)
{
    struct segment_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        db_close(file->db);
        return err_nomem(err, file->path);
    }
    writer->is_new = file->is_new;
    writer->in_transaction = !sqlite3_get_autocommit(file->db);
    enum status status = block_pack_init(&writer->packer, compression_level, err);
    enum status load_status = writer_load(writer, file->path, file->db, status == OK ? err : NULL);
    status = THEN(status, load_status);
    status = THEN(status, segment_writer_use_day(writer, file->day_us, 1, err));
    if (status != OK) {
        segment_writer_close(writer);
        return status;
    }
    *out_writer = writer;
    return OK;
}

static enum status open_existing(struct writer_file *file, int level,
                                 struct segment_writer **out_writer, struct err *err)
{
    enum status status = db_open(file->path, DB_WRITE, &segment_kind, &file->db, err);
    return THEN(status, writer_over(file, level, out_writer, err));
}

enum status segment_writer_open(const char *dir, int64_t day_us, int compression_level,
                                struct segment_writer **out_writer, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = segment_path_of_day(dir, day_us, path, err);
    if (status != OK) {
        return status;
    }
    struct writer_file file = {.path = path, .day_us = day_us, .is_new = !file_exists(path)};
    if (!file.is_new) {
        return open_existing(&file, compression_level, out_writer, err);
    }
    status = segment_create_open(path, day_us, false, &file.db, err);
    return THEN(status, writer_over(&file, compression_level, out_writer, err));
}

enum status segment_writer_open_merged(const char *path, int64_t first_us, int64_t day_us,
                                       int compression_level, struct segment_writer **out_writer,
                                       struct err *err)
{
    struct writer_file file = {.path = path, .day_us = day_us, .is_new = !file_exists(path)};
    if (!file.is_new) {
        return open_existing(&file, compression_level, out_writer, err);
    }
    enum status status = segment_create_open(path, first_us, true, &file.db, err);
    return THEN(status, writer_over(&file, compression_level, out_writer, err));
}

enum status segment_writer_create_file(const char *path, sqlite3 **out_db, struct err *err)
{
    return db_open(path, DB_FRESH, &segment_kind, out_db, err);
}

enum status segment_writer_open_file(sqlite3 *db, const char *path, int64_t day_us,
                                     int compression_level, struct segment_writer **out_writer,
                                     struct err *err)
{
    enum status status = segment_create_row(db, day_us, false, err);
    if (status != OK) {
        db_close(db);
        return status;
    }
    const struct writer_file file = {.path = path, .db = db, .day_us = day_us};
    status = writer_over(&file, compression_level, out_writer, err);
    if (status == OK) {
        (*out_writer)->is_of_any_day = true;
    }
    return status;
}

void segment_writer_close(struct segment_writer *writer)
{
    if (writer) {
        segment_detach(&writer->segment);
        if (writer->is_new) {
            (void)!segment_create_remove(writer->segment.path,
                                         NULL); /* else the next writer does it */
        }
        vec_fini(&writer->days);
        identity_set_fini(&writer->identities);
        block_pack_fini(&writer->packer);
        block_words_fini(&writer->words);
        block_observables_fini(&writer->observables);
        segment_writer_made_free(writer->packed);
        free(writer);
    }
}

void segment_writer_number_from(struct segment_writer *writer, int64_t first_block)
{
    CHECK(writer->segment.view_count == 0 && first_block >= 1);
    vec_last(&writer->days)->next_block = first_block;
}

size_t segment_writer_unread(const struct segment_writer *writer)
{
    return writer->segment.unread.count;
}

struct segment *segment_writer_segment(struct segment_writer *writer)
{
    return &writer->segment;
}

enum status segment_writer_begin(struct segment_writer *writer, struct err *err)
{
    enum status status = OK;
    if (!writer->in_transaction) {
        status = reopen(writer, err);
        status = THEN(status, db_begin(writer->segment.db, err));
        writer->in_transaction = status == OK;
    }
    return status;
}

/* The handle goes with the name; most days of an import are done with their first commit, so it is
 * not opened again before it is needed. */
static enum status publish(struct segment_writer *writer, struct err *err)
{
    struct segment *segment = &writer->segment;
    segment_statements_free(segment);
    sqlite3 *db = segment->db;
    segment->db = NULL;
    enum status status = segment_create_publish(segment->path, db, err);
    writer->is_new = status != OK;
    return status;
}

enum status segment_writer_commit(struct segment_writer *writer, const char *archive_id,
                                  int64_t inbox_id, struct err *err)
{
    struct segment *segment = &writer->segment;
    bool nothing = writer->is_new ? segment->blocks.count == 0 : !writer->in_transaction;
    if (nothing && (writer->is_new || inbox_id <= 0)) {
        return OK;
    }
    enum status status = segment_writer_begin(writer, err);
    segment_close_columns(segment);
    if (status == OK && inbox_id > 0) {
        status = segment_run(segment, SEGMENT_PUT_INBOX_HIGH,
                             DB_WITH(DB_STR(archive_id), DB_INT(inbox_id)), err);
    }
    status = THEN(status, writer->is_new ? publish(writer, err) : db_commit(segment->db, err));
    writer->in_transaction = false;
    return status;
}

enum status segment_writer_end(struct segment_writer *writer, struct err *err)
{
    CHECK(writer->in_transaction && !writer->is_new);
    enum status status = db_commit(writer->segment.db, err);
    writer->in_transaction = false;
    return status;
}
