/* Batches into blocks of one file, as an import does it for a day, but in the order that the caller
 * gives and with what the archive knows of each event. The segment's day is that of the first
 * event; nothing that reads a single file takes it for a bound (query/search/day_iterator.c). */
#include "schema/copy/copy_writer.h"

#include <stdlib.h>

#include "schema/archive/inbox.h"
#include "schema/base/random.h"
#include "schema/block/hash_chain.h"
#include "schema/copy/copy_internal.h"
#include "schema/event/source.h"
#include "schema/segment/segment_writer.h"

extern const char copy_sql[];

struct copy_writer {
    struct atomic_file file;
    sqlite3 *db; /* until the segment has it */
    struct segment_writer *segment;
    int compression_level;
    struct batch *batch;
    struct arena arena; /* of one event */
    int64_t count;
    int64_t raw_bytes;
    int64_t first_us;
    int64_t last_us;
};

enum status copy_writer_open(const char *path, int compression_level, bool hidden,
                             struct copy_writer **out_writer, struct err *err)
{
    struct copy_writer *writer = calloc(1, sizeof *writer);
    if (writer) {
        writer->batch = batch_new(0);
        writer->compression_level = compression_level;
    }
    if (!writer || !writer->batch) {
        copy_writer_close(writer);
        return err_nomem(err, "copy");
    }
    enum status status = atomic_file_open(&writer->file, path, err);
    status = THEN(status, segment_writer_create_file(writer->file.part, &writer->db, err));
    if (status == OK && hidden) { /* its journal is in memory: SQLite needs the name no longer */
        status = atomic_file_hide(&writer->file, err);
    }
    status = THEN(status, db_exec(writer->db, copy_sql, err));
    if (status != OK) {
        copy_writer_close(writer);
        return status;
    }
    *out_writer = writer;
    return OK;
}

void copy_writer_close(struct copy_writer *writer)
{
    if (writer) {
        segment_writer_close(writer->segment);
        db_close(writer->db);
        atomic_file_drop(&writer->file);
        batch_free(writer->batch);
        arena_fini(&writer->arena);
        free(writer);
    }
}

/* The segment's writer, with the first event's day. */
static enum status begin(struct copy_writer *writer, int64_t time_us, struct err *err)
{
    sqlite3 *db = writer->db;
    writer->db = NULL;
    return segment_writer_open_file(db, writer->file.path, clock_day_start(time_us),
                                    writer->compression_level, &writer->segment, err);
}

static enum status flush(struct copy_writer *writer, struct err *err)
{
    if (batch_count(writer->batch) == 0) {
        return OK;
    }
    enum status status = segment_writer_add(writer->segment, writer->batch, err);
    batch_clear(writer->batch);
    return status;
}

/* A batch takes no event twice: the second one begins another block. */
static enum status put(struct copy_writer *writer, const struct event *event,
                       const struct batch_arrival *arrival, struct err *err)
{
    enum status status = batch_full(writer->batch, event->raw.size) ? flush(writer, err) : OK;
    while (status == OK) {
        enum batch_added added =
            batch_add(writer->batch, event, arrival, EVENT_COUNTER_duplicate_import);
        if (added != BATCH_DUPLICATE) {
            return added == BATCH_NOMEM ? err_nomem(err, "copy") : OK;
        }
        status = flush(writer, err);
    }
    return status;
}

enum status copy_writer_add(struct copy_writer *writer, const struct copy_event *event,
                            struct err *err)
{
    struct event parsed;
    arena_reset(&writer->arena);
    if (!event_parse(event->raw, event->received_us, &writer->arena, &parsed)) {
        return err_set(err, ERR_CORRUPT, "copy: event %lld cannot be read",
                       (long long)writer->count + 1);
    }
    parsed.time_us = event->time_us;
    parsed.time_is_arrival = event->time_is_arrival;
    const struct source source = {.session_stream = event->session_stream};
    const struct batch_arrival arrival = {
        .source = &source, .source_text = event->source, .received_us = event->received_us};
    enum status status = writer->segment ? OK : begin(writer, event->time_us, err);
    status = THEN(status, put(writer, &parsed, &arrival, err));
    if (status == OK) {
        bool first = writer->count++ == 0;
        writer->first_us =
            first || event->time_us < writer->first_us ? event->time_us : writer->first_us;
        writer->last_us =
            first || event->time_us > writer->last_us ? event->time_us : writer->last_us;
        writer->raw_bytes += (int64_t)event->raw.size + 1;
    }
    return status;
}

int64_t copy_writer_count(const struct copy_writer *writer)
{
    return writer->count;
}

