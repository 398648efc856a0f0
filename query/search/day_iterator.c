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
 *     come a second time: segment_known_events says so by its identity, and the inbox's copy is
 *     dropped. Nothing is shown twice.
 * Each segment is read in one snapshot, so what is appended while we search changes nothing. */
#include "query/search/day_iterator.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "schema/archive/archive.h"
#include "schema/base/file.h"

enum { NAME_DAYS = 3 };

struct walk {
    struct search search;
    int64_t from_us;
    int64_t to_us;
    bool is_file;
    struct archive *archive;
    struct waiting *waiting;
    int64_t *days; /* in the order of the walk */
    size_t n_days;
    size_t at;
    struct walk_day day; /* the one at hand */
    bool *known;         /* by leaf: some event has its field */
    bool looked;         /* at some segment, or an event of the inbox */
};

static int compare_days(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Days of segments and of waiting events, each once, those within the bounds, in order. */
static enum status merge_days(struct walk *walk, const int64_t *segment_days, size_t n_segment_days,
                              struct err *err)
{
    size_t n_waiting = 0;
    const struct waiting_event *events =
        walk->waiting ? waiting_events(walk->waiting, &n_waiting) : NULL;
    int64_t *days = malloc((n_segment_days + n_waiting + 1) * sizeof *days);
    if (!days) {
        return err_nomem(err, "search");
    }
    size_t count = 0;
    for (size_t i = 0; i < n_segment_days; i++) {
        if (segment_days[i] < walk->to_us && (walk->from_us < INT64_MIN + CLOCK_DAY_US ||
                                              segment_days[i] > walk->from_us - CLOCK_DAY_US)) {
            days[count++] = segment_days[i];
        }
    }
    for (size_t i = 0; i < n_waiting; i++) {
        int64_t day_us = clock_day_start(events[i].event.time_us);
        if (count == 0 || days[count - 1] != day_us) {
            days[count++] = day_us;
        }
    }
    qsort(days, count, sizeof *days, compare_days);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || days[kept - 1] != days[i]) {
            days[kept++] = days[i];
        }
    }
    for (size_t i = 0; !walk->search.oldest_first && i < kept / 2; i++) {
        int64_t day_us = days[i];
        days[i] = days[kept - 1 - i];
        days[kept - 1 - i] = day_us;
    }
    walk->days = days;
    walk->n_days = kept;
    return OK;
}

static enum status open_archive(struct walk *walk, struct err *err)
{
    enum status status = archive_open(walk->search.path, ARCHIVE_READ, &walk->archive, err);
    status = THEN(status, waiting_open(walk->archive, walk->search.query, walk->from_us,
                                       walk->to_us, &walk->waiting, err));
    int64_t *days = NULL;
    size_t n_days = 0;
    status = THEN(status, archive_days(walk->search.path, &days, &n_days, err));
    status = THEN(status, merge_days(walk, days, n_days, err));
    free(days);
    for (size_t i = 0; status == OK && i < walk->search.query->n_leaves; i++) {
        walk->known[i] = waiting_has_field(walk->waiting, i);
        walk->looked = waiting_any(walk->waiting);
    }
    return status;
}

static enum status open_file(struct walk *walk, struct err *err)
{
    struct segment *segment = NULL;
    enum status status = segment_open(walk->search.path, &segment, err);
    if (status != OK) {
        return status;
    }
    walk->days = malloc(sizeof *walk->days);
    if (walk->days) { /* its blocks say which times it has, not its day */
        walk->days[0] = segment_day_us(segment);
        walk->n_days = 1;
    }
    segment_close(segment);
    return walk->days ? OK : err_nomem(err, "search");
}

enum status walk_open(const struct search *search, struct walk **out_walk, struct err *err)
{
    struct stat stat_of;
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        return err_nomem(err, "search");
    }
    walk->search = *search;
    query_time_bounds(search->query->root, &walk->from_us, &walk->to_us);
    walk->from_us = search->from_us > walk->from_us ? search->from_us : walk->from_us;
    walk->to_us = search->to_us < walk->to_us ? search->to_us : walk->to_us;
    walk->known = calloc(search->query->n_leaves + 1, sizeof *walk->known);
    enum status status = walk->known ? OK : err_nomem(err, "search");
    walk->is_file = stat(search->path, &stat_of) == 0 && S_ISREG(stat_of.st_mode);
    if (status == OK && walk->is_file) {
        status = open_file(walk, err);
    } else if (status == OK) {
        status = open_archive(walk, err);
    }
    if (status != OK) {
        walk_close(walk);
        return status;
    }
    *out_walk = walk;
    return OK;
}

void walk_day_close(struct walk_day *day)
{
    struct segment *segment = day->plan ? plan_segment(day->plan) : NULL;
    plan_close(day->plan);
    segment_close(segment);
    free(day->waiting);
    *day = (struct walk_day){0};
}

