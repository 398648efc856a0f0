/* What stands behind the names of facets. By the thread whose pass it is. */
#include "query/aggregate/facet.h"

static void facet_init(struct facet *facet, struct span name, struct intern *texts)
{
    bool is_day = span_is(name, "day");
    bool is_severity = span_is(name, "severity");
    facet->kind = is_day ? FACET_DAY : span_is(name, "hour") ? FACET_HOUR : FACET_FIELDS;
    if (facet->kind != FACET_FIELDS) {
        return;
    }
    if (!span_is(name, "actor")) {
        facet->n_fields = 1;
        facet_field_init(&facet->fields[0], is_severity ? span_str("code") : name, is_severity,
                         texts);
        return;
    }
    for (; event_actor_fields[facet->n_fields]; facet->n_fields++) {
        CHECK(facet->n_fields < FACET_FIELDS_MAX);
        facet_field_init(&facet->fields[facet->n_fields],
                         span_str(event_actor_fields[facet->n_fields]), false, texts);
    }
}

void facet_pass_init(struct facet_pass *pass, const struct span *names, size_t n_names)
{
    CHECK(n_names >= 1 && n_names <= TUPLE_COUNT_PARTS_MAX);
    *pass = (struct facet_pass){.n_facets = n_names};
    intern_init(&pass->texts);
    tuple_count_init(&pass->tuples, n_names);
    for (size_t i = 0; i < n_names; i++) {
        facet_init(&pass->facets[i], names[i], &pass->texts);
    }
}

void facet_pass_fini(struct facet_pass *pass)
{
    for (size_t part = 0; pass && part < pass->n_facets; part++) {
        struct facet *facet = &pass->facets[part];
        for (size_t i = 0; i < facet->n_fields; i++) {
            facet_field_fini(&facet->fields[i]);
        }
        facet_cells_fini(&facet->cells);
    }
    if (pass) {
        tuple_count_fini(&pass->tuples);
        intern_fini(&pass->texts);
    }
}

void facet_leave(struct facet_pass *pass)
{
    for (size_t part = 0; part < pass->n_facets; part++) {
        for (size_t i = 0; i < pass->facets[part].n_fields; i++) {
            facet_field_leave(&pass->facets[part].fields[i]);
        }
    }
}

/* Makes the period of "2026-11-23" or "2026-11-23T10" that has the time the facet's. */
static enum status find_period(struct facet_pass *pass, struct facet *facet, int64_t time_us,
                               struct err *err)
{
    struct facet_period *period = &facet->period;
    if (time_us >= period->from_us && time_us < period->to_us) {
        return OK;
    }
    char text[CLOCK_TEXT_BYTES];
    bool day = facet->kind == FACET_DAY;
    int64_t unit_us = day ? CLOCK_DAY_US : 3600 * CLOCK_SECOND_US;
    int64_t rest = time_us % unit_us;
    int64_t from_us = time_us - rest - (rest < 0 ? unit_us : 0);
    uint32_t number;
    (void)clock_format(from_us, text);
    enum status status = tuple_count_text(&pass->texts, span_of(text, day ? 10 : 13), &number, err);
    if (status == OK) {
        *period = (struct facet_period){from_us, from_us + unit_us, number};
    }
    return status;
}

/* Times are read when the block has several periods. */
static enum status read_times(struct facet_pass *pass, struct facet *facet, struct block_view *view,
                              const struct bitmap *map, struct err *err)
{
    enum status status = find_period(pass, facet, view->info->time_min_us, err);
    const int64_t *times_us = NULL;
    if (status == OK && view->info->time_max_us >= facet->period.to_us) {
        status = block_view_times(view, &times_us, err);
    } else if (status == OK && pass->n_facets == 1) {
        uint32_t numbers[TUPLE_COUNT_PARTS_MAX] = {facet->period.number};
        return tuple_count_add(&pass->tuples, numbers, (int64_t)bitmap_count(map), err);
    }
    if (status != OK) {
        return status;
    }
    BITMAP_EACH(map, slot)
    {
        status = times_us ? find_period(pass, facet, times_us[slot], err) : OK;
        status = THEN(status, facet_cells_add(&facet->cells, slot, facet->period.number, err));
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

enum status facet_block(struct facet_pass *pass, size_t part, struct block_view *view,
                        const struct bitmap *map, struct err *err)
{
    struct facet *facet = &pass->facets[part];
    facet_cells_clear(&facet->cells);
    if (facet->kind != FACET_FIELDS) {
        return read_times(pass, facet, view, map, err);
    }
    struct bitmap open = *map;
    struct bitmap found;
    bitmap_clear(&found);
    const struct facet_field_sink sink = {.cells = &facet->cells,
                                          .tuples = pass->n_facets == 1 ? &pass->tuples : NULL,
                                          .found = facet->n_fields > 1 ? &found : NULL};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < facet->n_fields && !bitmap_is_empty(&open); i++) {
        status = facet_field_block(&facet->fields[i], view, &open, &sink, err);
        bitmap_without(&open, &found);
    }
    return status;
}

enum status facet_event(struct facet_pass *pass, size_t part, const struct event *event,
                        struct err *err)
{
    struct facet *facet = &pass->facets[part];
    facet_cells_clear(&facet->cells);
    if (facet->kind != FACET_FIELDS) {
        enum status status = find_period(pass, facet, event->time_us, err);
        return THEN(status, facet_cells_add(&facet->cells, 0, facet->period.number, err));
    }
    struct bitmap found;
    bitmap_clear(&found);
    const struct facet_field_sink sink = {.cells = &facet->cells, .found = &found};
    enum status status = OK;
    for (size_t i = 0; status == OK && i < facet->n_fields && !bitmap_get(&found, 0); i++) {
        status = facet_field_event(&facet->fields[i], event, 0, &sink, err);
    }
    return status;
}
