/* A merged file is open for as long as days go into it: its vocabulary is read once. Days of one
 * commit lose their own files after it. */
#include "schema/index/merger.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/archive.h"
#include "schema/base/vec.h"
#include "schema/index/merged_file.h"
#include "schema/segment/segment_map.h"
#include "schema/segment/segment_writer.h"

enum { LARGE_BYTES = 24 << 20 }; /* some 500,000 events: alone they are a file of their own */

struct merger {
    char dir[FILE_PATH_BYTES];
    char archive_id[37];
    int compression_level;
    struct segment_writer *writer; /* NULL: none is open */
    struct merged_file file;       /* its file, with what is not committed */
    int64_t inbox_high;
    VEC(int64_t) days; /* of the transaction, and how many events they have */
    int64_t events;
    VEC(int64_t) left; /* days that are not tried again */
    struct merger_report report;
};

enum status merger_new(const char *dir, const char *archive_id, int compression_level,
                       struct merger **out_merger, struct err *err)
{
    struct merger *merger = calloc(1, sizeof *merger);
    if (!merger) {
        return err_nomem(err, "merge");
    }
    merger->compression_level = compression_level;
    (void)snprintf(merger->archive_id, sizeof merger->archive_id, "%s", archive_id);
    enum status status = file_path_format(merger->dir, err, "%s", dir);
    status = THEN(status, archive_remove_stray_logs(dir, err));
    if (status != OK) {
        merger_free(merger);
        return status;
    }
    *out_merger = merger;
    return OK;
}

static void forget(struct merger *merger)
{
    vec_clear(&merger->days);
    merger->events = 0;
    merger->inbox_high = 0;
}

static void close_writer(struct merger *merger)
{
    segment_writer_close(merger->writer);
    merger->writer = NULL;
    forget(merger);
}

void merger_free(struct merger *merger)
{
    if (merger) {
        close_writer(merger);
        vec_fini(&merger->days);
        vec_fini(&merger->left);
        free(merger);
    }
}

const struct merger_report *merger_report(const struct merger *merger)
{
    return &merger->report;
}

/* The days' own files go: from here on the merged file has them alone. */
static enum status commit(struct merger *merger, struct err *err)
{
    char path[FILE_PATH_BYTES];
    enum status status =
        segment_writer_commit(merger->writer, merger->archive_id, merger->inbox_high, err);
    for (size_t i = 0; status == OK && i < merger->days.count; i++) {
        status = archive_segment_path(merger->dir, merger->days.items[i], path, err);
        status = THEN(status, segment_unlink(path, err));
    }
    merger->report.days += (int64_t)merger->days.count;
    merger->report.events += merger->events;
    forget(merger);
    return status;
}

static enum status open_file(struct merger *merger, int64_t first_us, struct err *err)
{
    char path[FILE_PATH_BYTES];
    close_writer(merger);
    enum status status = archive_merged_path(merger->dir, first_us, path, err);
    status =
        THEN(status, segment_writer_open_merged(path, first_us, first_us, merger->compression_level,
                                                &merger->writer, err));
    if (status == OK) {
        merger->file = merged_file_of(segment_writer_segment(merger->writer), first_us);
    }
    return status;
}

/* The file that takes the day; what is open for another one is committed. */
static enum status target_of(struct merger *merger, int64_t day_us, struct err *err)
{
    struct merged_file before;
    enum status status = merged_file_before(merger->dir, day_us, &before.first_us, err);
    if (status == OK && merger->writer && merger->file.first_us <= day_us &&
        merger->file.first_us > before.first_us) {
        before.first_us = merger->file.first_us; /* it is new, and has no name yet */
    }
    bool is_open = status == OK && merger->writer && merger->file.first_us == before.first_us;
    if (is_open && merged_file_takes(&merger->file, day_us)) {
        return OK;
    }
    status = merger->writer ? THEN(status, commit(merger, err)) : status;
    if (status == OK && !is_open && before.first_us != INT64_MIN) {
        status = open_file(merger, before.first_us, err);
        if (status == OK && merged_file_takes(&merger->file, day_us)) {
            return OK;
        }
    }
    return THEN(status, open_file(merger, merged_file_new_first(&before, day_us), err));
}

static enum status add_blocks(struct merger *merger, struct segment *segment, struct err *err)
{
    size_t count;
    const struct block_info *blocks = segment_blocks(segment, &count);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = segment_writer_add_block(merger->writer, segment, &blocks[i], err);
        merger->file.events += blocks[i].n_events;
        merger->events += blocks[i].n_events;
    }
    return status;
}

