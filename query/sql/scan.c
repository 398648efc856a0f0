/* Without an order, a run is what one block has. In order of time, a day's hits
 * are collected and sorted first (with a limit, only the best of them, and blocks that cannot hold
 * one are not read), and a run is a part of these. The first runs are short, so that a statement
 * that wants few rows does not pay for many.
 *
 * Grouped, all runs are gone through for the values of one column first. Then where the rows are is
 * told value by value (query/sql/groups.h), and a row's run is made again only when it is asked for
 * something else. */
#include "query/sql/scan.h"

#include <stdlib.h>

#include "query/language/match.h"
#include "query/search/hit_heap.h"
#include "query/sql/groups.h"
#include "schema/block/bitmap.h"

/* A run that the groups have rows of. */
struct scan_run {
    size_t day;    /* days_done when it was at hand */
    int64_t block; /* HIT_HEAP_INBOX: they wait */
    size_t base;   /* then slots are counted from here, in scan.waiting */
};

enum { RUN_FIRST = 64, RUN_SORTED_MAX = 1024 };

struct scan {
    struct snapshot *snapshot;
    struct rows *rows;
    struct scan_wish wish;
    size_t days_done;
    struct snapshot_day *day;
    struct plan *plan; /* of the day; NULL: it has no segment */
    const struct block_info *blocks;
    uint32_t *order; /* in which the blocks are evaluated */
    size_t n_blocks;
    size_t blocks_done;
    bool waiting_done;
    struct bitmap left; /* of the block at hand: not yet in a run */
    const struct block_info *block;
    struct hit_heap heap; /* sorted */
    size_t hits_done;
    size_t run_rows; /* how long the next run may be */
    size_t at;
    bool started;
    int64_t given;
    /* grouped */
    struct groups *groups; /* NULL: not */
    VEC(struct scan_run) runs;
    VEC(const struct inbox_scan_event *) waiting;
    size_t part;
    size_t in_part;
    bool is_made; /* the rows are those of the part */
    struct json_path_value value;
};

enum status scan_new(struct snapshot *snapshot, struct rows *rows, const struct scan_wish *wish,
                     struct scan **out_scan, struct err *err)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return err_nomem(err, "SQL");
    }
    scan->snapshot = snapshot;
    scan->rows = rows;
    scan->wish = *wish;
    scan->run_rows = RUN_FIRST;
    scan->heap.oldest_first = wish->order == SCAN_OLDEST;
    *out_scan = scan;
    return OK;
}

static void leave_day(struct scan *scan)
{
    plan_close(scan->plan);
    scan->plan = NULL;
    snapshot_release(scan->day);
    scan->day = NULL;
    scan->block = NULL;
    scan->n_blocks = scan->blocks_done = scan->hits_done = 0;
    scan->waiting_done = false;
    hit_heap_clear(&scan->heap);
}

void scan_free(struct scan *scan)
{
    if (scan) {
        leave_day(scan);
        hit_heap_fini(&scan->heap);
        free(scan->order);
        groups_free(scan->groups);
        vec_fini(&scan->runs);
        vec_fini(&scan->waiting);
        free(scan);
    }
}

static bool is_wanted(const struct scan *scan, const struct inbox_scan_event *waiting)
{
    const struct event *event = &waiting->event;
    return event->time_us >= scan->wish.from_us && event->time_us < scan->wish.to_us &&
           match_event(scan->wish.query->root, event);
}

static enum status eval_block(struct scan *scan, const struct block_info *block,
                              struct bitmap *out_map, struct err *err)
{
    if (scan->wish.stop && *scan->wish.stop) {
        return err_set(err, ERR_STOPPED, "interrupted");
    }
    return plan_eval(scan->plan, block, scan->wish.from_us, scan->wish.to_us, out_map, err);
}

static enum status collect_hits(struct scan *scan, struct err *err)
{
    enum status status = OK;
    scan->heap.limit = scan->wish.limit > 0 ? (size_t)(scan->wish.limit - scan->given) : 0;
    for (size_t i = 0; status == OK && i < scan->day->n_waiting; i++) {
        const struct inbox_scan_event *waiting = scan->day->waiting[i];
        if (is_wanted(scan, waiting)) {
            struct hit_heap_entry hit = {waiting->event.time_us, HIT_HEAP_INBOX, (uint32_t)i};
            status = hit_heap_add(&scan->heap, hit, err);
        }
    }
    for (size_t i = 0; status == OK && i < scan->n_blocks; i++) {
        struct bitmap map;
        const int64_t *times_us = NULL;
        const struct block_info *block = &scan->blocks[scan->order[i]];
        if (hit_heap_is_closed_to(&scan->heap, block->time_min_us, block->time_max_us)) {
            break;
        }
        status = eval_block(scan, block, &map, err);
        if (status == OK && !bitmap_is_empty(&map)) {
            status = block_view_times(plan_view(scan->plan), &times_us, err);
        }
        for (size_t slot = times_us && status == OK ? bitmap_next(&map, 0) : BLOCK_EVENTS_MAX;
             status == OK && slot < BLOCK_EVENTS_MAX; slot = bitmap_next(&map, slot + 1)) {
            struct hit_heap_entry hit = {times_us[slot], block->id, (uint32_t)slot};
            status = hit_heap_add(&scan->heap, hit, err);
        }
    }
    hit_heap_sort(&scan->heap);
    return status;
}

