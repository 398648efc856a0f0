/* Why a search beside a running daemon misses nothing and shows nothing twice.
 *
 * An event that was answered is in the inbox until the indexer has committed it to its day's
 * segment; only then is its row deleted from the inbox. So at every moment it is in the inbox, or
 * in the segment, or in both.
 *
 * We read the inbox first, in one read transaction, and look for segments only then.
 *   - An event that was not in the inbox as we read it had been deleted from it, so its segment
 *     was committed before we open it: it is found there. Nothing is missed.
 *   - An event that was in the inbox may be in the segment too by the time we open that, or have
 *     come a second time: segment_duplicate_events says so by its identity, and the inbox's copy is
 *     dropped. Nothing is shown twice.
 * Each segment is read in one snapshot, so what is appended while we search changes nothing. */
#include "query/search/day_iterator.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/archive.h"
#include "schema/segment/segment_map.h"

enum { NAME_DAYS = 3 };

struct iterated_day {
    int64_t day_us;
    int64_t file; /* of segment_map_day */
    bool is_merged;
    bool has_file;
    size_t number; /* day_iterator_day_file */
};

struct day_iterator {
    struct day_iterator_options search;
    int64_t from_us;
    int64_t to_us;
    bool is_file;
    struct archive *archive;
    struct inbox_scan *waiting;
    int64_t *days;              /* in the order that is asked for */
    struct iterated_day *files; /* of the days; NULL of a file */
    size_t n_days;
    size_t at;
    struct day_iterator_day day; /* the one at hand */
    bool *known;                 /* by leaf: some event has its field */
    bool looked;                 /* at some segment, or an event of the inbox */
};

static int compare_days(const void *a, const void *b)
{
    const struct iterated_day *x = a;
    const struct iterated_day *y = b;
    return x->day_us != y->day_us ? (x->day_us > y->day_us) - (x->day_us < y->day_us)
                                  : (int)y->has_file - (int)x->has_file;
}

static bool is_within(const struct day_iterator *iterator, int64_t day_us)
{
    return day_us < iterator->to_us && (iterator->from_us < INT64_MIN + CLOCK_DAY_US ||
                                        day_us > iterator->from_us - CLOCK_DAY_US);
}

/* Numbers files by the first of their days. */
static void number_files(struct iterated_day *days, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        days[i].number = i;
        for (size_t k = i; days[i].is_merged && k > 0; k--) {
            if (days[k - 1].is_merged && days[k - 1].file == days[i].file) {
                days[i].number = days[k - 1].number;
                break;
            }
        }
    }
}

/* Days of segments and of waiting events, each once, those within the bounds, in order. */
static enum status merge_days(struct day_iterator *iterator, const struct segment_map_day *files,
                              size_t n_files, struct err *err)
{
    size_t n_waiting = 0;
    const struct inbox_scan_event *events =
        iterator->waiting ? inbox_scan_events(iterator->waiting, &n_waiting) : NULL;
    struct iterated_day *days = calloc(n_files + n_waiting + 1, sizeof *days);
    iterator->days = calloc(n_files + n_waiting + 1, sizeof *iterator->days);
    if (!days || !iterator->days) {
        free(days);
        return err_nomem(err, "search");
    }
    size_t count = 0;
    for (size_t i = 0; i < n_files; i++) {
        if (is_within(iterator, files[i].day_us)) {
            days[count++] =
                (struct iterated_day){files[i].day_us, files[i].file, files[i].is_merged, true, 0};
        }
    }
    for (size_t i = 0; i < n_waiting; i++) {
        int64_t day_us = clock_day_start(events[i].event.time_us);
        if (count == 0 || days[count - 1].day_us != day_us) {
            days[count++] = (struct iterated_day){.day_us = day_us};
        }
    }
    qsort(days, count, sizeof *days, compare_days);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (n == 0 || days[n - 1].day_us != days[i].day_us) {
            days[n++] = days[i];
        }
    }
    for (size_t i = 0; !iterator->search.oldest_first && i < n / 2; i++) {
        struct iterated_day day = days[i];
        days[i] = days[n - 1 - i];
        days[n - 1 - i] = day;
    }
    number_files(days, n);
    for (size_t i = 0; i < n; i++) {
        iterator->days[i] = days[i].day_us;
    }
    iterator->files = days;
    iterator->n_days = n;
    return OK;
}

