/* From inbox, or straight from an import, into segments.
 *
 * A run over the inbox reads rows in order of id. Whatever day an event belongs to, the day's
 * segment commits the events together with the last id of the run (inbox_high), all of one segment
 * in one transaction. After a crash between two segments' commits the same rows are read again:
 * a segment that has them says so by its inbox_high and they are passed over. Only when every
 * segment is committed are the rows deleted (indexer_settle). */
#include "schema/indexer.h"

#include <stdlib.h>

#include "schema/segment_writer.h"

enum {
    RUN_EVENTS_MAX = 16 * BLOCK_EVENTS_MAX,
    RUN_BYTES_MAX = 64 * 1024 * 1024,
    WAITING_BYTES_MAX = 160 * 1024 * 1024, /* of all batches of an import */
    BATCHES_MAX = 512,
    WRITERS_MAX = 8,
    COMMIT_BLOCKS = 16, /* of an import, between two commits of a segment */
};

struct quarantined {
    struct source source;
    int64_t received_us;
    int64_t position;
    enum event_fault fault;
    struct span body;
};

struct indexer_run {
    int64_t up_to_id; /* 0: not from the inbox */
    int64_t counters[ARCHIVE_COUNTER_COUNT];
    struct buf quarantine; /* struct quarantined */
    struct arena arena;
};

struct open_writer {
    struct segment_writer *writer;
    int64_t used; /* larger is later */
    int blocks;   /* since the last commit */
};

struct indexer {
    char dir[FILE_PATH_BYTES];
    int compression_level;
    struct archive *archive; /* for reading the inbox */
    int64_t done_id;         /* rows up to here were handed out in runs */
    struct paths paths;
    struct open_writer writers[WRITERS_MAX];
    int64_t clock;
    struct batch *batches[BATCHES_MAX];
    size_t n_batches;
    struct arena arena;
    struct buf source;
    struct indexer_run *run; /* under way */
};

enum status indexer_open(const char *dir, const struct indexer_options *options,
                         struct indexer **out_indexer, struct err *err)
{
    struct indexer *indexer = calloc(1, sizeof *indexer);
    if (!indexer) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    paths_init(&indexer->paths);
    indexer->compression_level = options->compression_level;
    enum status status = path_format(indexer->dir, err, "%s", dir);
    if (status == OK) {
        status = archive_open(dir, ARCHIVE_READ, &indexer->archive, err);
    }
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
    for (size_t i = 0; i < indexer->n_batches; i++) {
        batch_free(indexer->batches[i]);
    }
    indexer->n_batches = 0;
    for (size_t i = 0; i < WRITERS_MAX; i++) {
        segment_writer_close(indexer->writers[i].writer);
        indexer->writers[i] = (struct open_writer){0};
    }
    indexer_run_free(indexer->run);
    indexer->run = NULL;
}

void indexer_close(struct indexer *indexer)
{
    if (indexer) {
        indexer_reset(indexer);
        archive_close(indexer->archive);
        paths_fini(&indexer->paths);
        arena_fini(&indexer->arena);
        buf_fini(&indexer->source);
        free(indexer);
    }
}

void indexer_run_free(struct indexer_run *run)
{
    if (run) {
        buf_fini(&run->quarantine);
        arena_fini(&run->arena);
        free(run);
    }
}

static enum status run_begin(struct indexer *indexer, struct err *err)
{
    if (!indexer->run) {
        indexer->run = calloc(1, sizeof *indexer->run);
    }
    return indexer->run ? OK : err_set(err, ERR_NOMEM, "index: out of memory");
}

