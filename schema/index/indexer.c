/* From inbox, or straight from an import, into segments.
 *
 * A run over the inbox reads rows in order of id. Whatever day an event belongs to, the day's
 * segment commits the events together with the last id of the run (inbox_high), all of one segment
 * in one transaction. After a crash between two segments' commits the same rows are read again:
 * their events are known by their identity, and by inbox_high they are not counted as duplicates.
 * Only when every segment is committed are the rows deleted (indexer_run_commit). */
#include "schema/index/indexer.h"

#include <stdlib.h>

#include "schema/archive/quarantine_table.h"
#include "schema/base/vec.h"
#include "schema/event/source.h"
#include "schema/index/day_batches.h"
#include "schema/index/deletion.h"

enum {
    RUN_EVENTS_MAX = 16 * BLOCK_EVENTS_MAX,
    RUN_BYTES_MAX = 64 * 1024 * 1024,
    BROKEN_PIECES_MAX = 32, /* of one request; what is broken behind them goes into one piece */
};

struct quarantine_entry {
    struct source source;
    int64_t received_us;
    int64_t position;
    enum event_fault fault;
    struct span body;
};

struct indexer_run {
    int64_t up_to_id; /* 0: not from the inbox */
    int64_t counters[EVENT_COUNTER_COUNT];
    int64_t unread_blocks;
    VEC(struct quarantine_entry) quarantine;
    struct arena arena;
};

struct indexer {
    struct archive *archive; /* for reading the inbox */
    int64_t done_id;         /* rows up to here were handed out in runs */
    struct day_batches days;
    struct arena text;  /* of a body that had to be copied */
    struct arena arena; /* of one event */
    struct buf source;
    struct buf broken;       /* gathered pieces */
    struct indexer_run *run; /* under way */
};

enum status indexer_open(const char *dir, const struct indexer_options *options,
                         struct indexer **out_indexer, struct err *err)
{
    struct indexer *indexer = calloc(1, sizeof *indexer);
    if (!indexer) {
        return err_nomem(err, "index");
    }
    enum status status = archive_open(dir, ARCHIVE_READ, &indexer->archive, err);
    /* before anything is written to a day that is to go */
    status = THEN(status, deletion_finish(indexer->archive, err));
    status = THEN(status, day_batches_init(&indexer->days, indexer->archive, options, err));
    if (status != OK) {
        indexer_close(indexer);
        return status;
    }
    *out_indexer = indexer;
    return OK;
}

/* Forgets all that is not committed. */
static void indexer_reset(struct indexer *indexer)
{
    day_batches_reset(&indexer->days);
    indexer_run_free(indexer->run);
    indexer->run = NULL;
}

void indexer_close(struct indexer *indexer)
{
    if (indexer) {
        indexer_reset(indexer);
        day_batches_fini(&indexer->days);
        archive_close(indexer->archive);
        arena_fini(&indexer->text);
        arena_fini(&indexer->arena);
        buf_fini(&indexer->source);
        buf_fini(&indexer->broken);
        free(indexer);
    }
}

void indexer_run_free(struct indexer_run *run)
{
    if (run) {
        vec_fini(&run->quarantine);
        arena_fini(&run->arena);
        free(run);
    }
}

/* up_to_id is 0 for an import, which may be under way already. */
static enum status run_begin(struct indexer *indexer, int64_t up_to_id, struct err *err)
{
    if (!indexer->run) {
        indexer->run = calloc(1, sizeof *indexer->run);
    }
    if (!indexer->run) {
        return err_nomem(err, "index");
    }
    indexer->run->up_to_id = up_to_id;
    day_batches_begin(&indexer->days, indexer->run->counters, up_to_id);
    return OK;
}

static enum status add_fault(struct indexer *indexer, const struct batch_arrival *arrival,
                             enum event_fault fault, int64_t position, struct span body,
                             struct err *err)
{
    struct indexer_run *run = indexer->run;
    bool fine;
    struct quarantine_entry piece = {
        .source = source_copy(arrival->source, &run->arena, &fine),
        .received_us = arrival->received_us,
        .position = position,
        .fault = fault,
        .body = arena_copy(&run->arena, body),
    };
    run->counters[EVENT_COUNTER_quarantined]++;
    return fine && piece.body.data && vec_push(&run->quarantine, piece) ? OK
                                                                        : err_nomem(err, "index");
}

/* Of one body. */
struct malformed_records {
    size_t pieces;
    enum event_fault fault; /* of the first piece gathered, and where it stands */
    int64_t position;
};

static enum status take_broken(struct indexer *indexer, const struct batch_arrival *arrival,
                               struct span body, struct span piece, enum event_fault fault,
                               struct malformed_records *broken, struct err *err)
{
    int64_t position = piece.data - body.data;
    if (broken->pieces < BROKEN_PIECES_MAX) {
        broken->pieces++;
        return add_fault(indexer, arrival, fault, position, piece, err);
    }
    if (indexer->broken.size == 0) {
        broken->fault = fault;
        broken->position = position;
    } else {
        buf_add_char(&indexer->broken, '\n');
    }
    buf_add_span(&indexer->broken, piece);
    return buf_status(&indexer->broken, "index", err);
}