/* A day whose events cannot be packed again as they are stays in its own file; what else was in the
 * transaction is undone with it, and done again without it. */
static enum status leave_day(struct merger *merger, int64_t day_us, const struct err *why,
                             struct err *err)
{
    merger->report.left_days++;
    if (merger->report.why.status == OK) {
        merger->report.why = *why;
    }
    close_writer(merger);
    return vec_push(&merger->left, day_us) ? OK : err_nomem(err, "merge");
}

static bool is_of_file(enum status status)
{
    return status == ERR_CORRUPT || status == ERR_VERSION || status == ERR_FORMAT;
}

static enum status merge_day(struct merger *merger, int64_t day_us, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct segment *segment = NULL;
    struct err why = {.status = OK};
    enum status status = archive_segment_path(merger->dir, day_us, path, &why);
    status = THEN(status, segment_open(path, &segment, &why));
    if (status == ERR_NOT_FOUND) {
        return OK; /* deleted meanwhile */
    }
    if (status == OK) {
        status = target_of(merger, day_us, err);
        if (status != OK) {
            segment_close(segment);
            return status;
        }
        int64_t high = segment_inbox_high(segment, merger->archive_id);
        merger->inbox_high = high > merger->inbox_high ? high : merger->inbox_high;
        status = add_blocks(merger, segment, &why);
    }
    segment_close(segment);
    if (status == OK) {
        merger->file.last_us = day_us > merger->file.last_us ? day_us : merger->file.last_us;
        return vec_push(&merger->days, day_us) ? OK : err_nomem(err, "merge");
    }
    if (is_of_file(status)) {
        return leave_day(merger, day_us, &why, err);
    }
    *err = why;
    return status;
}

static bool is_left(const struct merger *merger, int64_t day_us)
{
    for (size_t i = 0; i < merger->left.count; i++) {
        if (merger->left.items[i] == day_us) {
            return true;
        }
    }
    return false;
}

/* A file of its own that the merged one has taken in already: a crash came before it was gone. */
static enum status drop_stale(struct merger *merger, int64_t day_us, bool *out_was, struct err *err)
{
    struct segment *segment = NULL;
    struct err why;
    char path[FILE_PATH_BYTES];
    *out_was =
        segment_open_day(merger->dir, day_us, &segment, &why) == OK && segment_is_merged(segment);
    segment_close(segment);
    if (!*out_was) {
        return OK;
    }
    enum status status = archive_segment_path(merger->dir, day_us, path, err);
    return THEN(status, segment_unlink(path, err));
}

static bool is_large(const char *dir, int64_t day_us)
{
    char path[FILE_PATH_BYTES];
    struct stat st;
    return archive_segment_path(dir, day_us, path, NULL) == OK && stat(path, &st) == 0 &&
           st.st_size >= LARGE_BYTES;
}

enum status merger_has_work(const char *dir, int64_t before_us, bool *out_has, struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    enum status status = archive_day_files(dir, &days, &count, err);
    *out_has = false;
    for (size_t i = 0; status == OK && i < count && days[i] < before_us && !*out_has; i++) {
        *out_has = !is_large(dir, days[i]);
    }
    free(days);
    return status;
}

enum status merger_run(struct merger *merger, int64_t before_us, int64_t events_max, bool *out_more,
                       struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    int64_t until = merger->report.events + events_max;
    size_t n_left = merger->left.count;
    enum status status = archive_day_files(merger->dir, &days, &count, err);
    size_t i = 0;
    for (; status == OK && i < count && merger->report.events + merger->events < until; i++) {
        bool was_stale = false;
        if (days[i] >= before_us) {
            break;
        }
        if (is_left(merger, days[i])) {
            continue;
        }
        if (is_large(merger->dir, days[i])) {
            continue;
        }
        status = drop_stale(merger, days[i], &was_stale, err);
        if (status == OK && !was_stale) {
            status = merge_day(merger, days[i], err);
        }
        if (merger->left.count > n_left) { /* what was undone with it is done again */
            n_left = merger->left.count;
            i = (size_t)-1;
        }
    }
    *out_more = status == OK && i < count && days[i] < before_us;
    free(days);
    if (status == OK && merger->writer) {
        status = commit(merger, err);
    }
    if (status != OK || !*out_more) {
        close_writer(merger);
    }
    return status;
}
