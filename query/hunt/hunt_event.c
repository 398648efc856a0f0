/* One event of a hunt: its observables, and what they are indicators of. All of it is decided from
 * this event alone: first every observable is looked up, then the patterns whose parts were all
 * there join what was found, then each indicator is counted once. */
#include "query/hunt/hunt_internal.h"

/* Names of this event: they live as long as it. */
static void add_field(struct hunt_names *fields, struct span field)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (span_equal(fields->items[i], field)) {
            return;
        }
    }
    if (fields->count == HUNT_NAMES_MAX) {
        fields->more = true;
    } else {
        fields->items[fields->count++] = field;
    }
}

static uint32_t suppressor_of(struct hunt_pass *pass, size_t indicator)
{
    const struct warninglist_set *warninglists = pass->hunt->options->warninglists;
    uint32_t warninglist = warninglist_of_indicator(warninglists, indicator);
    if (warninglist == 0 && pass->observed_by == UINT32_MAX) {
        pass->observed_by = warninglist_of_observable(warninglists, pass->observable->kind,
                                                      pass->observable->normal);
    }
    return warninglist ? warninglist : pass->observed_by;
}

static void take_indicator(void *context, size_t number)
{
    struct hunt_pass *pass = context;
    const struct observable *observable = pass->observable;
    bool is_new = false;
    struct hunt_indicator_match *found = hunt_matches_of(&pass->matches, number, &is_new);
    if (!found) {
        pass->failed = true;
        return;
    }
    uint32_t warninglist = suppressor_of(pass, number);
    if (is_new || (found->warninglist && !warninglist)) { /* what is on none is what counts */
        *found = (struct hunt_indicator_match){.indicator = number,
                                               .warninglist = warninglist,
                                               .decoded = true,
                                               .field = observable->field,
                                               .value = observable->value};
    } else if (warninglist && !found->warninglist) {
        return;
    }
    found->decoded &= observable->decoded;
    add_field(&found->fields, observable->field);
}

static void take_observable(void *context, const struct observable *observable)
{
    struct hunt_pass *pass = context;
    pass->observable = observable;
    pass->observed_by = UINT32_MAX;
    indicator_set_match(pass->hunt->set, observable->kind, observable->normal, take_indicator,
                        pass);
}

static bool holds(const struct hunt_pass *pass, const struct composite_indicators *composites,
                  const struct composite_indicator *composite)
{
    for (size_t i = 0; i < composite->count; i++) {
        if (!hunt_matches_get(&pass->matches, composites->parts[composite->first + i])) {
            return false;
        }
    }
    return true;
}

/* The suppressor of a pattern's first part; 0 when one of them is on none. */
static uint32_t suppressor_of_parts(const struct hunt_pass *pass, const uint32_t *parts,
                                    size_t count)
{
    uint32_t warninglist = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t of_part = hunt_matches_get(&pass->matches, parts[i])->warninglist;
        if (of_part == 0) {
            return 0;
        }
        warninglist = warninglist ? warninglist : of_part;
    }
    return warninglist;
}

/* The pattern is found where its parts are. */
static bool take_pattern(struct hunt_pass *pass, const struct composite_indicators *composites,
                         uint32_t number)
{
    const struct composite_indicator *composite = &composites->items[number];
    const uint32_t *parts = composites->parts + composite->first;
    uint32_t warninglist = suppressor_of_parts(pass, parts, composite->count);
    bool is_new = false;
    struct hunt_indicator_match *found =
        hunt_matches_of(&pass->matches, composite->pattern, &is_new);
    if (!found || !(is_new || (found->warninglist && !warninglist))) {
        return found != NULL;
    }
    const struct hunt_indicator_match *first = hunt_matches_get(&pass->matches, parts[0]);
    *found = (struct hunt_indicator_match){.indicator = composite->pattern,
                                           .composite = number + 1,
                                           .warninglist = warninglist,
                                           .field = first->field,
                                           .value = first->value};
    for (size_t i = 0; i < composite->count; i++) {
        const struct hunt_indicator_match *part = hunt_matches_get(&pass->matches, parts[i]);
        found->decoded |= part->decoded;
        for (size_t f = 0; f < part->fields.count; f++) {
            add_field(&found->fields, part->fields.items[f]);
        }
    }
    return true;
}

