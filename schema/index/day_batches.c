/* A batch waits until it is a full block, or its day is over, or the run ends, or too much waits.
 */
#include "schema/index/day_batches.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/archive/inbox.h"

enum {
    WAITING_BYTES_MAX = 176 * 1024 * 1024,
    SPOOL_DAYS_MIN = 24, /* with fewer, the largest batch is nearly a full block */
    SPOOL_EARLIER = 4,
    OVER_EVENTS_EACH = 64, /* of each day that waits, in the time that one had none */
    OVER_RAW_BYTES_MIN = 256 * 1024,
    LONG_OVER_EVENTS = 16 * BLOCK_EVENTS_MAX, /* of other days: it is written without need */
};

enum status day_batches_init(struct day_batches *days, const struct archive *archive,
                             const struct indexer_options *options, struct err *err)
{
    *days = (struct day_batches){.options = *options};
    if (days->options.waiting_bytes_max == 0) {
        days->options.waiting_bytes_max = WAITING_BYTES_MAX;
    }
    (void)snprintf(days->archive_id, sizeof days->archive_id, "%s", archive_id(archive));
    return file_path_format(days->dir, err, "%s", archive_dir(archive));
}

void day_batches_reset(struct day_batches *days)
{
    segment_builder_free(days->builder);
    days->builder = NULL;
    for (size_t i = 0; i < days->n_batches; i++) {
        batch_free(days->batches[i]);
    }
    days->n_batches = 0;
    days->batch_bytes = 0;
    batch_free(days->spare);
    days->spare = NULL;
    spool_close(days->spool);
    days->spool = NULL;
}

void day_batches_fini(struct day_batches *days)
{
    day_batches_reset(days);
    arena_fini(&days->arena);
}

void day_batches_begin(struct day_batches *days, int64_t *counters, int64_t inbox_id)
{
    days->counters = counters;
    days->inbox_id = inbox_id;
    days->unread_blocks = 0;
}

/* What counts an event of this arrival that is known already. */
static enum event_counter duplicate_counter(const struct source *source)
{
    return source->session_stream           ? EVENT_COUNTER_duplicate_session
           : span_is(source->via, "import") ? EVENT_COUNTER_duplicate_import
                                            : EVENT_COUNTER_duplicate_audit;
}

/* Hands batch i to the builder. */
static enum status batch_put(struct day_batches *days, size_t i, bool all, struct err *err)
{
    struct batch *batch = days->batches[i];
    CHECK(days->batch_bytes >= batch_bytes(batch));
    days->batch_bytes -= batch_bytes(batch);
    days->batches[i] = days->batches[--days->n_batches];
    return segment_builder_put(days->builder, batch, all, days->inbox_id, err);
}

/* Takes back what the builder is done with: a thinned batch waits on, an empty one is a spare. */
static enum status take_back(struct day_batches *days, struct err *err)
{
    for (struct batch *batch; (batch = segment_builder_reclaim(days->builder)) != NULL;) {
        if (batch_count(batch) == 0) {
            batch_free(days->spare);
            days->spare = batch;
            continue;
        }
        if (days->n_batches == DAY_BATCHES_MAX) {
            enum status status =
                segment_builder_put(days->builder, batch, true, days->inbox_id, err);
            if (status != OK) {
                return status;
            }
            continue;
        }
        days->batches[days->n_batches++] = batch;
        days->batch_bytes += batch_bytes(batch);
    }
    return OK;
}

static enum status batch_open(struct day_batches *days, int64_t day_us, struct batch **out,
                              struct err *err)
{
    enum status status = days->n_batches == DAY_BATCHES_MAX ? batch_put(days, 0, true, err) : OK;
    if (status != OK) {
        return status;
    }
    struct batch *batch = days->spare;
    days->spare = NULL;
    if (batch) {
        batch->day_us = day_us;
    } else {
        batch = batch_new(day_us);
    }
    if (!batch) {
        return err_nomem(err, "index");
    }
    days->batches[days->n_batches++] = batch;
    days->batch_bytes += batch_bytes(batch); /* a spare keeps its memory */
    *out = batch;
    return OK;
}

/* Writes what waits of days that are long over while their segments are still open: behind a run of
 * many days each would be opened again. Of the inbox all is written soon anyway. */
static enum status put_long_over(struct day_batches *days, struct err *err)
{
    enum status status = OK;
    for (size_t i = days->n_batches; status == OK && days->inbox_id == 0 && i > 0; i--) {
        const struct batch *batch = days->batches[i - 1];
        if (days->n_events - batch->used > LONG_OVER_EVENTS &&
            batch->raw_bytes >= OVER_RAW_BYTES_MIN) {
            status = batch_put(days, i - 1, true, err);
        }
    }
    return status;
}

/* A batch of the day with room for raw_bytes. */
static enum status batch_of(struct day_batches *days, int64_t time_us, size_t raw_bytes,
                            struct batch **out, struct err *err)
{
    int64_t day_us = clock_day_start(time_us);
    for (size_t i = days->n_batches; i > 0; i--) {
        struct batch *batch = days->batches[i - 1];
        if (batch->day_us != day_us) {
            continue;
        }
        if (!batch_full(batch, raw_bytes)) {
            *out = batch;
            return OK;
        }
        /* What is thinned out comes back, to be filled: unless the event is too large for that. */
        enum status status = batch_put(days, i - 1, raw_bytes >= BLOCK_RAW_BYTES_MAX / 2, err);
        status = THEN(status, put_long_over(days, err));
        status = THEN(status, take_back(days, err));
        if (status != OK) {
            return status;
        }
        i = days->n_batches + 1; /* the list has changed: from its end again */
    }
    return batch_open(days, day_us, out, err);
}

