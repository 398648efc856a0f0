/* The inbox is read when the snapshot is opened, days when they are asked for; up to
 * SNAPSHOT_OPEN_MAX stay open, and the one that was not used for longest makes room. One thread. */
#include "query/sql/snapshot.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "query/language/parse.h"
#include "query/search/day_iterator.h"
#include "schema/archive/archive.h"
#include "schema/file/file.h"
#include "schema/segment/segment_map.h"

struct snapshot {
    char path[FILE_PATH_BYTES];
    bool is_file;
    struct archive *archive;
    struct query *all;
    struct inbox_scan *waiting;
    struct snapshot_day *days;
    size_t n_days;
    size_t n_open;
    uint64_t clock;
};

static int by_day(const void *a, const void *b)
{
    int64_t x = ((const struct snapshot_day *)a)->day_us;
    int64_t y = ((const struct snapshot_day *)b)->day_us;
    return (x > y) - (x < y);
}

/* Days of segments and of the inbox, each once. */
static enum status list_days(struct snapshot *snapshot, const int64_t *days, size_t n_days,
                             struct err *err)
{
    size_t n_waiting = 0;
    const struct inbox_scan_event *events =
        snapshot->waiting ? inbox_scan_events(snapshot->waiting, &n_waiting) : NULL;
    snapshot->days = calloc(n_days + n_waiting + 1, sizeof *snapshot->days);
    if (!snapshot->days) {
        return err_nomem(err, "SQL");
    }
    size_t count = 0;
    for (size_t i = 0; i < n_days; i++) {
        snapshot->days[count++] = (struct snapshot_day){.day_us = days[i], .has_file = true};
    }
    for (size_t i = 0; i < n_waiting; i++) {
        int64_t day_us = clock_day_start(events[i].event.time_us);
        bool known = count > 0 && snapshot->days[count - 1].day_us == day_us;
        for (size_t d = 0; !known && d < n_days; d++) {
            known = days[d] == day_us;
        }
        if (!known) {
            snapshot->days[count++] = (struct snapshot_day){.day_us = day_us};
        }
    }
    qsort(snapshot->days, count, sizeof *snapshot->days, by_day);
    snapshot->n_days = count;
    return OK;
}

static enum status open_archive(struct snapshot *snapshot, struct err *err)
{
    int64_t *days = NULL;
    size_t n_days = 0;
    enum status status = archive_open(snapshot->path, ARCHIVE_READ, &snapshot->archive, err);
    status = THEN(status, inbox_scan_open(snapshot->archive, snapshot->all, INT64_MIN, INT64_MAX,
                                          &snapshot->waiting, err));
    status = THEN(status, segment_days(snapshot->path, &days, &n_days, err));
    status = THEN(status, list_days(snapshot, days, n_days, err));
    free(days);
    return status;
}

static enum status open_file(struct snapshot *snapshot, struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open(snapshot->path, &segment, err);
    if (status != OK) {
        return status;
    }
    int64_t first_us = segment_day_us(segment);
    int64_t *days = &first_us;
    size_t count = 1;
    if (segment_is_merged(segment)) {
        status = segment_list_days(segment, &days, &count, err);
    }
    segment_close(segment);
    status = THEN(status, list_days(snapshot, days, count, err));
    if (days != &first_us) {
        free(days);
    }
    return status;
}

enum status snapshot_open(const char *path, struct snapshot **out_snapshot, struct err *err)
{
    struct stat stat_of;
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) {
        return err_nomem(err, "SQL");
    }
    enum status status = file_path_format(snapshot->path, err, "%s", path);
    status = THEN(status, parse_query(span_str("*"), 0, &snapshot->all, NULL, err));
    snapshot->is_file = stat(path, &stat_of) == 0 && S_ISREG(stat_of.st_mode);
    status =
        THEN(status, snapshot->is_file ? open_file(snapshot, err) : open_archive(snapshot, err));
    if (status != OK) {
        snapshot_close(snapshot);
        return status;
    }
    *out_snapshot = snapshot;
    return OK;
}

static void close_day(struct snapshot_day *day)
{
    CHECK(day->users == 0);
    segment_close(day->segment);
    free(day->waiting);
    free(day->values);
    arena_fini(&day->arena);
    *day = (struct snapshot_day){.day_us = day->day_us, .has_file = day->has_file};
}

