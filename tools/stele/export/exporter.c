/* Parts into objects, objects to the target. An object is at the target before the
 * position behind it is written to the file of --resume; objects that are there already are found
 * by HEAD and passed over. A failed upload is tried again until the target's patience is over. */
#include "tools/stele/export/exporter.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/ship/parcel.h"
#include "schema/base/backoff.h"
#include "tools/stele/export/export_parts.h"

enum { PUT_TRIES = 6, WAIT_SLICE_MS = 100 };
#define WAIT_MOST_US (30 * CLOCK_SECOND_US)

struct exporter {
    const struct exporter_options *options;
    struct export_parts *parts;
    struct export_counts *counts;
    struct export_counts day;
    size_t days_done;
    size_t n_days;
    int64_t day_us;
    /* the object that is being filled */
    struct buf packed;
    struct digest_stream *digest; /* of its NDJSON; NULL: nothing is in it yet */
    struct export_part object;    /* first and last block, events, sizes */
    bool look_first;              /* the object before was there: so this one may be */
};

static enum status check_stop(const struct exporter *exporter, struct err *err)
{
    return atomic_load(exporter->options->stop) ? err_set(err, ERR_STOPPED, "stopped") : OK;
}

static enum status pause_us(const struct exporter *exporter, int64_t us, struct err *err)
{
    for (; us > 0; us -= WAIT_SLICE_MS * 1000) {
        if (check_stop(exporter, err) != OK) {
            return ERR_STOPPED;
        }
        const struct timespec slice = {.tv_nsec = WAIT_SLICE_MS * 1000000L};
        (void)nanosleep(&slice, NULL);
    }
    return OK;
}

static bool is_there(const struct exporter *exporter, const struct parcel *parcel)
{
    struct target_head there;
    struct err err;
    return target_head(exporter->options->target, parcel->key, &there, &err) == OK &&
           there.has_sha256 && there.bytes == (int64_t)parcel->packed.size &&
           digest_equal(&there.sha256, &parcel->packed_sha256);
}

/* After a break most of the objects are there: a HEAD costs less than an upload that is refused. */
static enum status put_once(struct exporter *exporter, const struct parcel *parcel, struct err *err)
{
    enum target_put outcome = TARGET_WAS_THERE;
    struct ledger_sent sent;
    enum status status = OK;
    if (!exporter->look_first || !is_there(exporter, parcel)) {
        status = parcel_send(exporter->options->target, parcel, &outcome, &sent, err);
    }
    if (status == OK) {
        exporter->look_first = outcome == TARGET_WAS_THERE;
        exporter->day.there += outcome == TARGET_WAS_THERE;
    }
    return status;
}

static enum status put(struct exporter *exporter, struct err *err)
{
    const struct exporter_options *options = exporter->options;
    const struct export_part *object = &exporter->object;
    const struct key_template_facts facts = {
        .archive_id = options->archive_id,
        .day_us = exporter->day_us,
        .first_block = object->first_block,
        .last_block = object->last_block,
        .number = exporter->counts->objects + exporter->day.objects + 1,
        .content = {.events = object->events,
                    .bytes = object->raw_bytes,
                    .sha256 = digest_stream_finish(exporter->digest)},
        .codec = options->codec,
    };
    exporter->digest = NULL;
    char key[TARGET_KEY_BYTES];
    enum status status = key_template_fill(options->key, &facts, key, err);
    const struct parcel parcel = {
        .key = key,
        .codec = options->codec,
        .content = facts.content,
        .packed = buf_span(&exporter->packed),
        .packed_sha256 = digest_sha256(buf_span(&exporter->packed)),
    };
    status = THEN(status, put_once(exporter, &parcel, err));
    for (int tries = 1; status == ERR_NET && tries < PUT_TRIES; tries++) {
        options->trouble(options->context, err);
        status = pause_us(exporter, backoff_us(tries, status, WAIT_MOST_US), err);
        status = THEN(status, put_once(exporter, &parcel, err));
    }
    return status;
}

