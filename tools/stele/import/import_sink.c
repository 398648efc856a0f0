/* Where imported events go. Without a daemon: batches to the indexer, durable when the run is
 * settled. Beside a daemon: rows into its inbox, durable when they are committed, waiting while it
 * is behind. Records that are not events go to quarantine with the same commit. One thread. */
#include "tools/stele/import/import_sink.h"
#include "schema/archive/quarantine_table.h"
#include "schema/event/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    BATCH_ITEMS = 1000,
    BATCH_BYTES = 1024 * 1024,
    INBOX_HIGH = 100000, /* wait when the inbox holds more rows, */
    INBOX_LOW = 50000,   /* until it holds fewer */
    WAIT_MS = 50,
    SETTLE_BYTES = 1024 * 1024 * 1024, /* broken pieces wait in memory for no longer than this */
    CONNECTION_TAG_BYTES = 256,
};

struct import_sink {
    struct archive *archive;
    struct import_listener listener;
    struct import_totals totals;
    struct source source;           /* of the last record */
    char tag[CONNECTION_TAG_BYTES]; /* of source */
    struct buf tag_read;            /* as it stood in the file */
    struct buf source_text;
    /* straight into segments */
    struct archive_lock *lock;
    struct indexer *indexer;
    int64_t unsettled_bytes;
    int64_t last_quarantine_id; /* what came later is ours */
    bool taken;                 /* something since the last settle */
    /* beside a daemon */
    struct arena arena;
    struct inbox_item items[BATCH_ITEMS];
    size_t n_items;
    size_t item_bytes;
};

static enum status source_set(struct import_sink *sink, struct span tag, struct err *err)
{
    sink->source.tag = tag; /* none */
    sink->source.session_stream = false;
    if (tag.size > 0) {
        source_from_tag(tag, sink->tag, sizeof sink->tag, &sink->source);
    }
    buf_clear(&sink->tag_read);
    buf_add_span(&sink->tag_read, tag);
    buf_clear(&sink->source_text);
    source_text(&sink->source, &sink->source_text);
    enum status status = buf_status(&sink->tag_read, "import", err);
    return THEN(status, buf_status(&sink->source_text, "import", err));
}

static enum status source_of_file(struct import_sink *sink, const char *file, struct err *err)
{
    bool standard_input = strcmp(file, "-") == 0;
    sink->source = (struct source){.via = span_str("import"),
                                   .peer = span_str(standard_input ? "standard input" : file)};
    return source_set(sink, span_of(NULL, 0), err);
}

static enum status source_of_tag(struct import_sink *sink, struct span tag, struct err *err)
{
    return span_equal(tag, buf_span(&sink->tag_read)) ? OK : source_set(sink, tag, err);
}

/* Ends the run, whatever comes out. */
static enum status settle(struct import_sink *sink, struct indexer_run *run, struct err *err)
{
    enum status status = indexer_run_commit(sink->archive, run, err);
    if (status != OK) {
        indexer_run_free(run);
    }
    return status;
}

/* What a closed archive still has in its inbox goes first, so that nothing is found there later. */
static enum status drain_inbox(struct import_sink *sink, struct err *err)
{
    for (;;) {
        struct indexer_run *run = NULL;
        enum status status = indexer_run_next(sink->indexer, &run, err);
        if (status != OK || !run) {
            return status;
        }
        status = settle(sink, run, err);
        if (status != OK) {
            return status;
        }
    }
}

/* Goes over the quarantine behind the last row seen; tells what this import put there. */
static enum status tell_faults(struct import_sink *sink, bool tell, struct err *err)
{
    struct archive_cursor *cursor = NULL;
    enum status status = quarantine_cursor_open(sink->archive, &cursor, err);
    int64_t last = sink->last_quarantine_id;
    for (bool end = false; status == OK && !end;) {
        struct quarantine_row row;
        status = quarantine_cursor_next(cursor, &row, &end, err);
        if (status != OK || end || row.id <= sink->last_quarantine_id) {
            continue;
        }
        last = row.id;
        if (tell) {
            char file[FILE_PATH_BYTES];
            (void)snprintf(file, sizeof file, "%.*s", SPAN_FMT(row.source.peer));
            sink->listener.fault(sink->listener.context, file, row.position, row.fault);
        }
    }
    archive_cursor_close(cursor);
    sink->last_quarantine_id = last;
    return status;
}

