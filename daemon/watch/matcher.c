/* A round, on the thread of matching: the new blocks of each day against all lists, newest days
 * first, then one day of old events for the first list that is behind. Each is a step
 * (match_step.c), durable in watch.db as a whole. What is remembered here can be read again from
 * there. */
#include "daemon/watch/matcher.h"

#include <stdlib.h>

#include "daemon/watch/match_step.h"
#include "daemon/watch/new_blocks.h"
#include "daemon/watch/watch_indicators.h"
#include "schema/base/vec.h"

/* Lists are read again after this: indicators go out of date. */
#define LISTS_FRESH_US (3600 * CLOCK_SECOND_US)

struct matcher {
    struct matcher_options options;
    struct watch_db *db; /* NULL: nothing was watched so far */
    struct watch_indicators sets;
    int64_t read_us;            /* when the lists were read, monotonic; 0: not yet */
    VEC(struct watch_day) days; /* how far each day is matched, ascending */
    struct new_blocks scan;
    struct match_step step;
};

enum status matcher_new(const struct matcher_options *options, struct matcher **out_matcher,
                        struct err *err)
{
    struct matcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher) {
        return err_nomem(err, "watch");
    }
    matcher->options = *options;
    enum status status = match_step_init(&matcher->step, &matcher->options, err);
    if (status != OK) {
        matcher_free(matcher);
        return status;
    }
    *out_matcher = matcher;
    return OK;
}

static void forget(struct matcher *matcher)
{
    watch_indicators_fini(&matcher->sets);
    vec_fini(&matcher->days);
    matcher->read_us = 0;
}

void matcher_free(struct matcher *matcher)
{
    if (matcher) {
        forget(matcher);
        new_blocks_fini(&matcher->scan);
        match_step_fini(&matcher->step);
        watch_close(matcher->db);
        free(matcher);
    }
}

bool matcher_has_news(struct matcher *matcher)
{
    int64_t generation = 0;
    if (!matcher->db) {
        return watch_exists(matcher->options.dir);
    }
    return watch_generation(matcher->db, &generation, NULL) != OK ||
           generation != matcher->sets.generation;
}

/* Opens and reads the lists, when that is not done or they have changed. */
static enum status get_ready(struct matcher *matcher, struct err *err)
{
    enum status status = OK;
    if (!matcher->db) {
        status = watch_open(matcher->options.dir, WATCH_CREATE, &matcher->db, err);
    }
    int64_t generation = 0;
    status = THEN(status, watch_generation(matcher->db, &generation, err));
    int64_t now_us = clock_monotonic_us();
    if (status != OK || (matcher->read_us != 0 && generation == matcher->sets.generation &&
                         now_us - matcher->read_us < LISTS_FRESH_US)) {
        return status;
    }
    forget(matcher);
    status = watch_indicators_read(matcher->db, clock_now_us(), &matcher->sets, err);
    struct watch_day *days = NULL;
    size_t n_days = 0;
    status = THEN(status, watch_days(matcher->db, &days, &n_days, err));
    if (status == OK) {
        vec_adopt(&matcher->days, days, n_days);
        matcher->read_us = now_us;
    }
    return status;
}

static int by_day(const void *left, const void *right)
{
    const struct watch_day *a = left;
    const struct watch_day *b = right;
    return (a->day_us > b->day_us) - (a->day_us < b->day_us);
}

static struct watch_day *find_day(const struct matcher *matcher, int64_t day_us)
{
    const struct watch_day key = {.day_us = day_us};
    size_t count = matcher->days.count;
    return count > 0 ? bsearch(&key, matcher->days.items, count, sizeof key, by_day) : NULL;
}

/* The last block of the day that is matched. One that is not there any more: the file is another
 * one, and all of it is new. */
static int64_t matched_block(const struct matcher *matcher, const struct watch_day *day)
{
    const struct watch_day *known = find_day(matcher, day->day_us);
    return known && known->block <= day->block ? known->block : 0;
}

static enum status note_day(struct matcher *matcher, const struct watch_day *day, struct err *err)
{
    struct watch_day *known = find_day(matcher, day->day_us);
    if (known) {
        *known = *day;
        return OK;
    }
    if (!vec_push(&matcher->days, *day)) {
        return err_nomem(err, "watch");
    }
    vec_sort(&matcher->days, by_day);
    return OK;
}

static bool is_stopping(const struct matcher *matcher)
{
    return matcher->options.stop && atomic_load(matcher->options.stop);
}

static void show_left(const struct matcher *matcher)
{
    int64_t left = 0;
    for (size_t i = 0; matcher->sets.lists.count > 0 && i < matcher->scan.count; i++) {
        const struct watch_day *day = &matcher->scan.days[i].there;
        left += day->block - matched_block(matcher, day);
    }
    if (matcher->options.on_left) {
        matcher->options.on_left(left);
    }
}