void walk_close(struct walk *walk)
{
    if (walk) {
        walk_day_close(&walk->day);
        waiting_close(walk->waiting);
        archive_close(walk->archive);
        free(walk->days);
        free(walk->known);
        free(walk);
    }
}

const struct search *walk_search(const struct walk *walk)
{
    return &walk->search;
}

const int64_t *walk_days(const struct walk *walk, size_t *out_count)
{
    *out_count = walk->n_days;
    return walk->days;
}

int64_t walk_from_us(const struct walk *walk)
{
    return walk->from_us;
}

int64_t walk_to_us(const struct walk *walk)
{
    return walk->to_us;
}

struct archive *walk_archive(const struct walk *walk)
{
    return walk->archive;
}

struct plan *walk_plan(const struct walk *walk)
{
    return walk->day.plan;
}

/* A day may have no file: only the inbox has events of it, or retention has just taken it. */
static enum status open_segment(const struct walk *walk, int64_t day_us,
                                struct segment **out_segment, struct err *err)
{
    char path[FILE_PATH_BYTES];
    struct err inner;
    *out_segment = NULL;
    if (walk->is_file) {
        return segment_open(walk->search.path, out_segment, err);
    }
    enum status status = archive_segment_path(walk->search.path, day_us, path, err);
    if (status != OK || !file_exists(path)) {
        return status;
    }
    status = segment_open(path, out_segment, &inner);
    if (status == ERR_NOT_FOUND) {
        return OK;
    }
    if (status != OK && err) {
        *err = inner;
    }
    return status;
}

enum status walk_day_plan(const struct walk *walk, int64_t day_us, struct plan **out_plan,
                          struct err *err)
{
    struct segment *segment = NULL;
    struct plan *plan = NULL;
    enum status status = open_segment(walk, day_us, &segment, err);
    if (status == OK && segment) {
        status = plan_open(walk->search.query, segment, &plan, err);
    }
    if (status != OK) {
        segment_close(segment);
        return status;
    }
    *out_plan = plan;
    return OK;
}

enum status walk_day_waiting(const struct walk *walk, int64_t day_us, struct plan *plan,
                             const struct waiting_event ***out_events, size_t *out_count,
                             struct err *err)
{
    if (!walk->waiting) {
        *out_events = NULL;
        *out_count = 0;
        return OK;
    }
    return waiting_of_day(walk->waiting, day_us, plan ? plan_segment(plan) : NULL, out_events,
                          out_count, err);
}

void walk_note(struct walk *walk, struct plan *plan)
{
    for (size_t i = 0; plan && i < walk->search.query->n_leaves; i++) {
        walk->known[i] = walk->known[i] || plan_knows_field(plan, i);
        walk->looked = true;
    }
}

void walk_hold(struct walk *walk, const struct walk_day *day)
{
    walk_day_close(&walk->day);
    walk->day = *day;
}

enum status walk_next(struct walk *walk, struct walk_day *out_day, bool *out_end, struct err *err)
{
    walk_day_close(&walk->day);
    *out_end = walk->at == walk->n_days;
    if (*out_end) {
        return OK;
    }
    struct walk_day *day = &walk->day;
    day->day_us = walk->days[walk->at++];
    enum status status = walk_day_plan(walk, day->day_us, &day->plan, err);
    if (status == OK) {
        walk_note(walk, day->plan);
        status =
            walk_day_waiting(walk, day->day_us, day->plan, &day->waiting, &day->n_waiting, err);
    }
    if (status == OK) {
        *out_day = *day;
    }
    return status;
}

const struct predicate *walk_unknown_field(const struct walk *walk, size_t from_leaf)
{
    const struct query *query = walk->search.query;
    for (size_t i = from_leaf; walk->looked && i < query->n_leaves; i++) {
        enum predicate_kind kind = query->leaves[i]->kind;
        bool asks = query->leaves[i]->field.size > 0 && kind != PREDICATE_TIME &&
                    kind != PREDICATE_UID && kind != PREDICATE_SEVERITY;
        if (asks && !walk->known[i]) {
            return query->leaves[i];
        }
    }
    return NULL;
}

enum status walk_field_names(const struct walk *walk, void (*each)(void *context, const char *name),
                             void *context, struct err *err)
{
    enum status status = OK;
    for (size_t i = 0; status == OK && i < walk->n_days && i < NAME_DAYS; i++) {
        struct segment *segment = NULL;
        status = open_segment(walk, walk->days[i], &segment, err);
        for (size_t field = 0; status == OK && segment && field < segment_field_count(segment);
             field++) {
            each(context, segment_field_name(segment, field));
        }
        segment_close(segment);
    }
    return status;
}
