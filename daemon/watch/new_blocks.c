#include "daemon/watch/new_blocks.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "schema/base/file.h"
#include "schema/segment/segment.h"

/* Of the time of a file; within it, it can be written to twice and look the same. */
enum { SETTLE_SECONDS = 2 };

static struct new_blocks_mark mark_of(const char *path)
{
    struct stat st;
    struct new_blocks_mark mark = {.bytes = -1};
    if (stat(path, &st) == 0) {
        mark = (struct new_blocks_mark){.bytes = st.st_size, .changed = st.st_mtim};
    }
    return mark;
}

static bool same_mark(const struct new_blocks_mark *a, const struct new_blocks_mark *b)
{
    return a->bytes == b->bytes && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool is_old(const struct new_blocks_mark *mark, time_t now)
{
    return mark->bytes < 0 ||
           (mark->changed.tv_sec < now - SETTLE_SECONDS && mark->changed.tv_sec <= now);
}

static enum status read_day(struct new_blocks_day *day, const char *path, struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open(path, &segment, err);
    if (status != OK) {
        return status;
    }
    size_t count = 0;
    const struct block_info *blocks = segment_blocks(segment, &count);
    day->block = count > 0 ? blocks[count - 1].id : 0;
    day->newest_us = count > 0 ? INT64_MIN : 0;
    for (size_t i = 0; i < count; i++) {
        day->newest_us =
            blocks[i].time_max_us > day->newest_us ? blocks[i].time_max_us : day->newest_us;
    }
    segment_close(segment);
    return OK;
}

static enum status look(struct new_blocks_day *day, const char *dir, struct err *err)
{
    char path[FILE_PATH_BYTES];
    char log[FILE_PATH_BYTES];
    enum status status = archive_segment_path(dir, day->day_us, path, err);
    status = THEN(status, file_path_format(log, err, "%s-wal", path));
    if (status != OK) {
        return status;
    }
    /* the marks first: what is written after them is seen by the next look */
    time_t now = time(NULL);
    struct new_blocks_mark file_mark = mark_of(path);
    struct new_blocks_mark log_mark = mark_of(log);
    if (day->is_settled && same_mark(&file_mark, &day->file) && same_mark(&log_mark, &day->log)) {
        return OK;
    }
    day->is_settled = false;
    status = read_day(day, path, err);
    if (status == OK) {
        day->file = file_mark;
        day->log = log_mark;
        day->is_settled = is_old(&file_mark, now) && is_old(&log_mark, now);
    }
    return status;
}

/* The days that are there now, with what is known of them. */
static enum status take_days(struct new_blocks *scan, const char *dir, struct err *err)
{
    int64_t *there = NULL;
    size_t count = 0;
    enum status status = archive_days(dir, &there, &count, err);
    if (status != OK) {
        return status;
    }
    struct new_blocks_day *days = calloc(count + 1, sizeof *days);
    if (!days) {
        free(there);
        return err_nomem(err, "watch");
    }
    for (size_t i = 0, k = 0; i < count; i++) {
        while (k < scan->count && scan->days[k].day_us < there[i]) {
            k++;
        }
        bool known = k < scan->count && scan->days[k].day_us == there[i];
        days[i] = known ? scan->days[k] : (struct new_blocks_day){.day_us = there[i]};
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
    enum status status = take_days(scan, dir, err);
    out_bad->status = OK;
    for (size_t i = 0; status == OK && i < scan->count; i++) {
        struct err bad;
        if (look(&scan->days[i], dir, &bad) != OK && out_bad->status == OK &&
            bad.status != ERR_NOT_FOUND) {
            *out_bad = bad;
        }
    }
    return status;
}

void new_blocks_fini(struct new_blocks *scan)
{
    free(scan->days);
    *scan = (struct new_blocks){0};
}