static enum status add_body(struct indexer *indexer, struct batch_arrival *arrival,
                            struct span body, struct err *err)
{
    arena_reset(&indexer->text);
    buf_clear(&indexer->source);
    buf_clear(&indexer->broken);
    source_text(arrival->source, &indexer->source);
    arrival->source_text = buf_span(&indexer->source);
    struct event_reader reader;
    bool nomem = !event_reader_init(&reader, body, arrival->received_us, &indexer->text);
    reader.arena = &indexer->arena;
    struct event event;
    enum event_fault fault;
    enum status status = buf_status(&indexer->source, "index", err);
    struct malformed_records broken = {0};
    arena_reset(&indexer->arena);
    reader.head_only = true;
    while (status == OK && !nomem && event_reader_next(&reader, &event, &fault, &nomem)) {
        status = fault == EVENT_FAULT_NONE
                     ? day_batches_add(&indexer->days, arrival, &event, err)
                     : take_broken(indexer, arrival, body, event.raw, fault, &broken, err);
        arena_reset(&indexer->arena);
    }
    if (status == OK && !nomem && indexer->broken.size > 0) {
        status = add_fault(indexer, arrival, broken.fault, broken.position,
                           buf_span(&indexer->broken), err);
    }
    return nomem ? err_nomem(err, "index") : status;
}

/* Finds the last row of the next run: as many as make it full. */
static enum status run_measure(struct indexer *indexer, int64_t *out_last, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(indexer->archive, indexer->done_id, &cursor, err);
    int64_t bytes = 0;
    bool end = false;
    struct inbox_row row;
    for (int rows = 0; status == OK && rows < RUN_EVENTS_MAX && bytes < RUN_BYTES_MAX; rows++) {
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status != OK || end) {
            break;
        }
        *out_last = row.id;
        bytes += (int64_t)row.body.size;
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status run_read(struct indexer *indexer, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(indexer->archive, indexer->done_id, &cursor, err);
    bool end = false;
    struct inbox_row row;
    while (status == OK && (status = inbox_cursor_next(cursor, &row, &end, err)) == OK && !end &&
           row.id <= indexer->run->up_to_id) {
        struct batch_arrival arrival = {
            .source = &row.source, .row_id = row.id, .received_us = row.received_us};
        status = add_body(indexer, &arrival, row.body, err);
    }
    archive_cursor_close(cursor);
    return status;
}

/* Writes what waits, and gives the run away; after an error it is forgotten. */
static enum status run_end(struct indexer *indexer, enum status status,
                           struct indexer_run **out_run, struct err *err)
{
    status = THEN(status, day_batches_flush(&indexer->days, err));
    if (status != OK) {
        indexer_reset(indexer);
        return status;
    }
    indexer->run->unread_blocks = indexer->days.unread_blocks;
    *out_run = indexer->run;
    indexer->run = NULL;
    return OK;
}

enum status indexer_run_next(struct indexer *indexer, struct indexer_run **out_run, struct err *err)
{
    CHECK(!indexer->run);
    int64_t last = 0;
    enum status status = run_measure(indexer, &last, err);
    if (status == OK && last == 0) {
        *out_run = NULL;
    }
    if (status != OK || last == 0) {
        return status;
    }
    status = run_begin(indexer, last, err);
    status = THEN(status, run_read(indexer, err));
    status = run_end(indexer, status, out_run, err);
    if (status == OK) {
        indexer->done_id = last;
    }
    return status;
}

enum status indexer_run_commit(struct archive *archive, struct indexer_run *run, struct err *err)
{
    enum status status = archive_begin(archive, err);
    for (size_t i = 0; status == OK && i < run->quarantine.count; i++) {
        const struct quarantine_entry *piece = &run->quarantine.items[i];
        status = quarantine_add(archive, &piece->source, piece->received_us, piece->fault,
                                piece->position, piece->body, err);
    }
    for (int i = 0; status == OK && i < EVENT_COUNTER_COUNT; i++) {
        if (run->counters[i] != 0) {
            status = archive_counter_add(archive, (enum event_counter)i, run->counters[i], err);
        }
    }
    if (status == OK && run->up_to_id > 0) {
        status = inbox_delete(archive, run->up_to_id, err);
    }
    status = archive_end(archive, status, err);
    if (status == OK) {
        indexer_run_free(run);
    }
    return status;
}

void indexer_run_totals(const struct indexer_run *run, struct indexer_totals *out_totals)
{
    const int64_t *counters = run->counters;
    *out_totals = (struct indexer_totals){
        .received = counters[EVENT_COUNTER_received],
        .stored = counters[EVENT_COUNTER_stored],
        .duplicates = counters[EVENT_COUNTER_duplicate_audit] +
                      counters[EVENT_COUNTER_duplicate_session] +
                      counters[EVENT_COUNTER_duplicate_import],
        .quarantined = counters[EVENT_COUNTER_quarantined],
        .no_time = counters[EVENT_COUNTER_no_time],
        .unread_blocks = run->unread_blocks,
    };
}

enum status indexer_import(struct indexer *indexer, const struct source *source, struct span text,
                           int64_t received_us, const struct event *event, struct err *err)
{
    const struct batch_arrival arrival = {
        .source = source, .source_text = text, .received_us = received_us};
    enum status status = run_begin(indexer, 0, err);
    status = THEN(status, day_batches_add(&indexer->days, &arrival, event, err));
    if (status != OK) {
        indexer_reset(indexer);
    }
    return status;
}

enum status indexer_import_fault(struct indexer *indexer, const struct source *source,
                                 int64_t received_us, enum event_fault fault, int64_t line,
                                 struct span body, struct err *err)
{
    const struct batch_arrival arrival = {.source = source, .received_us = received_us};
    enum status status = run_begin(indexer, 0, err);
    status = THEN(status, add_fault(indexer, &arrival, fault, line, body, err));
    if (status != OK) {
        indexer_reset(indexer);
    }
    return status;
}

enum status indexer_import_end(struct indexer *indexer, struct indexer_run **out_run,
                               struct err *err)
{
    return run_end(indexer, run_begin(indexer, 0, err), out_run, err);
}
