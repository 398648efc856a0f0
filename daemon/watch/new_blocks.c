#include "daemon/watch/new_blocks.h"

#include <stdlib.h>

#include "schema/segment/segment_map.h"

static enum status read_day(struct new_blocks_day *day, const char *dir,
                            const struct file_stamp *now, struct segment_look *look,
                            struct err *err)
{
    enum status status = segment_look_day(dir, day->there.day_us, now, look, err);
    if (status != OK) {
        return status;
    }
    size_t count = 0;
    const struct block_info *blocks = segment_blocks(look->segment, &count);
    day->there.block = count > 0 ? blocks[count - 1].number : 0;
    day->there.newest_us = count > 0 ? INT64_MIN : 0;
    for (size_t i = 0; i < count; i++) {
        day->there.newest_us = blocks[i].time_max_us > day->there.newest_us ? blocks[i].time_max_us
                                                                            : day->there.newest_us;
    }
    return OK;
}

static enum status look_at(struct new_blocks_day *day, const char *dir, struct segment_look *look,
                           struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = segment_map_path(dir, &day->where, path, err);
    if (status != OK) {
        return status;
    }
    /* before the file is read: what is written after that is seen by the next look */
    struct file_stamp now = file_stamp_read(path);
    if (file_stamp_equal(&day->stamp, &now)) {
        return OK;
    }
    day->stamp.stable = false;
    status = read_day(day, dir, &now, look, err);
    if (status == OK) {
        day->stamp = now;
    }
    return status;
}

/* The days that are there now, with what is known of them. */
static enum status take_days(struct new_blocks *scan, const char *dir, struct err *err)
{
    struct segment_map_day *there = NULL;
    size_t count = 0;
    enum status status = segment_map_read(dir, &there, &count, err);
    if (status != OK) {
        return status;
    }
    struct new_blocks_day *days = calloc(count + 1, sizeof *days);
    if (!days) {
        free(there);
        return err_nomem(err, "watch");
    }
    for (size_t i = 0, k = 0; i < count; i++) {
        while (k < scan->count && scan->days[k].there.day_us < there[i].day_us) {
            k++;
        }
        bool known = k < scan->count && scan->days[k].there.day_us == there[i].day_us;
        days[i] = known ? scan->days[k] : (struct new_blocks_day){.there.day_us = there[i].day_us};
        days[i].where = there[i];
    }
    free(there);
    free(scan->days);
    scan->days = days;
    scan->count = count;
    return OK;
}

enum status new_blocks_poll(struct new_blocks *scan, const char *dir, struct err *out_bad,
                            struct err *err)
{
    struct segment_look look = {.segment = NULL};
    enum status status = take_days(scan, dir, err);
    out_bad->status = OK;
    for (size_t i = 0; status == OK && i < scan->count; i++) {
        struct err bad;
        if (look_at(&scan->days[i], dir, &look, &bad) != OK && out_bad->status == OK &&
            bad.status != ERR_NOT_FOUND) {
            *out_bad = bad;
        }
    }
    segment_close(look.segment);
    return status;
}

void new_blocks_fini(struct new_blocks *scan)
{
    free(scan->days);
    *scan = (struct new_blocks){0};
}
