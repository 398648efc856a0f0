/* The hunt's threads find hits and hand them over one at a time; they are held in memory, and go
 * into watch.db in one transaction with the mark of how far the step went. Only a rush of hits is
 * written before that, without the mark: the step is done again after a crash, and a hit that is
 * there already is not written twice. */
#include "daemon/watch/match_step.h"

#include <stdlib.h>

#include "query/hunt/hunt_run.h"
#include "query/language/parse.h"
#include "schema/file/file.h"
#include "schema/segment/segment_map.h"

/* Hits go to watch.db when they are so many. */
enum { HELD_BYTES_MAX = 4 * 1024 * 1024 };

/* A hit that waits for the step's end. */
struct held_hit {
    const struct indicator *indicator; /* of the set */
    struct span field;
    struct span value;
    bool decoded;
    struct event event; /* without fields */
    struct held_hit *next;
};

/* A step under way. */
struct step_run {
    struct match_step *step;
    size_t only_list; /* the list of all indicators; SIZE_MAX: they say which */
    int64_t after;
    struct arena arena;
    size_t held_bytes;
    struct held_hit *first;
    struct held_hit **last;
    enum status status; /* of what was done inside of the hunt */
    struct err err;
};

enum status match_step_init(struct match_step *step, const struct matcher_options *options,
                            struct err *err)
{
    step->options = options;
    return parse_query(span_str("*"), clock_now_us(), &step->query, NULL, err);
}

void match_step_fini(struct match_step *step)
{
    parse_query_free(step->query);
    indicator_set_free(step->pending);
    *step = (struct match_step){0};
}

static bool is_stopping(const struct step_run *stepping)
{
    return stepping->step->options->stop && atomic_load(stepping->step->options->stop);
}

/* Asked for each block: what is to end passes over the rest. */
static int64_t after_block(void *context, int64_t day_us)
{
    struct step_run *stepping = context;
    (void)day_us;
    return is_stopping(stepping) ? INT64_MAX : stepping->after;
}

static enum status add_held(struct step_run *stepping, const struct held_hit *held, int64_t now_us,
                            struct err *err)
{
    const struct indicator *indicator = held->indicator;
    size_t list = stepping->only_list == SIZE_MAX ? indicator->list : stepping->only_list;
    CHECK(list < stepping->step->sets->lists.count);
    const struct watch_match found = {
        .list = stepping->step->sets->lists.items[list].id,
        .kind = span_str(indicator_kind_name(indicator)),
        .bits = indicator->is_range ? indicator->bits
                : indicator->exact  ? -2
                                    : -1,
        .normal = indicator->normal,
        .text = indicator->text,
        .field = held->field,
        .value = held->value,
        .decoded = held->decoded,
        .event = &held->event,
    };
    bool is_new = false;
    enum status status = watch_hit_add(stepping->step->db, &found, stepping->step->options->targets,
                                       now_us, &is_new, err);
    stepping->step->hits += status == OK && is_new;
    return status;
}

/* All that is held, inside of a transaction. */
static enum status add_all(struct step_run *stepping, struct err *err)
{
    enum status status = OK;
    int64_t now_us = clock_now_us();
    for (const struct held_hit *held = stepping->first; status == OK && held; held = held->next) {
        status = add_held(stepping, held, now_us, err);
    }
    arena_reset(&stepping->arena);
    stepping->held_bytes = 0;
    stepping->first = NULL;
    stepping->last = &stepping->first;
    return status;
}

/* What a step notes at its end, beside its hits. */
struct step_mark {
    const struct watch_day *day; /* or, NULL, of a list: */
    int64_t list;
    int64_t caught_us;
    bool all;
};

static enum status note_reached(struct step_run *stepping, const struct step_mark *reached,
                                struct err *err)
{
    return reached->day ? watch_step_day(stepping->step->db, reached->day, err)
                        : watch_step_caught(stepping->step->db, reached->list, reached->caught_us,
                                            reached->all, err);
}

/* Writes what is held, and at the step's end how far it went. Before that (reached NULL) it takes
 * the memory that a rush of hits needs back to the bound. */
static enum status write_held(struct step_run *stepping, const struct step_mark *reached,
                              struct err *err)
{
    bool begun = false;
    int64_t hits = stepping->step->hits;
    enum status status =
        watch_step_begin(stepping->step->db, stepping->step->sets->generation, &begun, err);
    if (status != OK || !begun) {
        stepping->step->stale = status == OK;
        return status;
    }
    status = add_all(stepping, err);
    if (status == OK && reached) {
        status = note_reached(stepping, reached, err);
    }
    status = THEN(status, watch_step_commit(stepping->step->db, err));
    if (status != OK) {
        stepping->step->hits = hits;
        watch_step_rollback(stepping->step->db);
    }
    return status;
}

static bool keep(struct arena *arena, struct span from, struct span *out)
{
    *out = arena_keep(arena, from);
    return out->data != NULL;
}

