/* A merged file has a name with its first day, and is asked which days it has. The days before the
 * next file's first are in it or in files of their own (schema/index/merger.c keeps it so). */
#include "schema/segment/segment_map.h"

#include <stdlib.h>

#include "schema/archive/archive.h"
#include "schema/segment/segment_internal.h"

struct map_days VEC_OF(struct segment_map_day);

struct file_days {
    struct map_days *days;
    int64_t first_us;
};

static enum status take_day(void *context, sqlite3_stmt *row, struct err *err)
{
    const struct file_days *of = context;
    struct segment_map_day day = {
        .day_us = sqlite3_column_int64(row, 0), .is_merged = true, .file = of->first_us};
    if (!segment_is_day(day.day_us)) {
        return err_set(err, ERR_CORRUPT, "a block is of no day");
    }
    return vec_push(of->days, day) ? OK : err_nomem(err, "segments");
}

/* A file that has just gone, with its last day, has none. */
static enum status add_merged(const char *dir, int64_t first_us, struct map_days *days,
                              struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct file_days of = {days, first_us};
    sqlite3 *db = NULL;
    struct err why;
    enum status status = archive_merged_path(dir, first_us, path, err);
    if (status != OK) {
        return status;
    }
    status = db_open(path, DB_READ, &segment_kind, &db, &why);
    if (status == ERR_NOT_FOUND) {
        return OK;
    }
    if (status != OK) {
        *err = why;
        return status;
    }
    status = db_each(db, "SELECT DISTINCT day_us FROM block ORDER BY day_us", DB_NO_VALUES,
                     take_day, &of, &why);
    db_close(db);
    if (status == ERR_CORRUPT) {
        return err_set(err, status, "%s is damaged: %.300s", path, why.text);
    }
    return status == OK ? OK : err_copy(err, &why);
}

static enum status read_merged(const char *dir, struct map_days *days, struct err *err)
{
    int64_t *firsts = NULL;
    size_t count = 0;
    enum status status = archive_merged_files(dir, &firsts, &count, err);
    for (size_t i = 0; status == OK && i < count; i++) {
        status = add_merged(dir, firsts[i], days, err);
    }
    free(firsts);
    return status;
}

/* By day; the merged one of two first. */
static int compare(const void *a, const void *b)
{
    const struct segment_map_day *x = a;
    const struct segment_map_day *y = b;
    return x->day_us != y->day_us ? (x->day_us > y->day_us) - (x->day_us < y->day_us)
                                  : (int)y->is_merged - (int)x->is_merged;
}

/* Files of days are listed before merged ones are asked: a day that goes from the one to the other
 * meanwhile is seen in either. */
enum status segment_map_read(const char *dir, struct segment_map_day **out_days, size_t *out_count,
                             struct err *err)
{
    int64_t *own = NULL;
    size_t n_own = 0;
    struct map_days days = {0};
    struct err why = {.status = OK};
    enum status status = archive_day_files(dir, &own, &n_own, &why);
    for (size_t i = 0; status == OK && i < n_own; i++) {
        struct segment_map_day day = {.day_us = own[i], .file = own[i]};
        status = vec_push(&days, day) ? OK : err_nomem(&why, dir);
    }
    free(own);
    status = THEN(status, read_merged(dir, &days, &why));
    vec_sort(&days, compare);
    size_t n = 0;
    for (size_t i = 0; i < days.count; i++) {
        if (n == 0 || days.items[n - 1].day_us != days.items[i].day_us) {
            days.items[n++] = days.items[i];
        }
    }
    days.count = n;
    if (status != OK && err) {
        *err = why;
    }
    vec_hand_over(&days, status, out_days, out_count);
    return status;
}

enum status segment_map_path(const char *dir, const struct segment_map_day *day,
                             char out[FILE_PATH_BYTES], struct err *err)
{
    return day->is_merged ? archive_merged_path(dir, day->file, out, err)
                          : archive_segment_path(dir, day->day_us, out, err);
}