static enum status hold_or_find_daemon(struct import_sink *sink, const char *dir,
                                       const struct config *config, struct err *err)
{
    enum status status = archive_lock_take(dir, "stele import", &sink->lock, err);
    if (status == ERR_BUSY) {
        char who[64] = "";
        sink->totals.daemon_pid = archive_lock_holder(dir, who);
        return sink->totals.daemon_pid > 0 && strcmp(who, "steled") == 0 ? OK : status;
    }
    if (status == OK) {
        const struct indexer_options options = {
            .compression_level = (int)config->index_compression_level,
            .merge_before_us = clock_day_start(clock_now_us() - config->index_merge_after)};
        status = indexer_open(dir, &options, &sink->indexer, err);
    }
    status = THEN(status, drain_inbox(sink, err));
    return THEN(status, tell_faults(sink, false, err));
}

enum status import_sink_open(const char *dir, const struct config *config,
                             const struct import_listener *listener, struct import_sink **out_sink,
                             struct err *err)
{
    struct import_sink *sink = calloc(1, sizeof *sink);
    if (!sink) {
        return err_nomem(err, "import");
    }
    sink->listener = *listener;
    enum status status = archive_open(dir, ARCHIVE_WRITE, &sink->archive, err);
    status = THEN(status, hold_or_find_daemon(sink, dir, config, err));
    if (status != OK) {
        import_sink_close(sink);
        return status;
    }
    *out_sink = sink;
    return OK;
}

void import_sink_close(struct import_sink *sink)
{
    if (!sink) {
        return;
    }
    indexer_close(sink->indexer);
    archive_lock_release(sink->lock);
    archive_close(sink->archive);
    arena_fini(&sink->arena);
    buf_fini(&sink->tag_read);
    buf_fini(&sink->source_text);
    free(sink);
}

const struct import_totals *import_sink_totals(const struct import_sink *sink)
{
    return &sink->totals;
}

