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

static uint32_t suppressor_of(struct hunter *hunter, size_t indicator)
{
    const struct suppress *suppress = hunter->hunt->options->suppress;
    uint32_t suppressor = suppress_of(suppress, indicator);
    if (suppressor == 0 && hunter->observed_by == UINT32_MAX) {
        hunter->observed_by =
            suppress_observed(suppress, hunter->observable->kind, hunter->observable->normal);
    }
    return suppressor ? suppressor : hunter->observed_by;
}

static void take_indicator(void *context, size_t number)
{
    struct hunter *hunter = context;
    const struct observable *observable = hunter->observable;
    bool is_new = false;
    struct hunt_found *found = hunt_finds_of(&hunter->finds, number, &is_new);
    if (!found) {
        hunter->failed = true;
        return;
    }
    uint32_t suppressor = suppressor_of(hunter, number);
    if (is_new || (found->suppressor && !suppressor)) { /* what is on none is what counts */
        *found = (struct hunt_found){.indicator = number,
                                     .suppressor = suppressor,
                                     .decoded = true,
                                     .field = observable->field,
                                     .value = observable->value};
    } else if (suppressor && !found->suppressor) {
        return;
    }
    found->decoded &= observable->decoded;
    add_field(&found->fields, observable->field);
}

static void take_observable(void *context, const struct observable *observable)
{
    struct hunter *hunter = context;
    hunter->observable = observable;
    hunter->observed_by = UINT32_MAX;
    indicator_set_match(hunter->hunt->set, observable->kind, observable->normal, take_indicator,
                        hunter);
}

static bool holds(const struct hunter *hunter, const struct composites *composites,
                  const struct composite *composite)
{
    for (size_t i = 0; i < composite->count; i++) {
        if (!hunt_finds_get(&hunter->finds, composites->parts[composite->first + i])) {
            return false;
        }
    }
    return true;
}

/* The suppressor of a pattern's first part; 0 when one of them is on none. */
static uint32_t suppressor_of_parts(const struct hunter *hunter, const uint32_t *parts,
                                    size_t count)
{
    uint32_t suppressor = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t of_part = hunt_finds_get(&hunter->finds, parts[i])->suppressor;
        if (of_part == 0) {
            return 0;
        }
        suppressor = suppressor ? suppressor : of_part;
    }
    return suppressor;
}

/* The pattern is found where its parts are. */
static bool take_pattern(struct hunter *hunter, const struct composites *composites,
                         uint32_t number)
{
    const struct composite *composite = &composites->items[number];
    const uint32_t *parts = composites->parts + composite->first;
    uint32_t suppressor = suppressor_of_parts(hunter, parts, composite->count);
    bool is_new = false;
    struct hunt_found *found = hunt_finds_of(&hunter->finds, composite->pattern, &is_new);
    if (!found || !(is_new || (found->suppressor && !suppressor))) {
        return found != NULL;
    }
    const struct hunt_found *first = hunt_finds_get(&hunter->finds, parts[0]);
    *found = (struct hunt_found){.indicator = composite->pattern,
                                 .composite = number + 1,
                                 .suppressor = suppressor,
                                 .field = first->field,
                                 .value = first->value};
    for (size_t i = 0; i < composite->count; i++) {
        const struct hunt_found *part = hunt_finds_get(&hunter->finds, parts[i]);
        found->decoded |= part->decoded;
        for (size_t f = 0; f < part->fields.count; f++) {
            add_field(&found->fields, part->fields.items[f]);
        }
    }
    return true;
}

static bool take_patterns(struct hunter *hunter)
{
    const struct composites *composites = indicator_set_composites(hunter->hunt->set);
    size_t count = composites->count > 0 ? hunter->finds.count : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = composites_on(composites, hunter->finds.items[i].indicator);
        for (; at > 0; at = composites->items[at - 1].next) {
            if (holds(hunter, composites, &composites->items[at - 1]) &&
                !take_pattern(hunter, composites, at - 1)) {
                return false;
            }
        }
    }
    return true;
}

static bool count_found(struct hunter *hunter, const struct hunt_found *found,
                        const struct event *event, const struct summary *summary)
{
    struct arena *arena = &hunter->tally.arena;
    struct hunt_hit *hit = hunt_tally_of(&hunter->tally, found->indicator, found->suppressor);
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

static void tell(struct hunter *hunter, const struct hunt_found *found, const struct event *event)
{
    const struct indicator_set *set = hunter->hunt->set;
    struct hunt_match parts[COMPOSITE_PARTS_MAX];
    struct hunt_event told = {.indicator = indicator_set_get(set, found->indicator),
                              .field = found->field,
                              .value = found->value,
                              .decoded = found->decoded,
                              .suppressor = found->suppressor,
                              .parts = parts,
                              .event = event};
    const struct composites *composites = indicator_set_composites(set);
    const struct composite *composite =
        found->composite ? &composites->items[found->composite - 1] : NULL;
    for (size_t i = 0; composite && i < composite->count; i++) {
        uint32_t number = composites->parts[composite->first + i];
        const struct hunt_found *part = hunt_finds_get(&hunter->finds, number);
        parts[told.n_parts++] = (struct hunt_match){.indicator = indicator_set_get(set, number),
                                                    .field = part->field,
                                                    .value = part->value};
    }
    lock_take(&hunter->hunt->lock);
    hunter->hunt->options->each(hunter->hunt->options->context, &told);
    lock_drop(&hunter->hunt->lock);
}

enum status hunt_look(struct hunter *hunter, const struct event *event, struct err *err)
{
    hunt_finds_clear(&hunter->finds);
    bool ok = observe_event(&hunter->observer, event, take_observable, hunter) && !hunter->failed &&
              take_patterns(hunter);
    struct summary summary = {0};
    if (ok && hunter->finds.count > 0) {
        summary = summary_of(event);
    }
    for (size_t i = 0; ok && i < hunter->finds.count; i++) {
        const struct hunt_found *found = &hunter->finds.items[i];
        if (indicator_set_get(hunter->hunt->set, found->indicator)->is_part) {
            continue;
        }
        ok = count_found(hunter, found, event, &summary);
        if (ok && hunter->hunt->options->each) {
            tell(hunter, found, event);
        }
    }
    return ok ? OK : err_nomem(err, "hunt");
}
