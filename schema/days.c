/* Writers are opened when a day needs one and put away when others need the room; a batch waits
 * until it is a full block, or the run ends. */
#include "schema/days.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    WAITING_BYTES_MAX = 160 * 1024 * 1024, /* of all batches */
    COMMIT_BLOCKS = 16,                    /* of an import, between two commits of a segment */
};

enum status days_init(struct days *days, const struct archive *archive, int compression_level,
                      struct err *err)
{
    *days = (struct days){.compression_level = compression_level};
    paths_init(&days->paths);
    (void)snprintf(days->archive_id, sizeof days->archive_id, "%s", archive_id(archive));
    return path_format(days->dir, err, "%s", archive_dir(archive));
}

void days_reset(struct days *days)
{
    for (size_t i = 0; i < days->n_batches; i++) {
        batch_free(days->batches[i]);
    }
    days->n_batches = 0;
    for (size_t i = 0; i < DAYS_WRITERS_MAX; i++) {
        segment_writer_close(days->writers[i].writer);
        days->writers[i] = (struct open_writer){0};
    }
}

void days_fini(struct days *days)
{
    days_reset(days);
    paths_fini(&days->paths);
}

void days_begin(struct days *days, int64_t *counters, int64_t inbox_id)
{
    days->counters = counters;
    days->inbox_id = inbox_id;
}