/* The day's writer, opened when need be; the one not used for longest makes room. */
static enum status writer_of(struct indexer *indexer, int64_t day_us, struct open_writer **out,
                             struct err *err)
{
    struct open_writer *oldest = &indexer->writers[0];
    for (size_t i = 0; i < WRITERS_MAX; i++) {
        struct open_writer *open = &indexer->writers[i];
        if (open->writer && segment_writer_day_us(open->writer) == day_us) {
            open->used = ++indexer->clock;
            *out = open;
            return OK;
        }
        if (!open->writer || (oldest->writer && open->used < oldest->used)) {
            oldest = open;
        }
    }
    enum status status = OK;
    if (oldest->writer) {
        /* No inbox id: more of this run may follow for that day. Should this run be done again,
         * what is committed here is known by its identity. */
        status = segment_writer_commit(oldest->writer, archive_id(indexer->archive), 0, err);
        segment_writer_close(oldest->writer);
        *oldest = (struct open_writer){0};
    }
    if (status == OK) {
        status = segment_writer_open(indexer->dir, day_us, indexer->compression_level,
                                     &oldest->writer, err);
    }
    if (status == OK) {
        oldest->used = ++indexer->clock;
        oldest->blocks = 0;
        *out = oldest;
    }
    return status;
}

static void count_duplicate(struct indexer_run *run, const struct batch_event *event)
{
    run->counters[event->session_stream ? ARCHIVE_COUNTER_duplicate_session
                  : run->up_to_id > 0   ? ARCHIVE_COUNTER_duplicate_audit
                                        : ARCHIVE_COUNTER_duplicate_import]++;
}

/* An event without a time of its own may have come before midnight: asks the day before too. */
static enum status known_yesterday(struct indexer *indexer, const struct batch *batch,
                                   const struct event *events, const uint32_t *hashes, size_t count,
                                   struct bitmap *known, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any |= events[i].time_is_arrival;
    }
    char path[FILE_PATH_BYTES];
    enum status status =
        archive_segment_path(indexer->dir, batch->day_us - CLOCK_DAY_US, path, err);
    if (status != OK || !any || !file_exists(path)) {
        return status;
    }
    struct segment *segment = NULL;
    struct bitmap before = {0};
    status = segment_open(path, &segment, err);
    if (status == OK) {
        status = segment_known_events(segment, events, hashes, count, &before, err);
        segment_close(segment);
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        if (events[i].time_is_arrival && bitmap_get(&before, i)) {
            bitmap_set(known, i);
        }
    }
    return status;
}

/* Takes out of the batch what the segment has already. */
static enum status batch_check(struct indexer *indexer, struct segment_writer *writer,
                               struct batch *batch, struct err *err)
{
    size_t first = batch->n_checked;
    size_t count = batch_count(batch) - first;
    struct event *events = malloc((count ? count : 1) * sizeof *events);
    uint32_t hashes[BLOCK_EVENTS_MAX];
    if (!events) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        events[i] = batch_at(batch, first + i)->event;
        hashes[i] = batch_at(batch, first + i)->hash;
    }
    struct bitmap known;
    enum status status =
        segment_known_events(segment_writer_segment(writer), events, hashes, count, &known, err);
    if (status == OK) {
        status = known_yesterday(indexer, batch, events, hashes, count, &known, err);
    }
    free(events);
    if (status != OK) {
        return status;
    }
    struct bitmap remove = {0};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (bitmap_get(&known, i)) {
            bitmap_set(&remove, first + i);
            count_duplicate(indexer->run, batch_at(batch, first + i));
            any = true;
        }
    }
    if (any) {
        batch_remove(batch, &remove);
    }
    batch->n_checked = batch_count(batch);
    return OK;
}

/* Makes a block of the batch. Unless `all`, a batch that duplicates have thinned out waits on. */
static enum status batch_write(struct indexer *indexer, struct batch *batch, bool all,
                               struct err *err)
{
    struct open_writer *open = NULL;
    enum status status = writer_of(indexer, batch->day_us, &open, err);
    if (status == OK) {
        status = batch_check(indexer, open->writer, batch, err);
    }
    size_t count = batch_count(batch);
    bool full = count == BLOCK_EVENTS_MAX || batch->raw_bytes > BLOCK_RAW_BYTES_MAX / 2;
    if (status != OK || (!all && !full)) {
        return status;
    }
    if (count > 0) {
        for (size_t i = 0; i < count; i++) {
            indexer->run->counters[ARCHIVE_COUNTER_no_time] +=
                batch_at(batch, i)->event.time_is_arrival;
        }
        indexer->run->counters[ARCHIVE_COUNTER_stored] += (int64_t)count;
        status = segment_writer_add(open->writer, batch, &indexer->paths, err);
        open->blocks++;
    }
    batch_clear(batch);
    if (status == OK && open->blocks >= COMMIT_BLOCKS && indexer->run->up_to_id == 0) {
        status = segment_writer_commit(open->writer, archive_id(indexer->archive), 0, err);
        open->blocks = 0;
    }
    return status;
}