/* Keeps the inbox from growing faster than the daemon empties it. */
static enum status wait_for_daemon(struct import_sink *sink, struct err *err)
{
    struct inbox_state state;
    enum status status = inbox_state(sink->archive, &state, err);
    bool full = status == OK && state.count > INBOX_HIGH;
    while (full && status == OK && state.count > INBOX_LOW) {
        char who[64];
        if (archive_lock_holder(archive_dir(sink->archive), who) == 0) {
            return err_set(err, ERR_STOPPED,
                           "steled has ended; run the import again (what is there already is not "
                           "stored twice)");
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
        status = inbox_state(sink->archive, &state, err);
    }
    return status;
}

static enum status flush_items(struct import_sink *sink, struct err *err)
{
    size_t count = sink->n_items;
    enum status status = count ? inbox_append(sink->archive, sink->items, count, err) : OK;
    if (status != OK || count == 0) {
        return status;
    }
    sink->n_items = 0;
    sink->item_bytes = 0;
    return wait_for_daemon(sink, err);
}

/* A copy that lives until the items of the chunk are flushed. */
static struct span keep_record(struct import_sink *sink, struct span bytes, bool *fine)
{
    struct span copy = arena_keep(&sink->arena, bytes);
    *fine = *fine && copy.data;
    return copy;
}

/* A record as an item of its own. */
static enum status put_in_inbox(struct import_sink *sink, const struct record *record,
                                struct err *err)
{
    bool fine = true;
    struct source source = sink->source;
    struct span raw = record->event.raw;
    raw = record->in_chunk ? raw : keep_record(sink, raw, &fine);
    source.tag = source.tag.size > 0 ? keep_record(sink, source.tag, &fine) : source.tag;
    if (!fine) {
        return err_nomem(err, "import");
    }
    sink->items[sink->n_items++] = (struct inbox_item){
        .source = source,
        .received_us = record->received_us,
        .body = raw,
        .fault = record->fault,
    };
    sink->item_bytes += raw.size;
    bool full = sink->n_items == BATCH_ITEMS || sink->item_bytes >= BATCH_BYTES;
    return full ? flush_items(sink, err) : OK;
}

static enum status put_in_segments(struct import_sink *sink, const struct record *record,
                                   struct records *records, struct err *err)
{
    if (record->fault == EVENT_FAULT_NONE) {
        return indexer_import(sink->indexer, &sink->source, buf_span(&sink->source_text),
                              record->received_us, &record->event, err);
    }
    return indexer_import_fault(sink->indexer, &sink->source, record->received_us, record->fault,
                                records_line(records), record->event.raw, err);
}

static void count_handed(struct import_sink *sink, const char *file, const struct record *record,
                         struct records *records)
{
    sink->totals.read++;
    if (record->fault == EVENT_FAULT_NONE) {
        sink->totals.stored++;
    } else {
        sink->totals.quarantined++;
        sink->listener.fault(sink->listener.context, file, records_line(records),
                             span_str(event_fault_text(record->fault)));
    }
}

/* Tells of an event that stands at the time of the import. */
static void tell_timeless(struct import_sink *sink, const char *file, const struct record *record,
                          struct records *records)
{
    if (record->fault == EVENT_FAULT_NONE && record->event.time_is_arrival &&
        record->received_us == records->now_us) {
        sink->listener.timeless(sink->listener.context, file, records_line(records),
                                span_str("no time that can be read"));
    }
}

enum status import_sink_put(struct import_sink *sink, const char *file, struct records *records,
                            struct err *err)
{
    arena_reset(&sink->arena);
    enum status status = source_of_file(sink, file, err);
    sink->taken = true;
    records->head_only = sink->indexer != NULL;
    struct record record;
    while (status == OK && records_next(records, &record)) {
        status = source_of_tag(sink, record.tag, err);
        tell_timeless(sink, file, &record, records);
        if (status == OK && sink->totals.daemon_pid > 0) {
            count_handed(sink, file, &record, records);
            status = put_in_inbox(sink, &record, err);
        } else if (status == OK) {
            status = put_in_segments(sink, &record, records, err);
        }
    }
    if (records->nomem) {
        return err_set(err, ERR_NOMEM, "%s:%lld: out of memory", file,
                       (long long)records_line(records));
    }
    if (status == OK && sink->totals.daemon_pid > 0) {
        return flush_items(sink, err);
    }
    sink->unsettled_bytes += (int64_t)records->chunk.bytes.size;
    bool settle = status == OK && sink->unsettled_bytes >= SETTLE_BYTES;
    return settle ? import_sink_end(sink, err) : status;
}

enum status import_sink_end(struct import_sink *sink, struct err *err)
{
    if (sink->totals.daemon_pid > 0) {
        return flush_items(sink, err);
    }
    if (!sink->taken) {
        return OK;
    }
    struct indexer_run *run = NULL;
    enum status status = indexer_import_end(sink->indexer, &run, err);
    if (status != OK) {
        return status;
    }
    struct indexer_totals totals;
    indexer_run_totals(run, &totals);
    status = settle(sink, run, err);
    if (status != OK) {
        return status;
    }
    sink->totals.read += totals.received + totals.quarantined;
    sink->totals.stored += totals.stored;
    sink->totals.duplicates += totals.duplicates;
    sink->totals.unread_blocks += totals.unread_blocks;
    sink->totals.quarantined += totals.quarantined;
    sink->taken = false;
    sink->unsettled_bytes = 0;
    return totals.quarantined > 0 ? tell_faults(sink, true, err) : OK;
}