/* One day that fails must not hold back the others: the first failure is reported. What watch.db
 * cannot hold ends the round. */
static enum status judge(enum status status, const struct err *why, struct matcher_report *report,
                         struct err *err)
{
    if (status == OK || status == ERR_NOT_FOUND) {
        return OK;
    }
    if (status == ERR_FULL || status == ERR_NOMEM || status == ERR_BUSY || status == ERR_STOPPED) {
        (void)err_copy(err, why);
        return status;
    }
    if (report->bad.status == OK) {
        report->bad = *why;
    }
    return OK;
}

/* New blocks, newest days first. */
static enum status round_new(struct matcher *matcher, struct matcher_report *report,
                             struct err *err)
{
    enum status status = OK;
    show_left(matcher);
    for (size_t i = matcher->scan.count; status == OK && !matcher->step.stale && i-- > 0;) {
        const struct watch_day *day = &matcher->scan.days[i].there;
        int64_t after = matched_block(matcher, day);
        if (day->block <= after || is_stopping(matcher)) {
            continue;
        }
        struct err why;
        status = match_step_new(&matcher->step, day, after, &why);
        if (status == OK && !matcher->step.stale) {
            report->steps++;
            status = note_day(matcher, day, &why);
        }
        status = judge(status, &why, report, err);
    }
    return status;
}

/* The newest day before those that are done; then, a moment later, that there is none. */
static enum status match_backlog(struct matcher *matcher, size_t at, struct matcher_report *report,
                                 struct err *err)
{
    const struct watch_indicators_list *list = &matcher->sets.lists.items[at];
    const struct watch_day *day = NULL;
    for (size_t i = matcher->scan.count; !day && i-- > 0;) {
        const struct watch_day *there = &matcher->scan.days[i].there;
        day = there->day_us < list->caught_us ? there : NULL;
    }
    enum status status = match_step_old(&matcher->step, at, day ? &day->day_us : NULL, err);
    report->steps += status == OK && !matcher->step.stale;
    return status;
}

/* One step for the first list that is behind. One that fails is tried again in another round, and
 * does not hold up the lists after it. */
static enum status round_old(struct matcher *matcher, struct matcher_report *report,
                             struct err *err)
{
    for (size_t i = 0; i < matcher->sets.lists.count && !is_stopping(matcher); i++) {
        if (!matcher->sets.lists.items[i].is_behind) {
            continue;
        }
        struct err why;
        enum status status = match_backlog(matcher, i, report, &why);
        if (status == OK) {
            report->again = true;
            return OK;
        }
        status = judge(status, &why, report, err);
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

enum status matcher_round(struct matcher *matcher, struct matcher_report *out_report,
                          struct err *err)
{
    struct matcher_report report = {0};
    *out_report = report;
    if (!matcher->db && !watch_exists(matcher->options.dir)) {
        return OK;
    }
    enum status status = get_ready(matcher, err);
    struct match_step *step = &matcher->step;
    step->db = matcher->db;
    step->sets = &matcher->sets;
    step->hits = 0;
    step->stale = false;
    status = THEN(status, new_blocks_poll(&matcher->scan, matcher->options.dir, &report.bad, err));
    if (status == OK && matcher->sets.lists.count > 0) {
        status = round_new(matcher, &report, err);
    }
    if (status == OK && !step->stale) {
        status = round_old(matcher, &report, err);
    }
    report.hits = step->hits;
    report.indicators = matcher->sets.indicators;
    show_left(matcher);
    for (size_t i = 0; i < matcher->sets.lists.count; i++) {
        report.behind += matcher->sets.lists.items[i].is_behind;
    }
    report.again = status == OK && !is_stopping(matcher) && (step->stale || report.again);
    *out_report = report;
    if (status != OK && status != ERR_STOPPED) { /* start over: the handle may be broken */
        forget(matcher);
        watch_close(matcher->db);
        matcher->db = NULL;
    }
    return status;
}

enum status matcher_days_now(const char *dir, struct watch_day **out_days, size_t *out_count,
                             struct err *err)
{
    struct new_blocks scan = {0};
    struct err bad;
    enum status status = new_blocks_poll(&scan, dir, &bad, err);
    struct watch_day *days = status == OK ? calloc(scan.count + 1, sizeof *days) : NULL;
    if (status == OK && !days) {
        status = err_nomem(err, "watch");
    }
    if (status != OK) {
        new_blocks_fini(&scan);
        return status;
    }
    for (size_t i = 0; i < scan.count; i++) {
        days[i] = scan.days[i].there;
    }
    *out_days = days;
    *out_count = scan.count;
    new_blocks_fini(&scan);
    return OK;
}