/* The largest batch; with `over`, of the days that seem to be over: other days have had events in
 * plenty since, and what waits is worth a block. n_batches: there is none. */
static size_t largest_batch(const struct day_batches *days, bool over)
{
    size_t largest = days->n_batches;
    for (size_t i = 0; i < days->n_batches; i++) {
        const struct batch *batch = days->batches[i];
        int64_t idle = days->n_events - batch->used;
        if (over && (idle < (int64_t)days->n_batches * OVER_EVENTS_EACH ||
                     batch->raw_bytes < OVER_RAW_BYTES_MIN)) {
            continue;
        }
        if (largest == days->n_batches ||
            batch_bytes(batch) > batch_bytes(days->batches[largest])) {
            largest = i;
        }
    }
    return largest;
}

/* Keeps what waits within bounds: writes a day that is over, or the largest batch, or from now on
 * sets events aside. That is begun early: batches of many days are slow to fill, and until they
 * are full the builder has nothing to do. */
static enum status batches_bound(struct day_batches *days, struct err *err)
{
    bool many = days->inbox_id == 0 && days->n_batches >= SPOOL_DAYS_MIN;
    size_t max = days->options.waiting_bytes_max / (many ? SPOOL_EARLIER : 1);
    if (days->batch_bytes + segment_builder_bytes(days->builder) <= max) {
        return OK;
    }
    size_t at = largest_batch(days, many);
    if (at == days->n_batches) {
        return many ? spool_open(days->dir, &days->spool, err) : OK;
    }
    enum status status = batch_put(days, at, true, err);
    return THEN(status, take_back(days, err));
}

static enum status batch_event_in(struct day_batches *days, const struct batch_arrival *arrival,
                                  const struct event *event, struct err *err)
{
    struct batch *batch = NULL;
    enum status status = batch_of(days, event->time_us, event->raw.size, &batch, err);
    if (status != OK) {
        return status;
    }
    size_t before = batch_bytes(batch);
    batch->used = ++days->n_events;
    enum event_counter if_known = duplicate_counter(arrival->source);
    enum batch_added added = batch_add(batch, event, arrival, if_known);
    if (added == BATCH_DUPLICATE) {
        days->counters[if_known]++;
    }
    if (added == BATCH_NOMEM) {
        return err_nomem(err, "index");
    }
    days->batch_bytes += batch_bytes(batch) - before;
    return OK;
}

/* An event that was set aside; it was one when it came. Its day's batch is all that grows now. */
static enum status take_up(void *context, const struct batch_arrival *arrival, struct span raw,
                           struct err *err)
{
    struct day_batches *days = context;
    struct event event;
    arena_reset(&days->arena);
    if (!event_parse_head(raw, arrival->received_us, &days->arena, &event)) {
        return err_set(err, ERR_NOMEM,
                       "index: an event that was set aside cannot be read: out of memory, or the "
                       "file it was in was changed");
    }
    return batch_event_in(days, arrival, &event, err);
}

/* Hands all batches of the day to the builder. */
static enum status put_day(struct day_batches *days, int64_t day_us, struct err *err)
{
    enum status status = OK;
    for (size_t i = days->n_batches; status == OK && i > 0; i--) {
        if (days->batches[i - 1]->day_us == day_us) {
            status = batch_put(days, i - 1, true, err);
        }
    }
    return status;
}

static enum status empty_spool(struct day_batches *days, struct err *err)
{
    size_t count = days->spool ? spool_day_count(days->spool) : 0;
    enum status status = OK;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = spool_read(days->spool, i, take_up, days, err);
        status = THEN(status, put_day(days, spool_day_us(days->spool, i), err));
        status = THEN(status, take_back(days, err));
    }
    spool_close(days->spool);
    days->spool = NULL;
    return status;
}

/* The batch of the earliest day: neighbours come into one file. */
static size_t first_batch(const struct day_batches *days)
{
    size_t first = 0;
    for (size_t i = 1; i < days->n_batches; i++) {
        first = days->batches[i]->day_us < days->batches[first]->day_us ? i : first;
    }
    return first;
}

/* Writes all that waits. A full batch that is under way may still come back, thinned out: none is
 * left behind when the segments say that they hold the run. */
static enum status put_all(struct day_batches *days, struct err *err)
{
    enum status status = OK;
    do {
        while (status == OK && days->n_batches > 0) {
            status = batch_put(days, first_batch(days), true, err);
        }
        if (days->builder) {
            status = THEN(status, segment_builder_wait(days->builder, err));
            status = THEN(status, take_back(days, err));
        }
    } while (status == OK && days->n_batches > 0);
    return status;
}

enum status day_batches_flush(struct day_batches *days, struct err *err)
{
    enum status status = empty_spool(days, err);
    status = THEN(status, put_all(days, err));
    if (status == OK && days->builder) {
        status = segment_builder_commit(days->builder, days->inbox_id, days->counters,
                                        &days->unread_blocks, err);
    }
    return status;
}

enum status day_batches_add(struct day_batches *days, const struct batch_arrival *arrival,
                            const struct event *event, struct err *err)
{
    enum status status = OK;
    if (!days->builder) {
        status = segment_builder_new(days->dir, days->archive_id, days->options.compression_level,
                                     days->options.merge_before_us, &days->builder, err);
    }
    days->counters[EVENT_COUNTER_received]++;
    if (status == OK && days->spool) {
        return spool_add(days->spool, clock_day_start(event->time_us), arrival, event->raw, err);
    }
    size_t before = days->batch_bytes;
    status = THEN(status, batch_event_in(days, arrival, event, err));
    /* Memory grows now and then; only then is there something to look at. */
    return status == OK && days->batch_bytes != before ? batches_bound(days, err) : status;
}
