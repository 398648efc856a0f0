/* One event of a hunt: its observables, and what they are indicators of. */
#include "query/hunt/hunt_internal.h"

enum status hunt_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "hunt: out of memory");
}

static void take_indicator(void *context, size_t number)
{
    struct hunter *hunter = context;
    const struct observable *observable = hunter->observable;
    bool first = false;
    struct hunt_hit *hit =
        hunt_tally_of(&hunter->tally, number, hunter->serial, observable->decoded, &first);
    if (!hit) {
        hunter->failed = true;
        return;
    }
    struct arena *arena = &hunter->tally.arena;
    bool ok = hunt_names_add(&hit->fields, observable->field, arena);
    if (first) {
        int64_t time_us = hunter->event->time_us;
        hit->first_us = time_us < hit->first_us ? time_us : hit->first_us;
        hit->last_us = time_us > hit->last_us ? time_us : hit->last_us;
        ok = hunt_names_add(&hit->actors, hunter->summary.actor, arena) &&
             hunt_names_add(&hit->targets, hunter->summary.target, arena) && ok;
    }
    hunter->failed |= !ok;
    if (first && hunter->hunt->options->each) {
        struct hunt_event event = {.indicator = indicator_set_get(hunter->hunt->set, number),
                                   .field = observable->field,
                                   .value = observable->value,
                                   .decoded = observable->decoded,
                                   .event = hunter->event};
        lock_take(&hunter->hunt->lock);
        hunter->hunt->options->each(hunter->hunt->options->context, &event);
        lock_drop(&hunter->hunt->lock);
    }
}

static void take_observable(void *context, const struct observable *observable)
{
    struct hunter *hunter = context;
    hunter->observable = observable;
    indicator_set_match(hunter->hunt->set, observable->kind, observable->normal, take_indicator,
                        hunter);
}

enum status hunt_look(struct hunter *hunter, const struct event *event, struct err *err)
{
    hunter->serial++;
    hunter->event = event;
    hunter->summary = summary_of(event);
    bool ok = observe_event(&hunter->observer, event, take_observable, hunter);
    return ok && !hunter->failed ? OK : hunt_nomem(err);
}
