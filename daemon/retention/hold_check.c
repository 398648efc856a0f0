#include "daemon/retention/hold_check.h"

#include "query/language/parse.h"
#include "query/search/search_run.h"
#include "schema/event/event.h"

static bool touches(const struct legal_hold *hold, int64_t day_us)
{
    return hold->from_us < day_us + CLOCK_DAY_US && hold->to_us > day_us;
}

int64_t hold_check_day(int64_t day_us, const struct hold_check_list *holds, bool is_range)
{
    for (size_t i = 0; i < holds->count; i++) {
        const struct legal_hold *hold = &holds->items[i];
        if ((hold->kind == LEGAL_HOLD_RANGE) == is_range && touches(hold, day_us)) {
            return hold->id;
        }
    }
    return 0;
}

static bool one_is_enough(void *context, const struct search_hit *hit)
{
    (void)context;
    (void)hit;
    return false;
}

/* A day and its file, which may have others. */
struct held_day {
    const char *path;
    int64_t day_us;
};

/* Has the day an event in which the field has the value? */
static enum status has_event(const struct held_day *day, const char *field,
                             const struct legal_hold *hold, bool *out_has, struct err *err)
{
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    int64_t day_end = day->day_us + CLOCK_DAY_US;
    enum status status =
        parse_query_of_value(span_str(field), span_str(hold->subject), &query, err);
    struct search_run_options run = {
        .search = {.path = day->path,
                   .query = query,
                   .from_us = hold->from_us > day->day_us ? hold->from_us : day->day_us,
                   .to_us = hold->to_us < day_end ? hold->to_us : day_end,
                   .threads = 1},
        .limit = 1,
        .each = one_is_enough,
    };
    status = THEN(status, day_iterator_open(&run.search, &iterator, err));
    status = THEN(status, search_run_query(iterator, &run, &hits, err));
    day_iterator_close(iterator);
    parse_query_free(query);
    *out_has = hits > 0;
    return status;
}

static enum status is_held(const struct held_day *day, const struct legal_hold *hold,
                           bool *out_held, struct err *err)
{
    if (hold->kind == LEGAL_HOLD_SESSION) {
        return has_event(day, "sid", hold, out_held, err);
    }
    /* each of them: who acts is the first one that an event has, a hold means all */
    enum status status = OK;
    *out_held = false;
    for (size_t i = 0; status == OK && !*out_held && event_actor_fields[i]; i++) {
        status = has_event(day, event_actor_fields[i], hold, out_held, err);
    }
    return status;
}

enum status hold_check_subject(const char *path, int64_t day_us,
                               const struct hold_check_list *holds, int64_t *out_hold,
                               struct err *err)
{
    const struct held_day day = {path, day_us};
    enum status status = OK;
    for (size_t i = 0; status == OK && *out_hold == 0 && i < holds->count; i++) {
        bool held = false;
        if (holds->items[i].kind != LEGAL_HOLD_RANGE && touches(&holds->items[i], day_us)) {
            status = is_held(&day, &holds->items[i], &held, err);
        }
        *out_hold = held ? holds->items[i].id : *out_hold;
    }
    return status;
}