/* By time. */
static bool is_sorted(const struct scan *scan)
{
    return scan->wish.order == SCAN_NEWEST || scan->wish.order == SCAN_OLDEST;
}

static enum status enter_day(struct scan *scan, struct err *err)
{
    size_t count = snapshot_day_count(scan->snapshot);
    size_t at = scan->days_done++;
    at = scan->wish.order == SCAN_OLDEST ? at : count - 1 - at;
    if (!snapshot_day_within(scan->snapshot, at, scan->wish.from_us, scan->wish.to_us)) {
        return OK;
    }
    enum status status = snapshot_day(scan->snapshot, at, &scan->day, err);
    if (status == OK && scan->day->segment) {
        status = plan_open(scan->wish.query, scan->day->segment, &scan->plan, err);
        scan->blocks = segment_blocks(scan->day->segment, &scan->n_blocks);
        enum hit_heap_order by =
            scan->wish.order == SCAN_OLDEST ? HIT_HEAP_OLDEST_FIRST : HIT_HEAP_NEWEST_FIRST;
        free(scan->order);
        scan->order = NULL;
        status = THEN(status,
                      hit_heap_order_blocks(scan->blocks, scan->n_blocks, by, &scan->order, err));
    }
    if (status == OK && is_sorted(scan)) {
        status = collect_hits(scan, err);
    }
    return status;
}

static struct row row_of_waiting(const struct inbox_scan_event *waiting)
{
    return (struct row){.time_us = waiting->event.time_us, .waiting = waiting};
}

static void run_of_hits(struct scan *scan)
{
    size_t most = scan->run_rows < RUN_SORTED_MAX ? scan->run_rows : RUN_SORTED_MAX;
    while (scan->hits_done < scan->heap.count && rows_count(scan->rows) < most) {
        const struct hit_heap_entry *hit = &scan->heap.items[scan->hits_done++];
        if (hit->block == HIT_HEAP_INBOX) {
            rows_add(scan->rows, row_of_waiting(scan->day->waiting[hit->slot]));
            continue;
        }
        const struct block_info *block = segment_block(scan->day->segment, hit->block);
        CHECK(block);
        rows_add(scan->rows, (struct row){hit->time_us, block, NULL, hit->slot});
    }
}