/* The days that are done, and what is of the day under work. */
static struct export_counts so_far(const struct exporter *exporter)
{
    const struct export_counts *day = &exporter->day;
    struct export_counts all = *exporter->counts;
    all.objects += day->objects;
    all.there += day->there;
    all.events += day->events;
    all.raw_bytes += day->raw_bytes;
    all.bytes += day->bytes;
    all.waiting += day->waiting;
    all.damaged += day->damaged;
    return all;
}

static enum status position_write(struct exporter *exporter, bool ended, struct err *err)
{
    const struct export_counts all = so_far(exporter);
    const struct export_position position = {
        .day_us = exporter->day_us,
        .block = exporter->object.last_block,
        .objects = all.objects,
        .events = all.events,
        .raw_bytes = all.raw_bytes,
        .bytes = all.bytes,
    };
    /* a block that was left out is met again by the next run, which passes over what is there */
    return exporter->options->state && all.damaged == 0
               ? export_state_write(exporter->options->state, &position, ended, err)
               : OK;
}

static void tell(struct exporter *exporter)
{
    const struct exporter_options *options = exporter->options;
    size_t n_days = exporter->n_days ? exporter->n_days : 1;
    const struct export_counts all = so_far(exporter);
    options->progress(options->context, &all, (int64_t)(exporter->days_done * 1000 / n_days));
}

/* The object is full, or the day is over. */
static enum status object_end(struct exporter *exporter, struct err *err)
{
    struct export_part *object = &exporter->object;
    if (object->events == 0) {
        return OK;
    }
    enum status status = exporter->options->target ? put(exporter, err) : OK;
    if (status == OK) {
        exporter->day.objects += exporter->options->fd < 0;
        exporter->day.events += object->events;
        exporter->day.raw_bytes += object->raw_bytes;
        exporter->day.bytes += object->packed_bytes;
        status = position_write(exporter, false, err);
        tell(exporter);
    }
    *object = (struct export_part){.last_block = object->last_block};
    buf_clear(&exporter->packed);
    return status;
}

/* To the object that goes to the target. */
static enum status add_bytes(struct exporter *exporter, const struct export_part *part,
                             struct err *err)
{
    exporter->digest = exporter->digest ? exporter->digest : digest_stream_new();
    if (!exporter->digest) {
        return err_nomem(err, "export");
    }
    digest_stream_add(exporter->digest, part->ndjson);
    buf_add_span(&exporter->packed, part->packed);
    return buf_status(&exporter->packed, "export", err);
}

static enum status add_part(struct exporter *exporter, const struct export_part *part,
                            struct err *err)
{
    struct export_part *object = &exporter->object;
    enum status status = OK;
    if (object->events > 0 &&
        object->packed_bytes + part->packed_bytes > exporter->options->object_bytes_max) {
        status = object_end(exporter, err);
    }
    if (status == OK && exporter->options->fd >= 0) {
        status = file_write_all(exporter->options->fd, part->packed, "standard output", err);
    } else if (status == OK && exporter->options->target) {
        status = add_bytes(exporter, part, err);
    }
    object->first_block = object->events > 0 ? object->first_block : part->first_block;
    object->last_block = part->last_block;
    object->events += part->events;
    object->raw_bytes += part->raw_bytes;
    object->packed_bytes += part->packed_bytes;
    return status == OK && exporter->options->fd >= 0 ? object_end(exporter, err) : status;
}

/* A damaged block ends its object: a key must not tell of a block that is not in it. */
static enum status leave_out(struct exporter *exporter, struct err *err)
{
    exporter->day.damaged++;
    exporter->options->trouble(exporter->options->context, err);
    return object_end(exporter, err);
}

static enum status day_pieces(struct exporter *exporter, struct err *err)
{
    enum status status = OK;
    for (bool end = false; status == OK && !end;) {
        struct export_part part;
        status = check_stop(exporter, err);
        status = THEN(status, export_parts_next(exporter->parts, &part, &end, err));
        if (status == ERR_CORRUPT) {
            status = leave_out(exporter, err);
        } else if (status == OK && !end) {
            status = add_part(exporter, &part, err);
        }
    }
    return THEN(status, object_end(exporter, err));
}