/* Called by the hunt's threads, one at a time. */
static void keep_hit(void *context, const struct hunt_event *hit)
{
    struct step_run *stepping = context;
    if (stepping->status != OK || stepping->step->stale) {
        return;
    }
    struct arena *arena = &stepping->arena;
    struct held_hit *held = arena_alloc(arena, sizeof *held);
    const struct event *event = hit->event;
    if (!held) {
        stepping->status = err_nomem(&stepping->err, "watch");
        return;
    }
    *held = (struct held_hit){.indicator = hit->indicator, .decoded = hit->decoded};
    held->event.time_us = event->time_us;
    if (!keep(arena, hit->field, &held->field) || !keep(arena, hit->value, &held->value) ||
        !keep(arena, event->raw, &held->event.raw) || !keep(arena, event->uid, &held->event.uid) ||
        !keep(arena, event->type, &held->event.type) ||
        !keep(arena, event->code, &held->event.code)) {
        stepping->status = err_nomem(&stepping->err, "watch");
        return;
    }
    *stepping->last = held;
    stepping->last = &held->next;
    stepping->held_bytes += event->raw.size + hit->value.size + sizeof *held;
    if (stepping->held_bytes > HELD_BYTES_MAX) {
        stepping->status = write_held(stepping, NULL, &stepping->err);
    }
}

/* The events of a day, in its file; those of other days may be there, too. */
static enum status match_day(struct step_run *stepping, int64_t day_us,
                             const struct indicator_set *set, struct err *err)
{
    char path[FILE_PATH_BYTES];
    const struct day_iterator_options search = {.path = path,
                                                .query = stepping->step->query,
                                                .from_us = day_us,
                                                .to_us = day_us + CLOCK_DAY_US,
                                                .threads = stepping->step->options->threads};
    const struct hunt_options how = {
        .each = keep_hit, .after_block = after_block, .context = stepping};
    struct day_iterator *iterator = NULL;
    struct hunt_result result = {0};
    enum status status = segment_path_of_day(stepping->step->options->dir, day_us, path, err);
    status = THEN(status, day_iterator_open(&search, &iterator, err));
    status = THEN(status, hunt_run(iterator, set, &how, &result, err));
    day_iterator_close(iterator);
    hunt_fini(&result);
    if (status == OK && stepping->status != OK) {
        (void)err_copy(err, &stepping->err);
        status = stepping->status;
    }
    if (status == OK && is_stopping(stepping)) {
        status = err_set(err, ERR_STOPPED, "watch: stopping");
    }
    return status;
}

static void begin(struct step_run *stepping, struct match_step *step)
{
    *stepping = (struct step_run){.step = step, .only_list = SIZE_MAX};
    stepping->last = &stepping->first;
}

enum status match_step_new(struct match_step *step, const struct watch_day *reached, int64_t after,
                           struct err *err)
{
    struct step_run stepping;
    begin(&stepping, step);
    stepping.after = after;
    enum status status = OK;
    for (size_t i = 0; status == OK && !step->stale && i < step->sets->sets.count; i++) {
        status = match_day(&stepping, reached->day_us, step->sets->sets.items[i], err);
    }
    if (status == OK && !step->stale) {
        const struct step_mark end = {.day = reached};
        status = write_held(&stepping, &end, err);
    }
    arena_fini(&stepping.arena);
    return status;
}

/* What of the list is new, kept from day to day. */
static enum status get_pending(struct match_step *step, int64_t list, struct err *err)
{
    if (step->pending && step->pending_list == list &&
        step->pending_generation == step->sets->generation) {
        return OK;
    }
    indicator_set_free(step->pending);
    step->pending = NULL;
    enum status status =
        watch_indicators_pending(step->db, list, clock_now_us(), &step->pending, err);
    step->pending_list = list;
    step->pending_generation = step->sets->generation;
    return status;
}

enum status match_step_old(struct match_step *step, size_t list, const int64_t *day_us,
                           struct err *err)
{
    struct watch_indicators_list *one = &step->sets->lists.items[list];
    struct step_mark end = {.list = one->id, .caught_us = day_us ? *day_us : 0};
    struct step_run stepping;
    begin(&stepping, step);
    stepping.only_list = list;
    enum status status = get_pending(step, one->id, err);
    end.all = !day_us || (status == OK && indicator_set_count(step->pending) == 0);
    if (status == OK && !end.all) {
        status = match_day(&stepping, *day_us, step->pending, err);
    }
    if (status == ERR_NOT_FOUND) { /* the list, or the day's file, has gone meanwhile */
        status = OK;
    }
    if (status == OK && !step->stale) {
        status = write_held(&stepping, &end, err);
    }
    if (status == OK && !step->stale) {
        one->is_behind = !end.all;
        one->caught_us = end.caught_us;
    }
    if (end.all || step->stale) {
        indicator_set_free(step->pending);
        step->pending = NULL;
    }
    arena_fini(&stepping.arena);
    return status;
}
