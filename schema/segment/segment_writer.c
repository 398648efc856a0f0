/* Appends blocks to a day's file, on the builder's threads: one packs, another one stores. From the
 * first block to the commit all is one transaction: durable with segment_writer_commit, which gives
 * a new file its name as well; what was not committed is gone after a crash. */
#include "schema/segment/segment_writer.h"

#include <stdlib.h>

#include "schema/archive/archive.h"
#include "schema/block/hash_chain.h"
#include "schema/block/identity_set.h"
#include "schema/segment/block_observables.h"
#include "schema/segment/block_pack.h"
#include "schema/segment/block_proof.h"
#include "schema/segment/block_words.h"
#include "schema/segment/segment_create.h"
#include "schema/segment/segment_internal.h"

struct segment_writer {
    struct segment segment; /* db is NULL between the first commit and what is asked next */
    bool is_new;            /* the first commit is still to come */
    int64_t first_block;    /* the number of the first one, if there is none yet */
    /* of the thread that packs */
    struct identity_set identities;
    struct block_pack packer;
    /* of the thread that stores, with the segment */
    bool in_transaction;
    struct columnar_checker *checker; /* the packer's */
    struct block_words words;
    struct block_observables observables;
    struct digest chain; /* up to the last block */
    /* of segment_writer_add */
    struct block_pack_made *packed;
};

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

/* An event whose time may be that of its arrival is known by its hash alone, too. */
static void add_identity(struct identity_set *set, uint32_t hash, int64_t time_us, bool is_arrival)
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
        add_identity(&writer->identities, hashes[slot], times_us[slot],
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
    for (size_t i = 0; status == OK && i < segment->blocks.count; i++) {
        const struct block_info *info = &segment->blocks.items[i];
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
    enum status status = any ? reopen(writer, err) : OK;
    return any && status == OK
               ? segment_duplicate_batch(&writer->segment, batch, &ask, out_known, err)
               : status;
}

static void load_chain(struct segment_writer *writer)
{
    writer->chain = hash_chain_start(writer->segment.day_us);
    for (size_t i = 0; i < writer->segment.blocks.count; i++) {
        writer->chain = hash_chain_add(&writer->chain, &writer->segment.blocks.items[i]);
    }
}

static enum status writer_load(struct segment_writer *writer, const char *path, sqlite3 *db,
                               struct err *err)
{
    enum status status = segment_attach(&writer->segment, db, path, err);
    if (status == OK) {
        load_chain(writer);
        status = configure(db, err);
    }
    if (status == OK) {
        status = load_vocabulary(writer, err);
    }
    return THEN(status, load_identities(writer, err));
}

/* Writes into a handle whose file has the row of its segment, and closes it in any case. is_new: of
 * segment_create_open; the first commit gives the file its name. */
static enum status writer_over(sqlite3 *db, const char *path, bool is_new, int compression_level,
                               struct segment_writer **out_writer, struct err *err)
{
    struct segment_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        db_close(db);
        return err_nomem(err, path);
    }
    writer->is_new = is_new;
    writer->first_block = 1;
    writer->in_transaction = !sqlite3_get_autocommit(db);
    enum status status = block_pack_init(&writer->packer, compression_level, err);
    enum status load_status = writer_load(writer, path, db, status == OK ? err : NULL);
    status = THEN(status, load_status);
    if (status != OK) {
        segment_writer_close(writer);
        return status;
    }
    *out_writer = writer;
    return OK;
}

enum status segment_writer_open(const char *dir, int64_t day_us, int compression_level,
                                struct segment_writer **out_writer, struct err *err)
{
    char path[FILE_PATH_BYTES];
    sqlite3 *db = NULL;
    bool is_new = false;
    enum status status = archive_segment_path(dir, day_us, path, err);
    if (status == OK) {
        is_new = !file_exists(path);
        status = is_new ? segment_create_open(path, day_us, &db, err)
                        : db_open(path, DB_WRITE, &segment_kind, &db, err);
    }
    return THEN(status, writer_over(db, path, is_new, compression_level, out_writer, err));
}