static enum status open_archive(struct day_iterator *iterator, struct err *err)
{
    enum status status = archive_open(iterator->search.path, ARCHIVE_READ, &iterator->archive, err);
    status =
        THEN(status, inbox_scan_open(iterator->archive, iterator->search.query, iterator->from_us,
                                     iterator->to_us, &iterator->waiting, err));
    struct segment_map_day *days = NULL;
    size_t n_days = 0;
    status = THEN(status, segment_map_read(iterator->search.path, &days, &n_days, err));
    status = THEN(status, merge_days(iterator, days, n_days, err));
    free(days);
    for (size_t i = 0; status == OK && i < iterator->search.query->n_leaves; i++) {
        iterator->known[i] = inbox_scan_has_field(iterator->waiting, i);
        iterator->looked = inbox_scan_any(iterator->waiting);
    }
    return status;
}

/* Those of merged days that are within the bounds. */
static enum status list_file_days(struct day_iterator *iterator, struct segment *segment,
                                  struct err *err)
{
    int64_t *days = NULL;
    size_t count = 0;
    enum status status = segment_list_days(segment, &days, &count, err);
    struct segment_map_day *map = status == OK ? calloc(count + 1, sizeof *map) : NULL;
    if (status == OK && !map) {
        status = err_nomem(err, "search");
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        map[i] = (struct segment_map_day){.day_us = days[i], .is_merged = true};
    }
    status = THEN(status, merge_days(iterator, map, count, err));
    free(map);
    free(days);
    return status;
}

static enum status open_file(struct day_iterator *iterator, struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open(iterator->search.path, &segment, err);
    if (status != OK) {
        return status;
    }
    if (segment_is_merged(segment)) {
        status = list_file_days(iterator, segment, err);
    } else {
        iterator->days = malloc(sizeof *iterator->days);
        if (iterator->days) { /* its blocks say which times it has, not its day */
            iterator->days[0] = segment_day_us(segment);
            iterator->n_days = 1;
        }
        status = iterator->days ? OK : err_nomem(err, "search");
    }
    segment_close(segment);
    return status;
}

enum status day_iterator_open(const struct day_iterator_options *search,
                              struct day_iterator **out_iterator, struct err *err)
{
    struct stat stat_of;
    struct day_iterator *iterator = calloc(1, sizeof *iterator);
    if (!iterator) {
        return err_nomem(err, "search");
    }
    iterator->search = *search;
    plan_time_bounds(search->query->root, &iterator->from_us, &iterator->to_us);
    iterator->from_us = search->from_us > iterator->from_us ? search->from_us : iterator->from_us;
    iterator->to_us = search->to_us < iterator->to_us ? search->to_us : iterator->to_us;
    iterator->known = calloc(search->query->n_leaves + 1, sizeof *iterator->known);
    enum status status = iterator->known ? OK : err_nomem(err, "search");
    iterator->is_file = stat(search->path, &stat_of) == 0 && S_ISREG(stat_of.st_mode);
    if (status == OK && iterator->is_file) {
        status = open_file(iterator, err);
    } else if (status == OK) {
        status = open_archive(iterator, err);
    }
    if (status != OK) {
        day_iterator_close(iterator);
        return status;
    }
    *out_iterator = iterator;
    return OK;
}

void day_iterator_plan_close(struct plan *plan)
{
    struct segment *segment = plan ? plan_segment(plan) : NULL;
    plan_close(plan);
    segment_close(segment);
}

bool day_iterator_plan_is_merged(const struct plan *plan)
{
    return plan && segment_is_merged(plan_segment(plan));
}

void day_iterator_day_close(struct day_iterator_day *day)
{
    if (!day->is_lent) {
        day_iterator_plan_close(day->plan);
    }
    free(day->waiting);
    *day = (struct day_iterator_day){0};
}

void day_iterator_close(struct day_iterator *iterator)
{
    if (iterator) {
        day_iterator_day_close(&iterator->day);
        inbox_scan_close(iterator->waiting);
        archive_close(iterator->archive);
        free(iterator->days);
        free(iterator->files);
        free(iterator->known);
        free(iterator);
    }
}

const struct day_iterator_options *day_iterator_options_of(const struct day_iterator *iterator)
{
    return &iterator->search;
}

const int64_t *day_iterator_days(const struct day_iterator *iterator, size_t *out_count)
{
    *out_count = iterator->n_days;
    return iterator->days;
}

size_t day_iterator_day_file(const struct day_iterator *iterator, size_t i)
{
    return iterator->files ? iterator->files[i].number : i;
}

int64_t day_iterator_from_us(const struct day_iterator *iterator)
{
    return iterator->from_us;
}

int64_t day_iterator_to_us(const struct day_iterator *iterator)
{
    return iterator->to_us;
}

struct archive *day_iterator_archive(const struct day_iterator *iterator)
{
    return iterator->archive;
}

struct plan *day_iterator_plan(const struct day_iterator *iterator)
{
    return iterator->day.plan;
}