static bool take_patterns(struct hunt_pass *pass)
{
    const struct composite_indicators *composites = indicator_set_composites(pass->hunt->set);
    size_t count = composites->count > 0 ? pass->matches.count : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = composite_indicators_on(composites, pass->matches.items[i].indicator);
        for (; at > 0; at = composites->items[at - 1].next) {
            if (holds(pass, composites, &composites->items[at - 1]) &&
                !take_pattern(pass, composites, at - 1)) {
                return false;
            }
        }
    }
    return true;
}

static bool count_found(struct hunt_pass *pass, const struct hunt_indicator_match *found,
                        const struct event *event, const struct event_summary *summary)
{
    struct arena *arena = &pass->tally.arena;
    struct hunt_hit *hit = hunt_hits_of(&pass->tally, found->indicator, found->warninglist);
    if (!hit) {
        return false;
    }
    hit->events++;
    hit->decoded += found->decoded;
    hit->first_us = event->time_us < hit->first_us ? event->time_us : hit->first_us;
    hit->last_us = event->time_us > hit->last_us ? event->time_us : hit->last_us;
    hit->fields.more |= found->fields.more;
    bool ok = hunt_names_add(&hit->actors, summary->actor, arena) &&
              hunt_names_add(&hit->targets, summary->target, arena);
    for (size_t i = 0; ok && i < found->fields.count; i++) {
        ok = hunt_names_add(&hit->fields, found->fields.items[i], arena);
    }
    return ok;
}

static void tell(struct hunt_pass *pass, const struct hunt_indicator_match *found,
                 const struct event *event)
{
    const struct indicator_set *set = pass->hunt->set;
    struct hunt_match parts[COMPOSITE_INDICATOR_PARTS_MAX];
    struct hunt_event told = {.indicator = indicator_set_get(set, found->indicator),
                              .field = found->field,
                              .value = found->value,
                              .decoded = found->decoded,
                              .warninglist = found->warninglist,
                              .parts = parts,
                              .event = event};
    const struct composite_indicators *composites = indicator_set_composites(set);
    const struct composite_indicator *composite =
        found->composite ? &composites->items[found->composite - 1] : NULL;
    for (size_t i = 0; composite && i < composite->count; i++) {
        uint32_t number = composites->parts[composite->first + i];
        const struct hunt_indicator_match *part = hunt_matches_get(&pass->matches, number);
        parts[told.n_parts++] = (struct hunt_match){.indicator = indicator_set_get(set, number),
                                                    .field = part->field,
                                                    .value = part->value};
    }
    lock_take(&pass->hunt->lock);
    pass->hunt->options->each(pass->hunt->options->context, &told);
    lock_drop(&pass->hunt->lock);
}

enum status hunt_event_match(struct hunt_pass *pass, const struct event *event, struct err *err)
{
    hunt_matches_clear(&pass->matches);
    bool ok = observable_scan_event(&pass->observer, event, take_observable, pass) &&
              !pass->failed && take_patterns(pass);
    struct event_summary summary = {0};
    if (ok && pass->matches.count > 0) {
        summary = event_summary_of(event);
    }
    for (size_t i = 0; ok && i < pass->matches.count; i++) {
        const struct hunt_indicator_match *found = &pass->matches.items[i];
        if (indicator_set_get(pass->hunt->set, found->indicator)->is_part) {
            continue;
        }
        ok = count_found(pass, found, event, &summary);
        if (ok && pass->hunt->options->each) {
            tell(pass, found, event);
        }
    }
    return ok ? OK : err_nomem(err, "hunt");
}