static size_t waiting_bytes(const struct batch *batch)
{
    return batch->arena_bytes + batch->events.size + batch->cells.size;
}

/* Keeps what waits within bounds: writes the largest batch. */
static enum status batches_bound(struct indexer *indexer, struct err *err)
{
    size_t total = 0;
    struct batch *largest = NULL;
    for (size_t i = 0; i < indexer->n_batches; i++) {
        size_t bytes = waiting_bytes(indexer->batches[i]);
        total += bytes;
        if (!largest || bytes > waiting_bytes(largest)) {
            largest = indexer->batches[i];
        }
    }
    return total > WAITING_BYTES_MAX ? batch_write(indexer, largest, true, err) : OK;
}

static enum status batch_open(struct indexer *indexer, int64_t day_us, struct batch **out,
                              struct err *err)
{
    if (indexer->n_batches == BATCHES_MAX) {
        struct batch *first = indexer->batches[0];
        enum status status = batch_write(indexer, first, true, err);
        if (status != OK) {
            return status;
        }
        batch_free(first);
        indexer->batches[0] = indexer->batches[--indexer->n_batches];
    }
    struct batch *batch = batch_new(day_us);
    if (!batch) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    indexer->batches[indexer->n_batches++] = batch;
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(indexer->dir, day_us, path, err);
    if (status == OK && indexer->run->up_to_id > 0 && file_exists(path)) {
        struct open_writer *open = NULL;
        status = writer_of(indexer, day_us, &open, err);
        if (status == OK) {
            batch->inbox_high = segment_inbox_high(segment_writer_segment(open->writer),
                                                   archive_id(indexer->archive));
        }
    }
    *out = batch;
    return status;
}

static enum status batch_of(struct indexer *indexer, int64_t time_us, struct batch **out,
                            struct err *err)
{
    int64_t day_us = clock_day_start(time_us);
    for (size_t i = indexer->n_batches; i > 0; i--) {
        if (indexer->batches[i - 1]->day_us == day_us) {
            *out = indexer->batches[i - 1];
            return OK;
        }
    }
    return batch_open(indexer, day_us, out, err);
}

/* Where a piece came from, as one argument. */
struct arrival {
    const struct source *source;
    int64_t row_id; /* 0 for an import */
    int64_t received_us;
    int64_t position;
};

static enum status add_event(struct indexer *indexer, const struct arrival *arrival,
                             const struct event *event, struct err *err)
{
    struct batch *batch = NULL;
    indexer->run->counters[ARCHIVE_COUNTER_received]++;
    enum status status = batch_of(indexer, event->time_us, &batch, err);
    if (status == OK && arrival->row_id > 0 && arrival->row_id <= batch->inbox_high) {
        indexer->run->counters[ARCHIVE_COUNTER_stored]++; /* by a run that was not settled */
        return OK;
    }
    if (status == OK && batch_full(batch, event->raw.size)) {
        status = batch_write(indexer, batch, false, err);
        if (status == OK && batch_full(batch, event->raw.size)) {
            status = batch_write(indexer, batch, true, err);
        }
    }
    if (status != OK) {
        return status;
    }
    size_t before = waiting_bytes(batch);
    enum batch_added added = batch_add(batch, &indexer->paths, event, arrival->received_us,
                                       buf_span(&indexer->source), arrival->source->session_stream);
    if (added == BATCH_DUPLICATE) {
        struct batch_event duplicate = {.session_stream = arrival->source->session_stream};
        count_duplicate(indexer->run, &duplicate);
    }
    if (added == BATCH_NOMEM) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    /* Looked at now and then: the sum goes over all batches. */
    bool look =
        before / (1 << 20) != waiting_bytes(batch) / (1 << 20) || indexer->n_batches == BATCHES_MAX;
    return look ? batches_bound(indexer, err) : OK;
}