enum status day_iterator_segment_open(const char *path, bool is_file, int64_t day_us,
                                      struct segment **out_segment, struct err *err)
{
    struct err inner;
    *out_segment = NULL;
    if (is_file) {
        enum status opened = segment_open(path, out_segment, err);
        if (opened == OK && segment_is_merged(*out_segment)) {
            (void)segment_select_day(*out_segment, day_us);
        }
        return opened;
    }
    enum status status = segment_open_day(path, day_us, out_segment, &inner);
    if (status == ERR_NOT_FOUND) { /* none, or retention has just taken it */
        return OK;
    }
    if (status != OK && err) {
        (void)err_copy(err, &inner);
    }
    return status;
}

enum status day_iterator_day_plan(const struct day_iterator *iterator, int64_t day_us,
                                  struct plan_leaves *leaves, struct plan **plan, struct err *err)
{
    struct segment *segment = NULL;
    if (day_iterator_plan_is_merged(*plan) && segment_select_day(plan_segment(*plan), day_us)) {
        return OK;
    }
    day_iterator_plan_close(*plan);
    *plan = NULL;
    enum status status =
        day_iterator_segment_open(iterator->search.path, iterator->is_file, day_us, &segment, err);
    if (status == OK && segment && leaves && !plan_leaves_fit(leaves, segment)) {
        segment_close(segment);
        segment = NULL;
    }
    if (status == OK && segment) {
        status = leaves ? plan_join(leaves, segment, plan, err)
                        : plan_open(iterator->search.query, segment, plan, err);
    }
    if (status != OK) {
        segment_close(segment);
    }
    return status;
}

enum status day_iterator_day_waiting(const struct day_iterator *iterator, int64_t day_us,
                                     struct plan *plan, const struct inbox_scan_event ***out_events,
                                     size_t *out_count, struct err *err)
{
    if (!iterator->waiting) {
        *out_events = NULL;
        *out_count = 0;
        return OK;
    }
    return inbox_scan_of_day(iterator->waiting, day_us, plan ? plan_segment(plan) : NULL,
                             out_events, out_count, err);
}

void day_iterator_note(struct day_iterator *iterator, struct plan *plan)
{
    for (size_t i = 0; plan && i < iterator->search.query->n_leaves; i++) {
        iterator->known[i] = iterator->known[i] || plan_knows_field(plan, i);
        iterator->looked = true;
    }
}

void day_iterator_hold(struct day_iterator *iterator, const struct day_iterator_day *day)
{
    day_iterator_day_close(&iterator->day);
    iterator->day = *day;
}

enum status day_iterator_next(struct day_iterator *iterator, struct day_iterator_day *out_day,
                              bool *out_end, struct err *err)
{
    struct plan *plan = iterator->day.is_lent ? NULL : iterator->day.plan;
    iterator->day.plan = NULL;
    day_iterator_day_close(&iterator->day);
    *out_end = iterator->at == iterator->n_days;
    if (*out_end) {
        day_iterator_plan_close(plan);
        return OK;
    }
    struct day_iterator_day *day = &iterator->day;
    day->plan = plan;
    day->day_us = iterator->days[iterator->at++];
    enum status status = day_iterator_day_plan(iterator, day->day_us, NULL, &day->plan, err);
    if (status == OK) {
        day_iterator_note(iterator, day->plan);
        status = day_iterator_day_waiting(iterator, day->day_us, day->plan, &day->waiting,
                                          &day->n_waiting, err);
    }
    if (status == OK) {
        *out_day = *day;
    }
    return status;
}

const struct predicate *day_iterator_unknown_field(const struct day_iterator *iterator,
                                                   size_t from_leaf)
{
    const struct query *query = iterator->search.query;
    for (size_t i = from_leaf; iterator->looked && i < query->n_leaves; i++) {
        enum predicate_kind kind = query->leaves[i]->kind;
        bool asks = query->leaves[i]->field.size > 0 && kind != PREDICATE_TIME &&
                    kind != PREDICATE_UID && kind != PREDICATE_SEVERITY;
        if (asks && !iterator->known[i]) {
            return query->leaves[i];
        }
    }
    return NULL;
}

enum status day_iterator_field_names(const struct day_iterator *iterator,
                                     void (*each)(void *context, struct span name), void *context,
                                     struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < iterator->n_days && i < NAME_DAYS; i++) {
        struct segment *segment = NULL;
        status = day_iterator_segment_open(iterator->search.path, iterator->is_file,
                                           iterator->days[i], &segment, err);
        const struct vocabulary *vocabulary = NULL;
        if (status == OK && segment) {
            status = segment_vocabulary(segment, &vocabulary, err);
        }
        for (uint32_t path = SEGMENT_PATH_LINE + 1;
             status == OK && vocabulary && path < intern_count(&vocabulary->paths); path++) {
            each(context, segment_path_field(segment, path));
        }
        segment_close(segment);
    }
    return status;
}