/* The day's writer, opened when need be; the one not used for longest makes room. */
static enum status writer_of(struct days *days, int64_t day_us, struct open_writer **out,
                             struct err *err)
{
    struct open_writer *oldest = &days->writers[0];
    for (size_t i = 0; i < DAYS_WRITERS_MAX; i++) {
        struct open_writer *open = &days->writers[i];
        if (open->writer && segment_writer_day_us(open->writer) == day_us) {
            open->used = ++days->clock;
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
        status = segment_writer_commit(oldest->writer, days->archive_id, 0, err);
        segment_writer_close(oldest->writer);
        *oldest = (struct open_writer){0};
    }
    if (status == OK) {
        status =
            segment_writer_open(days->dir, day_us, days->compression_level, &oldest->writer, err);
    }
    if (status == OK) {
        oldest->used = ++days->clock;
        oldest->blocks = 0;
        *out = oldest;
    }
    return status;
}

/* What counts an event of this arrival that is known already. */
static enum archive_counter duplicate_counter(const struct source *source)
{
    return source->session_stream           ? ARCHIVE_COUNTER_duplicate_session
           : span_is(source->via, "import") ? ARCHIVE_COUNTER_duplicate_import
                                            : ARCHIVE_COUNTER_duplicate_audit;
}

/* An event without a time of its own may have come before midnight: asks the day before too. */
static enum status known_yesterday(struct days *days, const struct batch *batch,
                                   const struct event *events, const uint32_t *hashes, size_t count,
                                   struct bitmap *known, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any |= events[i].time_is_arrival;
    }
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(days->dir, batch->day_us - CLOCK_DAY_US, path, err);
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
static enum status batch_check(struct days *days, struct segment_writer *writer,
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
        status = known_yesterday(days, batch, events, hashes, count, &known, err);
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
            days->counters[batch_at(batch, first + i)->if_known]++;
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
static enum status batch_write(struct days *days, struct batch *batch, bool all, struct err *err)
{
    struct open_writer *open = NULL;
    enum status status = writer_of(days, batch->day_us, &open, err);
    if (status == OK) {
        status = batch_check(days, open->writer, batch, err);
    }
    size_t count = batch_count(batch);
    bool full = count == BLOCK_EVENTS_MAX || batch->raw_bytes > BLOCK_RAW_BYTES_MAX / 2;
    if (status != OK || (!all && !full)) {
        return status;
    }
    if (count > 0) {
        for (size_t i = 0; i < count; i++) {
            days->counters[ARCHIVE_COUNTER_no_time] += batch_at(batch, i)->event.time_is_arrival;
        }
        days->counters[ARCHIVE_COUNTER_stored] += (int64_t)count;
        status = segment_writer_add(open->writer, batch, &days->paths, err);
        open->blocks++;
    }
    batch_clear(batch);
    if (status == OK && open->blocks >= COMMIT_BLOCKS && days->inbox_id == 0) {
        status = segment_writer_commit(open->writer, days->archive_id, 0, err);
        open->blocks = 0;
    }
    return status;
}

static size_t waiting_bytes(const struct batch *batch)
{
    return batch->arena_bytes + batch->events.size + batch->cells.size;
}

/* Keeps what waits within bounds: writes the largest batch. */
static enum status batches_bound(struct days *days, struct err *err)
{
    size_t total = 0;
    struct batch *largest = NULL;
    for (size_t i = 0; i < days->n_batches; i++) {
        size_t bytes = waiting_bytes(days->batches[i]);
        total += bytes;
        if (!largest || bytes > waiting_bytes(largest)) {
            largest = days->batches[i];
        }
    }
    return total > WAITING_BYTES_MAX ? batch_write(days, largest, true, err) : OK;
}

static enum status batch_open(struct days *days, int64_t day_us, struct batch **out,
                              struct err *err)
{
    if (days->n_batches == DAYS_BATCHES_MAX) {
        struct batch *first = days->batches[0];
        enum status status = batch_write(days, first, true, err);
        if (status != OK) {
            return status;
        }
        batch_free(first);
        days->batches[0] = days->batches[--days->n_batches];
    }
    struct batch *batch = batch_new(day_us);
    if (!batch) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    days->batches[days->n_batches++] = batch;
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(days->dir, day_us, path, err);
    if (status == OK && days->inbox_id > 0 && file_exists(path)) {
        struct open_writer *open = NULL;
        status = writer_of(days, day_us, &open, err);
        if (status == OK) {
            batch->inbox_high =
                segment_inbox_high(segment_writer_segment(open->writer), days->archive_id);
        }
    }
    *out = batch;
    return status;
}

static enum status batch_of(struct days *days, int64_t time_us, struct batch **out, struct err *err)
{
    int64_t day_us = clock_day_start(time_us);
    for (size_t i = days->n_batches; i > 0; i--) {
        if (days->batches[i - 1]->day_us == day_us) {
            *out = days->batches[i - 1];
            return OK;
        }
    }
    return batch_open(days, day_us, out, err);
}

enum status days_flush(struct days *days, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < days->n_batches; i++) {
        status = batch_write(days, days->batches[i], true, err);
    }
    for (size_t i = 0; status == OK && i < DAYS_WRITERS_MAX; i++) {
        struct open_writer *open = &days->writers[i];
        if (open->writer && (open->blocks > 0 || days->inbox_id > 0)) {
            status = segment_writer_commit(open->writer, days->archive_id, days->inbox_id, err);
            open->blocks = 0;
        }
    }
    for (size_t i = 0; status == OK && i < days->n_batches; i++) {
        batch_free(days->batches[i]);
        days->batches[i] = NULL;
    }
    if (status == OK) {
        days->n_batches = 0;
    }
    return status;
}

enum status days_add(struct days *days, const struct arrival *arrival, const struct event *event,
                     struct err *err)
{
    struct batch *batch = NULL;
    days->counters[ARCHIVE_COUNTER_received]++;
    enum status status = batch_of(days, event->time_us, &batch, err);
    if (status == OK && batch_full(batch, event->raw.size)) {
        status = batch_write(days, batch, false, err);
        if (status == OK && batch_full(batch, event->raw.size)) {
            status = batch_write(days, batch, true, err);
        }
    }
    if (status != OK) {
        return status;
    }
    size_t before = waiting_bytes(batch);
    /* A row the segment says it holds was stored by a run that was not settled. That is how it is
     * counted; whether it is so, its identity says: the catalogue may be an older one, restored,
     * that gives out the same ids again. */
    bool held = arrival->row_id > 0 && arrival->row_id <= batch->inbox_high;
    enum archive_counter if_known =
        held ? ARCHIVE_COUNTER_stored : duplicate_counter(arrival->source);
    enum batch_added added =
        batch_add(batch, &days->paths, event, arrival->received_us, arrival->source_text,
                  arrival->source->session_stream, if_known);
    if (added == BATCH_DUPLICATE) {
        days->counters[if_known]++;
    }
    if (added == BATCH_NOMEM) {
        return err_set(err, ERR_NOMEM, "index: out of memory");
    }
    /* Looked at now and then: the sum goes over all batches. */
    bool look = before / (1 << 20) != waiting_bytes(batch) / (1 << 20) ||
                days->n_batches == DAYS_BATCHES_MAX;
    return look ? batches_bound(days, err) : OK;
}