static enum status put_case(sqlite3 *db, const struct copy_case *facts, struct err *err)
{
    char chain[DIGEST_HEX_BYTES];
    char content[DIGEST_HEX_BYTES];
    return db_change(
        db, COPY_CASE_INSERT,
        DB_WITH(DB_STR(COPY_FORMAT), DB_INT(facts->made_us), DB_TEXT(facts->who),
                DB_TEXT(facts->why), DB_TEXT(facts->archive_id), DB_TEXT(facts->archive_dir),
                DB_INT_BUT(facts->from_us, INT64_MIN), DB_INT_BUT(facts->to_us, INT64_MAX),
                DB_TEXT(facts->query), DB_TEXT(facts->session), DB_INT(facts->events),
                DB_INT(facts->raw_bytes), DB_INT(facts->first_us), DB_INT(facts->last_us),
                DB_INT(facts->blocks), DB_STR(digest_hex(&facts->chain, chain)),
                DB_STR(digest_hex(&facts->content, content)), DB_TEXT(facts->program)),
        err);
}

static enum status put_tables(sqlite3 *db, const struct copy_content *content, struct err *err)
{
    enum status status = OK;
    char hex[DIGEST_HEX_BYTES];
    for (size_t i = 0; status == OK && i < content->tables.count; i++) {
        const struct copy_table *table = &content->tables.items[i];
        status = table->unreadable ? err_set(err, ERR_IO, "copy: table %.*s cannot be read back",
                                             SPAN_FMT(table->name))
                                   : db_change(db,
                                               "INSERT INTO copy_table (name, rows, sha256)"
                                               " VALUES (?1, ?2, ?3)",
                                               DB_WITH(DB_TEXT(table->name), DB_INT(table->rows),
                                                       DB_STR(digest_hex(&table->sha256, hex))),
                                               err);
    }
    return status;
}

static enum status put_seal(sqlite3 *db, const struct copy_case *facts,
                            const struct signing_key *key, struct err *err)
{
    unsigned char signature[SIGNING_SIGNATURE_BYTES];
    struct buf text = BUF_INIT;
    copy_case_text(facts, &text);
    enum status status = buf_status(&text, "copy", err);
    status = THEN(status, signing_sign(key, buf_span(&text), signature, err));
    status = THEN(
        status,
        db_change(db, "INSERT INTO copy_seal (text, signature, key_id) VALUES (?1, ?2, ?3)",
                  DB_WITH(DB_BLOB(buf_span(&text)), DB_BLOB(span_of(signature, sizeof signature)),
                          DB_STR(signing_key_id(key))),
                  err));
    buf_fini(&text);
    return status;
}

/* Counts, times, chain and the digests of all that was written, read back from the file. */
static enum status measure(struct copy_writer *writer, sqlite3 *db, struct copy_content *content,
                           struct copy_case *facts, struct err *err)
{
    struct segment *segment = segment_writer_segment(writer->segment);
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    facts->events = writer->count;
    facts->raw_bytes = writer->raw_bytes;
    facts->first_us = writer->first_us;
    facts->last_us = writer->last_us;
    facts->blocks = (int64_t)n_blocks;
    facts->chain = hash_chain_start(segment_day_us(segment));
    for (size_t i = 0; i < n_blocks; i++) {
        facts->chain = hash_chain_add(&facts->chain, &blocks[i]);
    }
    enum status status = copy_content_read(db, content, err);
    return THEN(status, copy_content_digest(content, &facts->content, err));
}

static enum status put_header(sqlite3 *db, const struct copy_content *content,
                              const struct copy_case *facts, const struct signing_key *key,
                              struct err *err)
{
    enum status status = db_begin(db, err);
    status = THEN(status, put_case(db, facts, err));
    status = THEN(status, put_tables(db, content, err));
    if (status == OK && key) {
        status = put_seal(db, facts, key, err);
    }
    return THEN(status, db_commit(db, err));
}

enum status copy_writer_finish(struct copy_writer *writer, struct copy_case *facts,
                               const struct signing_key *key, struct err *err)
{
    CHECK(writer->segment);
    struct copy_content content = {0};
    struct segment *segment = segment_writer_segment(writer->segment);
    enum status status = flush(writer, err);
    status = THEN(status, segment_writer_end(writer->segment, err));
    status = THEN(status, measure(writer, segment_db(segment), &content, facts, err));
    status = THEN(status, put_header(segment_db(segment), &content, facts, key, err));
    copy_content_fini(&content);
    segment_writer_close(writer->segment);
    writer->segment = NULL;
    return status;
}

int copy_writer_fd(const struct copy_writer *writer)
{
    return writer->file.fd;
}

const char *copy_writer_part(const struct copy_writer *writer)
{
    return writer->file.part;
}

enum status copy_writer_publish(struct copy_writer *writer, bool over, struct err *err)
{
    return atomic_file_publish(&writer->file, over, err);
}