static struct span kept(struct indexer_run *run, struct span bytes, bool *fine)
{
    struct span copy = arena_copy(&run->arena, bytes);
    *fine = *fine && copy.data != NULL;
    return copy;
}

static enum status add_fault(struct indexer *indexer, const struct arrival *arrival,
                             enum event_fault fault, int64_t position, struct span body,
                             struct err *err)
{
    struct indexer_run *run = indexer->run;
    bool fine = true;
    struct quarantined piece = {
        .source = {.via = kept(run, arrival->source->via, &fine),
                   .peer = kept(run, arrival->source->peer, &fine),
                   .certificate = kept(run, arrival->source->certificate, &fine),
                   .tag = kept(run, arrival->source->tag, &fine),
                   .session_stream = arrival->source->session_stream},
        .received_us = arrival->received_us,
        .position = position,
        .fault = fault,
        .body = kept(run, body, &fine),
    };
    buf_add(&run->quarantine, &piece, sizeof piece);
    run->counters[ARCHIVE_COUNTER_quarantined]++;
    return fine && buf_ok(&run->quarantine) ? OK : err_set(err, ERR_NOMEM, "index: out of memory");
}

static enum status add_body(struct indexer *indexer, const struct arrival *arrival,
                            struct span body, struct err *err)
{
    arena_reset(&indexer->arena);
    buf_clear(&indexer->source);
    source_text(arrival->source, &indexer->source);
    struct event_reader reader;
    bool nomem = !event_reader_init(&reader, body, arrival->received_us, &indexer->arena);
    struct event event;
    enum event_fault fault;
    enum status status = OK;
    int64_t line = arrival->position; /* of the byte at counted */
    size_t counted = 0;
    while (status == OK && !nomem && event_reader_next(&reader, &event, &fault, &nomem)) {
        if (fault == EVENT_FAULT_NONE) {
            status = add_event(indexer, arrival, &event, err);
        } else {
            size_t offset = (size_t)(event.raw.data - body.data);
            for (; counted < offset; counted++) {
                line += body.data[counted] == '\n';
            }
            status = add_fault(indexer, arrival, fault,
                               arrival->row_id > 0 ? (int64_t)offset : line, event.raw, err);
        }
        if (reader.text.data == body.data) {
            arena_reset(&indexer->arena); /* nothing of the body is in it */
        }
    }
    return nomem ? err_set(err, ERR_NOMEM, "index: out of memory") : status;
}

/* Writes every batch and commits every writer. */
static enum status flush_all(struct indexer *indexer, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < indexer->n_batches; i++) {
        status = batch_write(indexer, indexer->batches[i], true, err);
    }
    for (size_t i = 0; status == OK && i < WRITERS_MAX; i++) {
        struct open_writer *open = &indexer->writers[i];
        if (open->writer && (open->blocks > 0 || indexer->run->up_to_id > 0)) {
            status = segment_writer_commit(open->writer, archive_id(indexer->archive),
                                           indexer->run->up_to_id, err);
            open->blocks = 0;
        }
    }
    for (size_t i = 0; status == OK && i < indexer->n_batches; i++) {
        batch_free(indexer->batches[i]);
        indexer->batches[i] = NULL;
    }
    if (status == OK) {
        indexer->n_batches = 0;
    }
    return status;
}

/* Finds the last row of the next run: as many as make it full. */
static enum status run_measure(struct indexer *indexer, int64_t *out_last, struct err *err)
{
    struct inbox_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(indexer->archive, indexer->done_id, &cursor, err);
    int64_t bytes = 0;
    int64_t last = 0;
    bool end = false;
    struct inbox_row row;
    for (int rows = 0; status == OK && rows < RUN_EVENTS_MAX && bytes < RUN_BYTES_MAX; rows++) {
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status != OK || end) {
            break;
        }
        last = row.id;
        bytes += (int64_t)row.body.size;
    }
    inbox_cursor_close(cursor);
    if (status == OK) {
        *out_last = last;
    }
    return status;
}