enum status segment_writer_create_file(const char *path, sqlite3 **out_db, struct err *err)
{
    return db_open(path, DB_FRESH, &segment_kind, out_db, err);
}

enum status segment_writer_open_file(sqlite3 *db, const char *path, int64_t day_us,
                                     int compression_level, struct segment_writer **out_writer,
                                     struct err *err)
{
    enum status status = segment_create_row(db, day_us, err);
    if (status != OK) {
        db_close(db);
        return status;
    }
    return writer_over(db, path, false, compression_level, out_writer, err);
}

void segment_writer_close(struct segment_writer *writer)
{
    if (writer) {
        segment_detach(&writer->segment);
        if (writer->is_new) {
            (void)!segment_create_remove(writer->segment.path,
                                         NULL); /* else the next writer does it */
        }
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
    CHECK(writer->segment.blocks.count == 0 && first_block >= 1);
    writer->first_block = first_block;
}

size_t segment_writer_unread(const struct segment_writer *writer)
{
    return writer->segment.unread.count;
}

int64_t segment_writer_day_us(const struct segment_writer *writer)
{
    return writer->segment.day_us;
}

struct segment *segment_writer_segment(struct segment_writer *writer)
{
    return &writer->segment;
}

static enum status add_data(struct segment_writer *writer, int64_t id, const struct buf *data,
                            const struct buf *part, struct err *err)
{
    struct segment *segment = &writer->segment;
    struct db_values values = DB_WITH(DB_INT(id), DB_BLOB(buf_span(part)));
    enum status status =
        segment_run(segment, SEGMENT_ADD_DATA, DB_WITH(DB_INT(id), DB_BLOB(buf_span(data))), err);
    if (part->size > 0) {
        status = THEN(status, segment_run(segment, SEGMENT_ADD_PART, values, err));
        status = THEN(status, segment_run(segment, SEGMENT_ADD_PART_COPY, values, err));
    }
    return status;
}

static enum status add_packed(struct segment_writer *writer, const struct block_pack_made *packed,
                              struct block_info *info, struct err *err)
{
    enum status status = OK;
    if (packed->newlines.size > 0) {
        status = segment_run(&writer->segment, SEGMENT_ADD_NEWLINES,
                             DB_WITH(DB_INT(info->id), DB_BLOB(buf_span(&packed->newlines))), err);
    }
    info->sha256 = packed->sha256;
    info->whole_lines = packed->written.n_whole;
    info->not_same = packed->written.was_not_same;
    info->raw_bytes = (int64_t)packed->ndjson.size;
    info->stored_bytes = (int64_t)(packed->events.size + packed->arrivals.size);
    status = THEN(status, add_data(writer, segment_data_id(info->id, SEGMENT_DATA_EVENTS),
                                   &packed->events, &packed->events_part, err));
    return THEN(status, add_data(writer, segment_data_id(info->id, SEGMENT_DATA_ARRIVALS),
                                 &packed->arrivals, &packed->arrivals_part, err));
}

/* What is found in it without its columns: the words of its text, its observables. value_from: the
 * first value that the vocabulary did not have before. */
static enum status add_indexes(struct segment_writer *writer, const struct block_info *info,
                               uint32_t value_from, struct err *err)
{
    struct segment *segment = &writer->segment;
    struct block_columns columns = {.reader = columnar_checker_reader(writer->checker)};
    enum status status = segment_vocabulary(segment, &columns.vocabulary, err);
    status = THEN(status, block_words_gather(&writer->words, &columns, err));
    struct span text = buf_span(&writer->words.text);
    if (status == OK && text.size > 0) {
        status = segment_run(segment, SEGMENT_ADD_TEXT_WORDS,
                             DB_WITH(DB_INT(info->id), DB_TEXT(text)), err);
    }
    status =
        THEN(status, block_observables_make(segment, &writer->observables, &columns, value_from,
                                            columns.vocabulary->values.count, err));
    struct span list = buf_span(&writer->observables.list);
    return THEN(status, segment_run(segment, SEGMENT_ADD_OBSERVABLES,
                                    DB_WITH(DB_INT(info->id), DB_BLOB(list)), err));
}

static enum status add_block_row(struct segment_writer *writer, const struct block_info *info,
                                 struct err *err)
{
    return segment_run(&writer->segment, SEGMENT_ADD_BLOCK,
                       DB_WITH(DB_INT(info->id), DB_INT(info->n_events), DB_INT(info->time_min_us),
                               DB_INT(info->time_max_us), DB_INT(info->raw_bytes),
                               DB_INT(info->stored_bytes), DB_DIGEST(&info->sha256),
                               DB_INT(info->whole_lines), DB_INT(info->not_same)),
                       err);
}

/* The block is complete but for this. */
static enum status add_proof(struct segment_writer *writer, const struct block_pack_made *packed,
                             const struct block_info *info, struct err *err)
{
    struct block_proof proof = {
        .arrivals_sha256 = packed->arrivals_sha256,
        .chain = hash_chain_add(&writer->chain, info),
        .line_sums = buf_span(&packed->line_sums),
    };
    enum status status =
        block_proof_stored_digest(&writer->segment, info->id, &proof.stored_sha256, err);
    status = THEN(status, block_proof_add(&writer->segment, info->id, &proof, err));
    if (status == OK) {
        writer->chain = proof.chain;
    }
    return status;
}

static void block_info_init(struct block_info *info, const struct segment_writer *writer,
                            const struct batch *batch)
{
    const struct segment *segment = &writer->segment;
    *info = (struct block_info){
        .id = segment->blocks.count > 0 ? segment->blocks.items[segment->blocks.count - 1].id + 1
                                        : writer->first_block,
        .n_events = (uint32_t)batch_count(batch),
        .time_min_us = INT64_MAX,
        .time_max_us = INT64_MIN,
    };
    for (size_t i = 0; i < info->n_events; i++) {
        int64_t time_us = batch_at(batch, i)->event.time_us;
        info->time_min_us = time_us < info->time_min_us ? time_us : info->time_min_us;
        info->time_max_us = time_us > info->time_max_us ? time_us : info->time_max_us;
    }
}

static enum status begin(struct segment_writer *writer, struct err *err)
{
    enum status status = OK;
    if (!writer->in_transaction) {
        status = reopen(writer, err);
        status = THEN(status, db_begin(writer->segment.db, err));
        writer->in_transaction = status == OK;
    }
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

enum status segment_writer_pack(struct segment_writer *writer, const struct batch *batch,
                                struct block_pack_made *packed, struct err *err)
{
    CHECK(batch_count(batch) > 0);
    enum status status = block_pack_batch(&writer->packer, batch, packed, err);
    for (size_t i = 0; status == OK && i < batch_count(batch); i++) {
        const struct batch_event *event = batch_at(batch, i);
        add_identity(&writer->identities, event->hash, event->event.time_us,
                     event->event.time_is_arrival || event->event.time_us == event->arrival_us);
    }
    return status;
}

enum status segment_writer_store(struct segment_writer *writer, struct block_pack_made *packed,
                                 struct err *err)
{
    struct segment *segment = &writer->segment;
    enum status status = begin(writer, err);
    if (status != OK) {
        return status;
    }
    struct block_info info;
    uint32_t value_from = segment->vocabulary->values.count;
    block_info_init(&info, writer, packed->batch);
    status = block_pack_check(packed, writer->checker, err);
    status = THEN(status, add_packed(writer, packed, &info, err));
    status = THEN(status, add_indexes(writer, &info, value_from, err));
    status = THEN(status, add_block_row(writer, &info, err));
    status = THEN(status, add_proof(writer, packed, &info, err));
    return THEN(status, segment_block_append(segment, &info, err));
}

enum status segment_writer_add(struct segment_writer *writer, const struct batch *batch,
                               struct err *err)
{
    if (!writer->packed && !(writer->packed = segment_writer_made_new())) {
        return err_nomem(err, writer->segment.path);
    }
    enum status status = segment_writer_pack(writer, batch, writer->packed, err);
    return THEN(status, segment_writer_store(writer, writer->packed, err));
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
    enum status status = begin(writer, err);
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
