/* Memory only, on the shipper's thread (or that of who asks how shipping stands): what the ledger
 * and the segments say of each day, read again for days whose file has changed. */
#include "daemon/ship/planner.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "daemon/ship/object_build.h"
#include "schema/file/file.h"

struct planner {
    char dir[FILE_PATH_BYTES];
    char target[1024];
    struct planner_day *days; /* ascending */
    size_t count;
};

enum status planner_open(const char *archive_dir, const char *target, struct planner **out_planner,
                         struct err *err)
{
    struct planner *planner = calloc(1, sizeof *planner);
    if (!planner) {
        return err_nomem(err, "ship");
    }
    int n = snprintf(planner->target, sizeof planner->target, "%s", target);
    CHECK(n > 0 && n < (int)sizeof planner->target);
    enum status status = file_path_format(planner->dir, err, "%s", archive_dir);
    if (status != OK) {
        free(planner);
        return status;
    }
    *out_planner = planner;
    return OK;
}

void planner_close(struct planner *planner)
{
    if (planner) {
        free(planner->days);
        free(planner);
    }
}

const struct planner_day *planner_days(const struct planner *planner, size_t *out_count)
{
    *out_count = planner->count;
    return planner->days;
}

/* Arrival of the block's oldest event. */
static enum status oldest_of(struct segment *segment, const struct block_info *info,
                             int64_t *out_us, struct err *err)
{
    int64_t *arrivals = malloc(BLOCK_EVENTS_MAX * sizeof *arrivals);
    if (!arrivals) {
        return err_nomem(err, "ship");
    }
    enum status status = segment_arrivals(segment, info->id, arrivals, err);
    for (uint32_t i = 0; status == OK && i < info->n_events; i++) {
        *out_us = i == 0 || arrivals[i] < *out_us ? arrivals[i] : *out_us;
    }
    free(arrivals);
    return status;
}

static enum status read_waiting(struct segment *segment, struct planner_day *day, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    const struct block_info *first = NULL;
    for (size_t i = 0; i < count; i++) {
        day->last_block = blocks[i].number;
        if (blocks[i].number > day->last_planned) {
            first = first ? first : &blocks[i];
            day->blocks++;
            day->events += blocks[i].n_events;
            day->packed_bytes += object_estimate(blocks[i].raw_bytes);
        }
    }
    return !first ? OK : oldest_of(segment, first, &day->oldest_us, err);
}

static enum status refresh_day(struct planner *planner, struct archive *archive, size_t index,
                               struct segment_look *look, struct err *err)
{
    struct planner_day day = {.day_us = planner->days[index].day_us,
                              .where = planner->days[index].where,
                              .last_block = -1};
    char path[FILE_PATH_BYTES];
    enum status status = segment_map_path(planner->dir, &day.where, path, err);
    day.stamp = file_stamp_read(path); /* before the look: a later change shows again */
    status = THEN(status,
                  ledger_last_block(archive, planner->target, day.day_us, &day.last_planned, err));
    status = THEN(status, segment_look_day(planner->dir, day.day_us, &day.stamp, look, err));
    if (status == ERR_NOT_FOUND) {
        status = OK; /* deleted meanwhile: nothing of it waits */
    } else if (status == OK) {
        status = read_waiting(look->segment, &day, err);
    }
    if (status == OK) {
        planner->days[index] = day;
    }
    return status;
}

enum status planner_refresh_day(struct planner *planner, struct archive *archive, size_t index,
                                struct err *err)
{
    CHECK(index < planner->count);
    struct segment_look look = {.segment = NULL};
    enum status status = refresh_day(planner, archive, index, &look, err);
    segment_close(look.segment);
    return status;
}

/* The days that are there now, with what was known of them. */
static enum status merge_days(struct planner *planner, const struct segment_map_day *days,
                              size_t count, struct err *err)
{
    struct planner_day *merged = calloc(count + 1, sizeof *merged);
    if (!merged) {
        return err_nomem(err, "ship");
    }
    for (size_t i = 0, old = 0; i < count; i++) {
        while (old < planner->count && planner->days[old].day_us < days[i].day_us) {
            old++;
        }
        bool known = old < planner->count && planner->days[old].day_us == days[i].day_us;
        merged[i] = known ? planner->days[old]
                          : (struct planner_day){
                                .day_us = days[i].day_us, .last_planned = -1, .last_block = -1};
        merged[i].where = days[i];
    }
    free(planner->days);
    planner->days = merged;
    planner->count = count;
    return OK;
}

/* True when the day is to be looked into: something of it waits, or its file has changed. */
static bool may_have_news(const struct planner *planner, const struct planner_day *day)
{
    char path[FILE_PATH_BYTES];
    if (day->blocks > 0 || segment_map_path(planner->dir, &day->where, path, NULL) != OK) {
        return true;
    }
    struct file_stamp now = file_stamp_read(path);
    return !file_stamp_equal(&day->stamp, &now);
}

enum status planner_refresh(struct planner *planner, struct archive *archive, struct err *err)
{
    struct segment_map_day *days = NULL;
    struct segment_look look = {.segment = NULL};
    size_t count = 0;
    enum status status = segment_map_read(planner->dir, &days, &count, err);
    if (status == OK) {
        status = merge_days(planner, days, count, err);
        free(days);
    }
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < planner->count; i++) {
        struct err one = {.status = OK};
        if (may_have_news(planner, &planner->days[i]) &&
            refresh_day(planner, archive, i, &look, &one) != OK && status == OK) {
            status = one.status;
            if (err) {
                (void)err_copy(err, &one);
            }
        }
    }
    segment_close(look.segment);
    return status;
}

int64_t planner_row_oldest(const char *archive_dir, const struct ledger_object *row)
{
    struct segment *segment = NULL;
    struct err why;
    int64_t oldest_us = row->planned_us;
    size_t count = 0;
    if (segment_open_day(archive_dir, row->day_us, &segment, &why) == OK) {
        const struct block_info *blocks = segment_blocks(segment, &count);
        for (size_t i = 0; i < count; i++) {
            if (blocks[i].number == row->first_block) {
                (void)!oldest_of(segment, &blocks[i], &oldest_us, &why);
            }
        }
    }
    segment_close(segment);
    return oldest_us;
}

void planner_older(int64_t *oldest_us, int64_t us)
{
    if (us > 0 && (*oldest_us == 0 || us < *oldest_us)) {
        *oldest_us = us;
    }
}
