/* What was shipped of a time, what waits and what is deleted: one state of the catalogue, read in a
 * transaction, with the segments beside it. Reads only. */
#include "daemon/ship/ship_ledger.h"

#include <stdlib.h>

#include "schema/index/deletion.h"
#include "schema/segment/segment_map.h"

struct ledger_reader {
    const struct ship_ledger_query *question;
    struct archive *archive;
    struct segment *segment; /* of day_us; NULL: none is open */
    int64_t day_us;
    int64_t *times_us; /* of a block */
    struct ship_ledger_remainder rest;
};

static bool touches_day(const struct ship_ledger_query *question, int64_t day_us)
{
    return question->from_us < day_us + CLOCK_DAY_US && question->to_us > day_us;
}

/* The day's segment, opened when it is not the one at hand; NULL when there is none. */
static enum status open_day(struct ledger_reader *asking, int64_t day_us, struct err *err)
{
    if (asking->day_us == day_us) {
        return OK;
    }
    asking->day_us = day_us;
    enum status status =
        segment_open_day(asking->question->archive_dir, day_us, &asking->segment, err);
    return status == ERR_NOT_FOUND ? OK : status;
}

/* How many events of the block are of that time; its vector of times is read only when the block
 * is partly within. */
static enum status count_block(struct ledger_reader *asking, const struct block_info *block,
                               int64_t *out_count, struct err *err)
{
    const struct ship_ledger_query *question = asking->question;
    if (block->time_max_us < question->from_us || block->time_min_us >= question->to_us) {
        *out_count = 0;
        return OK;
    }
    if (block->time_min_us >= question->from_us && block->time_max_us < question->to_us) {
        *out_count = block->n_events;
        return OK;
    }
    enum status status = segment_times(asking->segment, block->id, asking->times_us, err);
    int64_t count = 0;
    for (uint32_t i = 0; status == OK && i < block->n_events; i++) {
        count += asking->times_us[i] >= question->from_us && asking->times_us[i] < question->to_us;
    }
    *out_count = count;
    return status;
}

/* Of the blocks of a range. */
struct block_counts {
    int64_t blocks;  /* that are there */
    int64_t touched; /* with events of that time */
    int64_t events;  /* of that time */
};

static enum status count_blocks(struct ledger_reader *asking, int64_t first, int64_t last,
                                struct block_counts *out, struct err *err)
{
    size_t count = 0;
    const struct block_info *blocks =
        asking->segment ? segment_blocks(asking->segment, &count) : NULL;
    enum status status = OK;
    *out = (struct block_counts){0};
    for (size_t i = 0; status == OK && i < count; i++) {
        int64_t events = 0;
        if (blocks[i].number >= first && blocks[i].number <= last) {
            status = count_block(asking, &blocks[i], &events, err);
            out->blocks += 1;
            out->events += events;
            out->touched += events > 0;
        }
    }
    return status;
}

static enum status list_objects(struct ledger_reader *asking, ship_ledger_each *each, void *context,
                                struct err *err)
{
    const struct ship_ledger_query *question = asking->question;
    int64_t from_us = question->from_us < INT64_MIN + 2 * CLOCK_DAY_US
                          ? INT64_MIN
                          : clock_day_start(question->from_us);
    struct archive_cursor *cursor = NULL;
    enum status status =
        ledger_cursor_open_days(asking->archive, NULL, from_us, question->to_us, &cursor, err);
    struct ship_ledger_row found;
    while (ledger_cursor_step(cursor, &found.object, &status, err)) {
        const struct ledger_object *object = &found.object;
        struct block_counts counts = {0};
        status = open_day(asking, object->day_us, err);
        status = THEN(status,
                      count_blocks(asking, object->first_block, object->last_block, &counts, err));
        bool is_whole = counts.blocks == object->last_block - object->first_block + 1;
        found.in_range = is_whole ? counts.events : -1;
        if (status == OK && found.in_range != 0) {
            status = each(context, &found, err);
        }
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status count_waiting(struct ledger_reader *asking, struct err *err)
{
    int64_t *days = NULL;
    size_t n_days = 0;
    enum status status = segment_days(asking->question->archive_dir, &days, &n_days, err);
    for (size_t i = 0; status == OK && i < n_days; i++) {
        int64_t last = -1;
        struct block_counts counts = {0};
        if (!touches_day(asking->question, days[i])) {
            continue;
        }
        status = ledger_last_block(asking->archive, asking->question->target, days[i], &last, err);
        status = THEN(status, open_day(asking, days[i], err));
        status = THEN(status, count_blocks(asking, last + 1, INT64_MAX, &counts, err));
        asking->rest.waiting_blocks += counts.touched;
        asking->rest.inbox_scan_events += counts.events;
    }
    free(days);
    return status;
}

static enum status count_deleted(struct ledger_reader *asking, struct err *err)
{
    struct deletion *rows = NULL;
    size_t count = 0;
    enum status status = deletion_list(asking->archive, 0, &rows, &count, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        if (touches_day(asking->question, rows[i].day_us)) {
            asking->rest.deleted_days++;
            asking->rest.deleted_events += rows[i].events;
            asking->rest.deleted_unshipped += rows[i].unshipped;
        }
    }
    free(rows);
    return status;
}

enum status ship_ledger_read(const struct ship_ledger_query *question, ship_ledger_each *each,
                             void *context, struct ship_ledger_remainder *out_rest, struct err *err)
{
    struct ledger_reader asking = {.question = question, .day_us = INT64_MIN};
    asking.times_us = malloc(BLOCK_EVENTS_MAX * sizeof *asking.times_us);
    if (!asking.times_us) {
        return err_nomem(err, "ship");
    }
    enum status status = archive_open(question->archive_dir, ARCHIVE_READ, &asking.archive, err);
    /* One state of the ledger; blocks that come meanwhile are seen as waiting, never missed. */
    status = THEN(status, archive_read_begin(asking.archive, err));
    if (status == OK) {
        status = list_objects(&asking, each, context, err);
        if (status == OK && question->target) {
            status = count_waiting(&asking, err);
        }
        status = THEN(status, count_deleted(&asking, err));
        archive_read_end(asking.archive);
    }
    segment_close(asking.segment);
    archive_close(asking.archive);
    free(asking.times_us);
    if (status == OK) {
        *out_rest = asking.rest;
    }
    return status;
}