/* The rest of the block at hand, or the first of the next one that has any. */
static enum status run_of_block(struct scan *scan, struct err *err)
{
    enum status status = OK;
    while (status == OK && (!scan->block || bitmap_is_empty(&scan->left)) &&
           scan->blocks_done < scan->n_blocks) {
        scan->block = &scan->blocks[scan->order[scan->blocks_done++]];
        status = eval_block(scan, scan->block, &scan->left, err);
    }
    if (status != OK || !scan->block) {
        return status;
    }
    for (size_t slot = bitmap_next(&scan->left, 0);
         slot < BLOCK_EVENTS_MAX && rows_count(scan->rows) < scan->run_rows;
         slot = bitmap_next(&scan->left, slot + 1)) {
        scan->left.words[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        rows_add(scan->rows, (struct row){ROWS_TIME_UNKNOWN, scan->block, NULL, (uint32_t)slot});
    }
    return OK;
}

static void run_of_waiting(struct scan *scan)
{
    scan->waiting_done = true;
    for (size_t i = scan->hits_done; i < scan->day->n_waiting; i++) {
        if (rows_count(scan->rows) == ROWS_MAX) {
            scan->hits_done = i;
            scan->waiting_done = false;
            return;
        }
        if (is_wanted(scan, scan->day->waiting[i])) {
            rows_add(scan->rows, row_of_waiting(scan->day->waiting[i]));
        }
    }
}

/* The next run of the day at hand; no rows when there is none. */
static enum status next_run(struct scan *scan, struct err *err)
{
    struct block_view *view = scan->plan ? plan_view(scan->plan) : NULL;
    rows_begin(scan->rows, scan->day, view);
    if (is_sorted(scan)) {
        run_of_hits(scan);
        return OK;
    }
    if (!scan->waiting_done) {
        run_of_waiting(scan);
    }
    return rows_count(scan->rows) > 0 ? OK : run_of_block(scan, err);
}

/* The next run that has rows; days are entered and left. */
static enum status find_run(struct scan *scan, bool *out_end, struct err *err)
{
    enum status status = OK;
    while (status == OK) {
        if (scan->day) {
            status = next_run(scan, err);
            if (status != OK || rows_count(scan->rows) > 0) {
                break;
            }
            leave_day(scan);
        }
        if (scan->days_done == snapshot_day_count(scan->snapshot)) {
            *out_end = true;
            return OK;
        }
        status = enter_day(scan, err);
    }
    scan->run_rows = scan->run_rows * 4 < ROWS_MAX ? scan->run_rows * 4 : ROWS_MAX;
    return status;
}

/* Where the rows of the run at hand are, and what they have in the column. */
static enum status group_run(struct scan *scan, struct err *err)
{
    const struct block_info *block = rows_at(scan->rows, 0)->block;
    struct scan_run run = {scan->days_done, block ? block->id : HIT_HEAP_INBOX,
                           scan->waiting.count};
    enum status status = vec_push(&scan->runs, run) ? OK : err_nomem(err, "SQL");
    for (size_t i = 0; status == OK && i < rows_count(scan->rows); i++) {
        const struct json_path_value *value;
        const struct row *row = rows_at(scan->rows, i);
        if (!block && !vec_push(&scan->waiting, row->waiting)) {
            return err_nomem(err, "SQL");
        }
        status = rows_field(scan->rows, i, scan->wish.group, &value, err);
        status =
            THEN(status, groups_add(scan->groups, value, (uint16_t)(block ? row->slot : i), err));
    }
    return THEN(status, groups_end_run(scan->groups, err));
}

static enum status group_all(struct scan *scan, struct err *err)
{
    bool end = false;
    enum status status = groups_new(&scan->groups, err);
    scan->run_rows = ROWS_MAX;
    while (status == OK && !end) {
        status = find_run(scan, &end, err);
        status = status == OK && !end ? group_run(scan, err) : status;
    }
    return THEN(status, groups_sort(scan->groups, scan->wish.descending, err));
}

static enum status next_of_group(struct scan *scan, bool *out_end, struct err *err)
{
    enum status status = OK;
    if (!scan->groups) {
        status = group_all(scan, err);
    } else if (++scan->in_part < groups_part(scan->groups, scan->part)->count) {
        return OK;
    } else {
        scan->part++;
        scan->in_part = 0;
        scan->is_made = false;
    }
    if (status == OK) {
        *out_end = scan->part == groups_part_count(scan->groups);
        if (!*out_end) {
            scan->value = groups_value(scan->groups, groups_part(scan->groups, scan->part)->group);
        }
    }
    return status;
}

enum status scan_next(struct scan *scan, bool *out_end, struct err *err)
{
    if (scan->wish.order == SCAN_GROUPED) {
        return next_of_group(scan, out_end, err);
    }
    *out_end = scan->wish.limit > 0 && scan->given == scan->wish.limit;
    if (*out_end) {
        return OK;
    }
    enum status status = OK;
    if (!scan->started || ++scan->at >= rows_count(scan->rows)) {
        scan->started = true;
        scan->at = 0;
        status = find_run(scan, out_end, err);
    }
    scan->given += status == OK;
    return status;
}

/* The rows of the part at hand. */
static enum status make_part(struct scan *scan, const struct groups_part *part, struct err *err)
{
    const struct scan_run *run = vec_at(&scan->runs, part->run);
    enum status status = OK;
    if (!scan->day || scan->days_done != run->day) {
        leave_day(scan);
        scan->days_done = run->day - 1;
        status = enter_day(scan, err);
    }
    if (status != OK) {
        return status;
    }
    bool is_waiting = run->block == HIT_HEAP_INBOX;
    const struct block_info *block =
        scan->plan && !is_waiting ? segment_block(scan->day->segment, run->block) : NULL;
    if (!block && !is_waiting) {
        return err_set(err, ERR_NOT_FOUND, "a segment was deleted while it was read");
    }
    rows_begin(scan->rows, scan->day, scan->plan ? plan_view(scan->plan) : NULL);
    for (uint32_t i = 0; i < part->count; i++) {
        uint16_t slot = groups_slot(scan->groups, part->first + i);
        rows_add(scan->rows, is_waiting ? row_of_waiting(scan->waiting.items[run->base + slot])
                                        : (struct row){ROWS_TIME_UNKNOWN, block, NULL, slot});
    }
    scan->is_made = true;
    return OK;
}

enum status scan_row(struct scan *scan, size_t *out_row, struct err *err)
{
    if (!scan->groups) {
        *out_row = scan->at;
        return OK;
    }
    enum status status =
        scan->is_made ? OK : make_part(scan, groups_part(scan->groups, scan->part), err);
    if (status == OK) {
        *out_row = scan->in_part;
    }
    return status;
}

const struct json_path_value *scan_group_value(const struct scan *scan, size_t column)
{
    return scan->groups && column == scan->wish.group ? &scan->value : NULL;
}

const struct snapshot_day *scan_day(const struct scan *scan)
{
    return scan->day;
}
