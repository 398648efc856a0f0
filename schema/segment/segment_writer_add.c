/* Adding blocks: packing on one thread, storing on another one perhaps. */
#include <stdlib.h>

#include "schema/block/hash_chain.h"
#include "schema/segment/segment_writer_internal.h"

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
                               DB_INT(info->whole_lines), DB_INT(info->not_same),
                               DB_INT(info->day_us), DB_INT(info->number)),
                       err);
}

/* The block is complete but for the digest of what is stored. */
static enum status add_proof(struct segment_writer *writer, const struct block_info *info,
                             struct block_proof *proof, struct err *err)
{
    enum status status =
        block_proof_stored_digest(&writer->segment, info->id, &proof->stored_sha256, err);
    return THEN(status, block_proof_add(&writer->segment, info->id, proof, err));
}

static void block_info_init(struct block_info *info, const struct segment_writer *writer,
                            const struct segment_writer_day *day, const struct batch *batch)
{
    *info = (struct block_info){
        .id = writer->segment.last_id + 1,
        .day_us = day->day_us,
        .number = day->next_block,
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

enum status segment_writer_pack(struct segment_writer *writer, const struct batch *batch,
                                struct block_pack_made *packed, struct err *err)
{
    CHECK(batch_count(batch) > 0);
    enum status status = block_pack_batch(&writer->packer, batch, packed, err);
    for (size_t i = 0; status == OK && i < batch_count(batch); i++) {
        const struct batch_event *event = batch_at(batch, i);
        segment_writer_add_identity(&writer->identities, event->hash, event->event.time_us,
                                    event->event.time_is_arrival ||
                                        event->event.time_us == event->arrival_us);
    }
    return status;
}

/* All that is stored of a block but for its proof. */
static enum status store(struct segment_writer *writer, struct block_pack_made *packed,
                         struct block_info *info, struct err *err)
{
    enum status status = segment_writer_begin(writer, err);
    if (status != OK) {
        return status;
    }
    uint32_t value_from = writer->segment.vocabulary->values.count;
    status = block_pack_check(packed, writer->checker, err);
    status = THEN(status, add_packed(writer, packed, info, err));
    status = THEN(status, add_indexes(writer, info, value_from, err));
    return THEN(status, add_block_row(writer, info, err));
}

enum status segment_writer_store(struct segment_writer *writer, struct block_pack_made *packed,
                                 struct err *err)
{
    struct block_info info;
    int64_t day_us =
        writer->is_of_any_day ? vec_last(&writer->days)->day_us : packed->batch->day_us;
    struct segment_writer_day *day = segment_writer_day(writer, day_us);
    CHECK(day);
    block_info_init(&info, writer, day, packed->batch);
    enum status status = store(writer, packed, &info, err);
    struct block_proof proof = {
        .arrivals_sha256 = packed->arrivals_sha256,
        .line_sums = buf_span(&packed->line_sums),
    };
    if (status == OK) {
        proof.chain = hash_chain_add(&day->chain, &info);
        status = add_proof(writer, &info, &proof, err);
    }
    status = THEN(status, segment_block_append(&writer->segment, &info, err));
    if (status == OK) {
        day->chain = proof.chain;
        day->next_block++;
    }
    return status;
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

/* The lines of a block of another segment, packed as one of this. */
static enum status pack_again(struct segment_writer *writer, struct segment *from,
                              const struct block_info *info, struct err *err)
{
    struct block_pack_source source = {.n_events = info->n_events};
    struct buf arrivals = BUF_INIT;
    struct buf newlines = BUF_INIT;
    enum status status = segment_arrival_lines(from, info->id, &arrivals, &newlines, err);
    status = THEN(status, segment_ndjson(from, info->id, &from->lines, &source.ndjson, err));
    source.arrivals = buf_span(&arrivals);
    source.newlines = buf_span(&newlines);
    status = THEN(status, block_pack_again(&writer->packer, &source, writer->packed, err));
    buf_fini(&arrivals);
    buf_fini(&newlines);
    return segment_name_damage(from, info->id, status, err);
}

/* What seals and the chain stand on is what it was. */
static enum status compare(const struct segment_writer *writer, struct segment *from,
                           const struct block_info *block, struct block_proof *out_proof,
                           struct err *err)
{
    const struct block_pack_made *packed = writer->packed;
    enum status status = block_proof_read(from, block->id, out_proof, err);
    if (status == OK && (!digest_equal(&packed->sha256, &block->sha256) ||
                         !digest_equal(&packed->arrivals_sha256, &out_proof->arrivals_sha256) ||
                         !span_equal(buf_span(&packed->line_sums), out_proof->line_sums))) {
        (void)err_set(err, ERR_CORRUPT, "its events are not those of its digests");
        return segment_corrupt(from, block->id, err);
    }
    return status;
}

/* Columns tell times and identities, and they were cut anew. */
static enum status compare_told(struct segment_writer *writer, struct segment *from,
                                const struct block_info *old, const struct block_info *info,
                                struct err *err)
{
    int64_t times_us[2][BLOCK_EVENTS_MAX];
    uint32_t hashes[2][BLOCK_EVENTS_MAX];
    enum status status = segment_times(from, old->id, times_us[0], err);
    status = THEN(status, segment_identities(from, old->id, hashes[0], err));
    status = THEN(status, segment_times(&writer->segment, info->id, times_us[1], err));
    status = THEN(status, segment_identities(&writer->segment, info->id, hashes[1], err));
    size_t n = info->n_events;
    if (status == OK && (memcmp(times_us[0], times_us[1], n * sizeof times_us[0][0]) != 0 ||
                         memcmp(hashes[0], hashes[1], n * sizeof hashes[0][0]) != 0)) {
        (void)err_set(err, ERR_CORRUPT, "packed again, its events have other times");
        return segment_corrupt(from, old->id, err);
    }
    return status;
}

enum status segment_writer_add_block(struct segment_writer *writer, struct segment *from,
                                     const struct block_info *block, struct err *err)
{
    if (!writer->packed && !(writer->packed = segment_writer_made_new())) {
        return err_nomem(err, writer->segment.path);
    }
    struct block_info info = *block;
    struct block_proof proof;
    info.id = writer->segment.last_id + 1;
    enum status status = pack_again(writer, from, block, err);
    status = THEN(status, store(writer, writer->packed, &info, err));
    status = THEN(status, compare(writer, from, block, &proof, err));
    status = THEN(status, add_proof(writer, &info, &proof, err));
    status = THEN(status, segment_block_append(&writer->segment, &info, err));
    return THEN(status, compare_told(writer, from, block, &info, err));
}