/* Blocks of the day that are wanted: behind what was done, and no later than the state knows. */
static void day_bounds(const struct exporter *exporter, struct export_parts_day *day)
{
    const struct export_state *state = exporter->options->state;
    day->after_block = -1;
    day->last_block = INT64_MAX;
    if (state) {
        const struct export_position *at = &state->position;
        day->last_block = export_state_last_block(state, exporter->day_us);
        day->after_block = exporter->day_us < at->day_us    ? INT64_MAX
                           : exporter->day_us == at->day_us ? at->block
                                                            : -1;
    }
}

static enum status one_day(struct exporter *exporter, const struct day_iterator_day *walked,
                           struct err *err)
{
    const struct exporter_options *options = exporter->options;
    struct export_parts_day day = {
        .day_us = walked->day_us,
        .plan = walked->plan,
        .from_us = day_iterator_from_us(options->iterator),
        .to_us = day_iterator_to_us(options->iterator),
    };
    exporter->day_us = walked->day_us;
    exporter->day = (struct export_counts){.waiting = (int64_t)walked->n_waiting};
    exporter->object = (struct export_part){0};
    day_bounds(exporter, &day);
    enum status status = OK;
    if (walked->plan && day.after_block < day.last_block) {
        export_parts_begin(exporter->parts, &day);
        status = day_pieces(exporter, err);
    }
    const struct export_counts of_day = exporter->day;
    *exporter->counts = so_far(exporter);
    exporter->day = (struct export_counts){0};
    if (status == OK && (of_day.events > 0 || of_day.waiting > 0)) {
        options->day(options->context, walked->day_us, &of_day);
    }
    return status;
}

/* The blocks that there are: what comes later is of another export. */
static enum status note_days(struct exporter *exporter, struct err *err)
{
    const struct exporter_options *options = exporter->options;
    size_t count;
    const int64_t *days = day_iterator_days(options->iterator, &count);
    enum status status = OK;
    struct plan *plan = NULL;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = day_iterator_day_plan(options->iterator, days[i], NULL, &plan, err);
        if (status == OK && plan) {
            size_t n_blocks;
            const struct block_info *blocks = segment_blocks(plan_segment(plan), &n_blocks);
            status = export_state_add_day(options->state, days[i],
                                          n_blocks ? blocks[n_blocks - 1].number : -1, err);
        }
    }
    day_iterator_plan_close(plan);
    const struct export_position nothing = {.day_us = INT64_MIN};
    return THEN(status, export_state_write(options->state, &nothing, false, err));
}

static enum status all_days(struct exporter *exporter, struct err *err)
{
    const struct exporter_options *options = exporter->options;
    enum status status = OK;
    if (options->state && options->state->is_new) {
        status = note_days(exporter, err);
    }
    (void)day_iterator_days(options->iterator, &exporter->n_days);
    for (bool end = false; status == OK && !end; exporter->days_done++) {
        struct day_iterator_day day;
        status = day_iterator_next(options->iterator, &day, &end, err);
        if (status == OK && !end) {
            status = one_day(exporter, &day, err);
        }
    }
    if (status == OK) {
        exporter->day_us = INT64_MAX;
        exporter->object.last_block = 0;
        status = position_write(exporter, true, err);
    }
    return status;
}

enum status exporter_run(const struct exporter_options *options, struct export_counts *out_counts,
                         struct err *err)
{
    CHECK(!options->target || options->fd < 0);
    struct exporter exporter = {.options = options, .counts = out_counts, .look_first = true};
    *out_counts = (struct export_counts){0};
    if (options->state) {
        const struct export_position *at = &options->state->position;
        *out_counts = (struct export_counts){.objects = at->objects,
                                             .events = at->events,
                                             .raw_bytes = at->raw_bytes,
                                             .bytes = at->bytes};
    }
    bool counts_only = !options->target && options->fd < 0;
    enum status status =
        export_parts_new(options->iterator, options->codec, counts_only, &exporter.parts, err);
    status = THEN(status, all_days(&exporter, err));
    export_parts_free(exporter.parts);
    if (exporter.digest) {
        (void)digest_stream_finish(exporter.digest);
    }
    buf_fini(&exporter.packed);
    return status;
}