static enum status run_read(struct indexer *indexer, struct err *err)
{
    struct inbox_cursor *cursor = NULL;
    enum status status = inbox_cursor_open(indexer->archive, indexer->done_id, &cursor, err);
    bool end = false;
    struct inbox_row row;
    while (status == OK && (status = inbox_cursor_next(cursor, &row, &end, err)) == OK && !end &&
           row.id <= indexer->run->up_to_id) {
        struct arrival arrival = {
            .source = &row.source, .row_id = row.id, .received_us = row.received_us};
        status = add_body(indexer, &arrival, row.body, err);
    }
    inbox_cursor_close(cursor);
    return status;
}

enum status indexer_run_next(struct indexer *indexer, struct indexer_run **out_run, struct err *err)
{
    CHECK(!indexer->run);
    int64_t last = 0;
    enum status status = run_measure(indexer, &last, err);
    if (status != OK || last == 0) {
        if (status == OK) {
            *out_run = NULL;
        }
        return status;
    }
    status = run_begin(indexer, err);
    if (status == OK) {
        indexer->run->up_to_id = last;
        status = run_read(indexer, err);
    }
    if (status == OK) {
        status = flush_all(indexer, err);
    }
    if (status != OK) {
        indexer_reset(indexer);
        return status;
    }
    indexer->done_id = last;
    *out_run = indexer->run;
    indexer->run = NULL;
    return OK;
}

enum status indexer_settle(struct archive *archive, struct indexer_run *run, struct err *err)
{
    enum status status = archive_begin(archive, err);
    const struct quarantined *pieces =
        (const struct quarantined *)(const void *)run->quarantine.data;
    for (size_t i = 0; status == OK && i < run->quarantine.size / sizeof *pieces; i++) {
        status = quarantine_add(archive, &pieces[i].source, pieces[i].received_us, pieces[i].fault,
                                pieces[i].position, pieces[i].body, err);
    }
    for (int i = 0; status == OK && i < ARCHIVE_COUNTER_COUNT; i++) {
        if (run->counters[i] != 0) {
            status = archive_counter_add(archive, (enum archive_counter)i, run->counters[i], err);
        }
    }
    if (status == OK && run->up_to_id > 0) {
        status = inbox_delete(archive, run->up_to_id, err);
    }
    if (status == OK) {
        status = archive_commit(archive, err);
    }
    if (status != OK) {
        archive_rollback(archive);
        return status;
    }
    indexer_run_free(run);
    return OK;
}

void indexer_run_totals(const struct indexer_run *run, struct indexer_totals *out_totals)
{
    const int64_t *counters = run->counters;
    *out_totals = (struct indexer_totals){
        .received = counters[ARCHIVE_COUNTER_received],
        .stored = counters[ARCHIVE_COUNTER_stored],
        .duplicates = counters[ARCHIVE_COUNTER_duplicate_audit] +
                      counters[ARCHIVE_COUNTER_duplicate_session] +
                      counters[ARCHIVE_COUNTER_duplicate_import],
        .quarantined = counters[ARCHIVE_COUNTER_quarantined],
        .no_time = counters[ARCHIVE_COUNTER_no_time],
    };
}

enum status indexer_import(struct indexer *indexer, const struct source *source,
                           int64_t received_us, int64_t position, struct span body, struct err *err)
{
    enum status status = run_begin(indexer, err);
    if (status == OK) {
        struct arrival arrival = {
            .source = source, .received_us = received_us, .position = position};
        status = add_body(indexer, &arrival, body, err);
    }
    if (status != OK) {
        indexer_reset(indexer);
    }
    return status;
}

enum status indexer_import_end(struct indexer *indexer, struct indexer_run **out_run,
                               struct err *err)
{
    enum status status = run_begin(indexer, err);
    if (status == OK) {
        status = flush_all(indexer, err);
    }
    if (status != OK) {
        indexer_reset(indexer);
        return status;
    }
    *out_run = indexer->run;
    indexer->run = NULL;
    return OK;
}
