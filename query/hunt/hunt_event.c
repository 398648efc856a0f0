/* One event of a hunt: its observables, and what they are indicators of. All of it is decided from
 * this event alone: first every observable is looked up, then the patterns whose parts were all
 * there join what was match, then each indicator is counted once. */
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

static uint32_t warninglist_of(struct hunt_pass *pass, size_t indicator)
{
    const struct warninglist_set *warninglists = pass->hunt->options->warninglists;
    uint32_t warninglist = warninglist_of_indicator(warninglists, indicator);
    if (warninglist == 0 && pass->warninglist == UINT32_MAX) {
        pass->warninglist = warninglist_of_observable(warninglists, pass->observable->kind,
                                                      pass->observable->normal);
    }
    return warninglist ? warninglist : pass->warninglist;
}

static void match_indicator(void *context, size_t number)
{
    struct hunt_pass *pass = context;
    const struct observable *observable = pass->observable;
    bool is_new = false;
    struct hunt_indicator_match *match = hunt_matches_of(&pass->matches, number, &is_new);
    if (!match) {
        pass->failed = true;
        return;
    }
    uint32_t warninglist = warninglist_of(pass, number);
    if (is_new || (match->warninglist && !warninglist)) { /* what is on none is what counts */
        *match = (struct hunt_indicator_match){.indicator = number,
                                               .warninglist = warninglist,
                                               .decoded = true,
                                               .field = observable->field,
                                               .value = observable->value};
    } else if (warninglist && !match->warninglist) {
        return;
    }
    match->decoded &= observable->decoded;
    add_field(&match->fields, observable->field);
}

static void match_observable_seen(void *context, const struct observable *observable)
{
    struct hunt_pass *pass = context;
    pass->observable = observable;
    pass->warninglist = UINT32_MAX;
    indicator_set_match(pass->hunt->set, observable->kind, observable->normal, match_indicator,
                        pass);
}

static bool has_parts(const struct hunt_pass *pass, const struct composite_indicators *composites,
                      const struct composite_indicator *composite)
{
    for (size_t i = 0; i < composite->count; i++) {
        if (!hunt_matches_get(&pass->matches, composites->parts.items[composite->first + i])) {
            return false;
        }
    }
    return true;
}

/* The warninglist of a pattern's first part; 0 when one of them is on none. */
static uint32_t warninglist_of_parts(const struct hunt_pass *pass, const uint32_t *parts,
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

/* The pattern is match where its parts are. */
static bool match_composite(struct hunt_pass *pass, const struct composite_indicators *composites,
                            uint32_t number)
{
    const struct composite_indicator *composite = &composites->items.items[number];
    const uint32_t *parts = composites->parts.items + composite->first;
    uint32_t warninglist = warninglist_of_parts(pass, parts, composite->count);
    bool is_new = false;
    struct hunt_indicator_match *match =
        hunt_matches_of(&pass->matches, composite->pattern, &is_new);
    if (!match || !(is_new || (match->warninglist && !warninglist))) {
        return match != NULL;
    }
    const struct hunt_indicator_match *first = hunt_matches_get(&pass->matches, parts[0]);
    *match = (struct hunt_indicator_match){.indicator = composite->pattern,
                                           .composite = number + 1,
                                           .warninglist = warninglist,
                                           .field = first->field,
                                           .value = first->value};
    for (size_t i = 0; i < composite->count; i++) {
        const struct hunt_indicator_match *part = hunt_matches_get(&pass->matches, parts[i]);
        match->decoded |= part->decoded;
        for (size_t f = 0; f < part->fields.count; f++) {
            add_field(&match->fields, part->fields.items[f]);
        }
    }
    return true;
}

static bool match_composites(struct hunt_pass *pass)
{
    const struct composite_indicators *composites = indicator_set_composites(pass->hunt->set);
    size_t count = composites->items.count > 0 ? pass->matches.items.count : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = composite_indicators_on(composites, pass->matches.items.items[i].indicator);
        for (; at > 0; at = composites->items.items[at - 1].next) {
            if (has_parts(pass, composites, &composites->items.items[at - 1]) &&
                !match_composite(pass, composites, at - 1)) {
                return false;
            }
        }
    }
    return true;
}

static bool count_match(struct hunt_pass *pass, const struct hunt_indicator_match *match,
                        const struct event *event, const struct event_summary *summary)
{
    struct arena *arena = &pass->hits.arena;
    struct hunt_hit *hit = hunt_hits_of(&pass->hits, match->indicator, match->warninglist);
    if (!hit) {
        return false;
    }
    hit->events++;
    hit->decoded += match->decoded;
    hit->first_us = event->time_us < hit->first_us ? event->time_us : hit->first_us;
    hit->last_us = event->time_us > hit->last_us ? event->time_us : hit->last_us;
    hit->fields.more |= match->fields.more;
    bool ok = hunt_names_add(&hit->actors, summary->actor, arena) &&
              hunt_names_add(&hit->targets, summary->target, arena);
    for (size_t i = 0; ok && i < match->fields.count; i++) {
        ok = hunt_names_add(&hit->fields, match->fields.items[i], arena);
    }
    return ok;
}

static void report_match(struct hunt_pass *pass, const struct hunt_indicator_match *match,
                         const struct event *event)
{
    const struct indicator_set *set = pass->hunt->set;
    struct hunt_match parts[COMPOSITE_INDICATOR_PARTS_MAX];
    struct hunt_event hit_event = {.indicator = indicator_set_get(set, match->indicator),
                                   .field = match->field,
                                   .value = match->value,
                                   .decoded = match->decoded,
                                   .warninglist = match->warninglist,
                                   .parts = parts,
                                   .event = event};
    const struct composite_indicators *composites = indicator_set_composites(set);
    const struct composite_indicator *composite =
        match->composite ? &composites->items.items[match->composite - 1] : NULL;
    for (size_t i = 0; composite && i < composite->count; i++) {
        uint32_t number = composites->parts.items[composite->first + i];
        const struct hunt_indicator_match *part = hunt_matches_get(&pass->matches, number);
        parts[hit_event.n_parts++] =
            (struct hunt_match){.indicator = indicator_set_get(set, number),
                                .field = part->field,
                                .value = part->value};
    }
    lock_take(&pass->hunt->lock);
    pass->hunt->options->each(pass->hunt->options->context, &hit_event);
    lock_drop(&pass->hunt->lock);
}

/* One whose validity ended counts in events of before that. */
static bool counts(const struct indicator *indicator, const struct event *event)
{
    return !indicator->is_part &&
           (!indicator->note || event->time_us <= indicator->note->valid_until_us);
}

enum status hunt_event_match(struct hunt_pass *pass, const struct event *event, struct err *err)
{
    hunt_matches_clear(&pass->matches);
    bool ok = observable_scan_event(&pass->scanner, event, match_observable_seen, pass) &&
              !pass->failed && match_composites(pass);
    struct event_summary summary = {0};
    if (ok && pass->matches.items.count > 0) {
        summary = event_summary_of(event);
    }
    for (size_t i = 0; ok && i < pass->matches.items.count; i++) {
        const struct hunt_indicator_match *match = &pass->matches.items.items[i];
        if (!counts(indicator_set_get(pass->hunt->set, match->indicator), event)) {
            continue;
        }
        ok = count_match(pass, match, event, &summary);
        if (ok && pass->hunt->options->each) {
            report_match(pass, match, event);
        }
    }
    return ok ? OK : err_nomem(err, "hunt");
}