enum status segment_days(const char *dir, int64_t **out_days, size_t *out_count, struct err *err)
{
    struct segment_map_day *map = NULL;
    size_t count = 0;
    enum status status = segment_map_read(dir, &map, &count, err);
    if (status != OK) {
        return status;
    }
    int64_t *days = malloc((count + 1) * sizeof *days);
    for (size_t i = 0; days && i < count; i++) {
        days[i] = map[i].day_us;
    }
    free(map);
    if (!days) {
        return err_nomem(err, dir);
    }
    *out_days = days;
    *out_count = count;
    return OK;
}

static enum status open_at(const char *dir, int64_t first_us, int64_t day_us,
                           struct segment **out_segment, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = archive_merged_path(dir, first_us, path, err);
    status = THEN(status, segment_open(path, out_segment, err));
    if (status == OK && !segment_select_day(*out_segment, day_us)) {
        segment_close(*out_segment);
        *out_segment = NULL;
        status = err_set(err, ERR_NOT_FOUND, "%s: no such day", path);
    }
    return status;
}

/* The merged file that by its name may have the day; with `any`, those before it as well.
 * ERR_NOT_FOUND when none has it. */
static enum status open_merged(const char *dir, int64_t day_us, bool any,
                               struct segment **out_segment, struct err *err)
{
    int64_t *firsts = NULL;
    size_t count = 0;
    enum status status = archive_merged_files(dir, &firsts, &count, err);
    if (status != OK) {
        return status;
    }
    status = err_set(err, ERR_NOT_FOUND, "%s: no such day", dir);
    for (size_t tries = 0; status == ERR_NOT_FOUND && count > 0 && (any || tries == 0); count--) {
        if (firsts[count - 1] <= day_us) {
            status = open_at(dir, firsts[count - 1], day_us, out_segment, err);
            tries++;
        }
    }
    free(firsts);
    return status;
}

/* Who takes the file away takes its log after it: while the file is still there when it was read,
 * the log was, too. Else what was read may lack the log, and is not the day. */
static enum status open_own(const char *dir, int64_t day_us, struct segment **out_segment,
                            struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status = archive_segment_path(dir, day_us, path, err);
    if (status == OK && !file_exists(path)) {
        return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
    }
    status = THEN(status, segment_open(path, out_segment, err));
    if (status == OK && !file_exists(path)) {
        segment_close(*out_segment);
        *out_segment = NULL;
        status = err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
    }
    return status;
}

enum status segment_open_day(const char *dir, int64_t day_us, struct segment **segment,
                             struct err *err)
{
    if (*segment && segment_is_merged(*segment) && segment_select_day(*segment, day_us)) {
        return OK;
    }
    segment_close(*segment);
    *segment = NULL;
    enum status status = open_merged(dir, day_us, false, segment, err);
    if (status == ERR_NOT_FOUND) {
        status = open_own(dir, day_us, segment, err);
    }
    if (status == ERR_NOT_FOUND) { /* it may have gone from the one to the other meanwhile */
        status = open_merged(dir, day_us, true, segment, err);
    }
    return status;
}

enum status segment_look_day(const char *dir, int64_t day_us, const struct file_stamp *stamp,
                             struct segment_look *look, struct err *err)
{
    if (look->segment && !file_stamp_equal(&look->stamp, stamp)) {
        segment_close(look->segment);
        look->segment = NULL;
    }
    look->stamp = *stamp;
    return segment_open_day(dir, day_us, &look->segment, err);
}

enum status segment_path_of_day(const char *dir, int64_t day_us, char out[FILE_PATH_BYTES],
                                struct err *err)
{
    struct segment *segment = NULL;
    struct err why;
    enum status status = open_merged(dir, day_us, false, &segment, &why);
    if (status == OK) {
        status = file_path_format(out, err, "%s", segment_path(segment));
        segment_close(segment);
        return status;
    }
    if (status != ERR_NOT_FOUND) {
        if (err) {
            *err = why;
        }
        return status;
    }
    return archive_segment_path(dir, day_us, out, err);
}
