/* What a day's file and the ledger say about each other. Reads only. */
#include "daemon/retention/day_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/ledger.h"
#include "schema/block/hash_chain.h"
#include "schema/segment/segment.h"

static int64_t own_bytes(const char *dir, int64_t day_us)
{
    static const char *const endings[] = {"", "-wal"};
    char path[FILE_PATH_BYTES];
    char name[FILE_PATH_BYTES];
    int64_t bytes = 0;
    struct stat st;
    if (archive_segment_path(dir, day_us, path, NULL) != OK) {
        return 0;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (file_path_format(name, NULL, "%s%s", path, endings[i]) == OK && stat(name, &st) == 0) {
            bytes += st.st_size;
        }
    }
    return bytes;
}

/* Of a file of several days, the day's share of it, by what its blocks take. */
static int64_t share_of(struct segment *segment, int64_t day_us)
{
    struct stat st;
    size_t count;
    double all = 0;
    double its = 0;
    segment_select_all(segment);
    const struct block_info *blocks = segment_blocks(segment, &count);
    for (size_t i = 0; i < count; i++) {
        all += (double)blocks[i].stored_bytes;
        its += blocks[i].day_us == day_us ? (double)blocks[i].stored_bytes : 0;
    }
    bool known = all > 0 && stat(segment_path(segment), &st) == 0;
    return known ? (int64_t)((double)st.st_size * its / all) : 0;
}

int64_t day_state_bytes(const char *dir, const struct segment_map_day *day,
                        struct segment **segment)
{
    if (!day->is_merged) {
        return own_bytes(dir, day->day_us);
    }
    struct err why;
    return segment_open_day(dir, day->day_us, segment, &why) == OK && segment_is_merged(*segment)
               ? share_of(*segment, day->day_us)
               : own_bytes(dir, day->day_us);
}

/* Marks the blocks that a shipped object of the target (NULL: of any) holds. */
static enum status mark_shipped(struct archive *archive, const char *target,
                                const struct segment *segment, bool *shipped, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    int64_t day_us = segment_day_us(segment);
    struct archive_cursor *cursor = NULL;
    enum status status =
        ledger_cursor_open_days(archive, target, day_us, day_us + CLOCK_DAY_US, &cursor, err);
    struct ledger_object row;
    while (ledger_cursor_step(cursor, &row, &status, err)) {
        for (size_t i = 0; row.state == LEDGER_SHIPPED && i < count; i++) {
            shipped[i] = shipped[i] || (blocks[i].number >= row.first_block &&
                                        blocks[i].number <= row.last_block);
        }
    }
    archive_cursor_close(cursor);
    return status;
}

static enum status read_blocks(struct archive *archive, const struct retention_rules *rules,
                               struct segment *segment, struct deletion *row, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    bool *shipped = calloc(count + 1, sizeof *shipped);
    if (!shipped) {
        return err_nomem(err, "retention");
    }
    enum status status = mark_shipped(archive, rules->target, segment, shipped, err);
    row->chain = hash_chain_start(row->day_us);
    for (size_t i = 0; i < count; i++) {
        row->chain = hash_chain_add(&row->chain, &blocks[i]);
        row->events += blocks[i].n_events;
        row->unshipped += shipped[i] ? 0 : blocks[i].n_events;
        row->raw_bytes += blocks[i].raw_bytes;
        row->last_block = blocks[i].number;
    }
    row->blocks = (int64_t)count;
    row->has_chain = true;
    free(shipped);
    return status;
}

/* What is in a day that cannot be read is unknown, so nothing later may get its numbers. */
static enum status give_up(struct archive *archive, struct retention_day *day,
                           const struct err *why, struct err *err)
{
    int64_t next = 1;
    (void)snprintf(day->wrong, sizeof day->wrong, "%.190s", why->text);
    enum status status = deletion_next_block(archive, day->row.day_us, &next, err);
    day->row.last_block = day->row.last_block > next - 1 ? day->row.last_block : next - 1;
    return status;
}

static bool is_of_file(enum status status)
{
    return status == ERR_CORRUPT || status == ERR_IO || status == ERR_VERSION ||
           status == ERR_FORMAT;
}

static enum status look_into(struct archive *archive, const struct retention_rules *rules,
                             const struct hold_check_list *holds, struct retention_day *day,
                             struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    struct err why = {.status = OK};
    enum status status = segment_open_day(archive_dir(archive), day->row.day_us, &segment, &why);
    if (status == OK) {
        status = file_path_format(path, err, "%s", segment_path(segment));
        status = THEN(status, read_blocks(archive, rules, segment, &day->row, err));
        segment_close(segment);
        if (status != OK) {
            return status;
        }
        status = hold_check_subject(path, day->row.day_us, holds, &day->hold, &why);
    }
    if (is_of_file(status)) {
        return give_up(archive, day, &why, err);
    }
    if (status != OK && err) {
        (void)err_copy(err, &why);
    }
    return status;
}

enum status day_state_read(struct archive *archive, const struct retention_rules *rules,
                           const struct hold_check_list *holds, struct retention_day *day,
                           struct err *err)
{
    day->hold = hold_check_day(day->row.day_us, holds, true);
    enum status status = look_into(archive, rules, holds, day, err);
    if (status != OK) {
        return status;
    }
    int64_t perhaps = day->wrong[0] ? hold_check_day(day->row.day_us, holds, false) : 0;
    day->hold = day->hold == 0 ? perhaps : day->hold;
    bool lacks = rules->target && day->row.unshipped > 0;
    if (day->hold != 0) {
        day->verdict = RETENTION_HELD;
    } else if (day->wrong[0] && !rules->force) {
        day->verdict = RETENTION_UNREADABLE;
    } else if (lacks && !rules->force) {
        day->verdict = RETENTION_UNSHIPPED;
    } else {
        day->verdict = RETENTION_GOES;
        day->row.forced = lacks || day->wrong[0];
    }
    return OK;
}