void snapshot_close(struct snapshot *snapshot)
{
    if (snapshot) {
        for (size_t i = 0; i < snapshot->n_days; i++) {
            close_day(&snapshot->days[i]);
        }
        free(snapshot->days);
        inbox_scan_close(snapshot->waiting);
        parse_query_free(snapshot->all);
        archive_close(snapshot->archive);
        free(snapshot);
    }
}

const struct inbox_scan *snapshot_inbox(const struct snapshot *snapshot)
{
    return snapshot->waiting;
}

size_t snapshot_day_count(const struct snapshot *snapshot)
{
    return snapshot->n_days;
}

bool snapshot_day_within(const struct snapshot *snapshot, size_t i, int64_t from_us, int64_t to_us)
{
    CHECK(i < snapshot->n_days);
    int64_t day_us = snapshot->days[i].day_us;
    return snapshot->is_file || (day_us < to_us && (from_us < INT64_MIN + CLOCK_DAY_US ||
                                                    day_us > from_us - CLOCK_DAY_US));
}

/* Closes the day that was not used for longest, when too many are open. */
static void make_room(struct snapshot *snapshot)
{
    struct snapshot_day *oldest = NULL;
    for (size_t i = 0; snapshot->n_open >= SNAPSHOT_OPEN_MAX && i < snapshot->n_days; i++) {
        struct snapshot_day *day = &snapshot->days[i];
        if (day->is_open && day->users == 0 && (!oldest || day->used < oldest->used)) {
            oldest = day;
        }
    }
    if (oldest) {
        close_day(oldest);
        snapshot->n_open--;
    }
}

/* Days of one file share what is read of it. */
static void share_vocabulary(struct snapshot *snapshot, struct snapshot_day *day)
{
    for (size_t i = 0; i < snapshot->n_days; i++) {
        const struct snapshot_day *other = &snapshot->days[i];
        if (other != day && other->segment &&
            strcmp(segment_path(other->segment), segment_path(day->segment)) == 0 &&
            segment_created_us(other->segment) == segment_created_us(day->segment)) {
            struct segment_vocabulary *shared = segment_share_vocabulary(other->segment);
            segment_use_vocabulary(day->segment, shared);
            segment_vocabulary_release(shared);
            return;
        }
    }
}

static enum status open_day(struct snapshot *snapshot, struct snapshot_day *day, struct err *err)
{
    enum status status = day_iterator_segment_open(snapshot->path, snapshot->is_file, day->day_us,
                                                   &day->segment, err);
    if (status == OK && day->segment && segment_is_merged(day->segment)) {
        share_vocabulary(snapshot, day);
    }
    if (status == OK && snapshot->waiting) {
        status = inbox_scan_of_day(snapshot->waiting, day->day_us, day->segment, &day->waiting,
                                   &day->n_waiting, err);
    }
    if (status != OK) {
        close_day(day);
        return status;
    }
    day->is_open = true;
    snapshot->n_open++;
    return OK;
}

enum status snapshot_day(struct snapshot *snapshot, size_t i, struct snapshot_day **out_day,
                         struct err *err)
{
    CHECK(i < snapshot->n_days);
    struct snapshot_day *day = &snapshot->days[i];
    enum status status = OK;
    if (!day->is_open) {
        make_room(snapshot);
        status = open_day(snapshot, day, err);
    }
    if (status == OK) {
        day->users++;
        day->used = ++snapshot->clock;
        *out_day = day;
    }
    return status;
}

void snapshot_release(struct snapshot_day *day)
{
    if (day) {
        CHECK(day->users > 0);
        day->users--;
    }
}

enum status snapshot_value(struct snapshot_day *day, const struct vocabulary *vocabulary,
                           uint32_t id, const struct json_path_value **out_value, struct err *err)
{
    if (!day->values) {
        day->values = calloc(vocabulary->values.count, sizeof *day->values);
        if (!day->values) {
            return err_nomem(err, "SQL");
        }
    }
    struct json_path_value *value = &day->values[id];
    if (value->kind == JSON_PATH_OPEN) {
        struct columnar_value spelled = columnar_value_of(vocabulary_value(vocabulary, id));
        if (!json_path_value_of(spelled.text, spelled.is_string, &day->arena, value)) {
            value->kind = JSON_PATH_OPEN;
            return err_nomem(err, "SQL");
        }
    }
    *out_value = value;
    return OK;
}
