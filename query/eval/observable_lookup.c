/* Two steps. Once a segment: which values of its dictionary match, by the observable indexes of
 * its blocks, and by the values themselves where a block has none. Then block by block: the
 * index's own entries, and the columns that have such values. Addresses in the index are exact;
 * what it knows by hash only is to be confirmed. By the lookup's thread. */
#include "query/eval/observable_lookup.h"
#include "schema/block/bitmap.h"

void observable_lookup_fini(struct observable_lookup *lookup)
{
    buf_fini(&lookup->values);
    vec_fini(&lookup->fields);
    vec_fini(&lookup->entries);
    vec_fini(&lookup->numbers);
    observable_index_fini(&lookup->index);
    observable_scanner_fini(&lookup->scanner);
}

void observable_lookup_leave(struct observable_lookup *lookup)
{
    lookup->segment = NULL;
}

/* Calls `each` with what the index has of the candidates among its entries. */
static enum status each_candidate(struct observable_lookup *lookup,
                                  observable_index_reference *each, void *context, struct err *err)
{
    vec_clear(&lookup->entries);
    if (!lookup->ops.candidates(lookup->ops.context, &lookup->index, &lookup->entries)) {
        return err_nomem(err, "search");
    }
    return observable_index_references(&lookup->index, lookup->entries.items, lookup->entries.count,
                                       each, context, err);
}

static bool has_value(const struct observable_lookup *lookup, uint32_t value)
{
    return value / 8 < lookup->values.size && lookup->values.data[value / 8] >> value % 8 & 1;
}

static void add_value(struct observable_lookup *lookup, uint32_t value)
{
    while (buf_ok(&lookup->values) && lookup->values.size <= value / 8) {
        buf_add_char(&lookup->values, 0);
    }
    if (buf_ok(&lookup->values)) {
        lookup->values.data[value / 8] |= (char)(1 << value % 8);
    }
}

static void add_field(struct observable_lookup *lookup, size_t field)
{
    for (size_t i = 0; i < lookup->fields.count; i++) {
        if (lookup->fields.items[i] == field) {
            return;
        }
    }
    lookup->failed = lookup->failed || !vec_push(&lookup->fields, field);
}

struct value_search {
    struct observable_lookup *lookup;
    uint32_t from; /* values that no list speaks of */
    uint32_t to;
    bool found;
    bool failed;
};

static void match_one(void *context, const struct observable *observable)
{
    struct value_search *search = context;
    const struct observable_lookup_ops *ops = &search->lookup->ops;
    search->found = search->found || ops->matches(ops->context, observable);
}

/* Keeps the value if it matches. */
static bool match_value_of(void *context, uint32_t value, uint32_t field, struct span text)
{
    struct value_search *search = context;
    struct observable_lookup *lookup = search->lookup;
    if (value < search->from || value >= search->to) {
        return value < search->to;
    }
    struct event_field as_field = {.path = span_str(segment_field_name(lookup->segment, field)),
                                   .value = text,
                                   .kind = EVENT_STRING};
    const struct observable_field observed = observable_field(as_field.path);
    search->found = false;
    search->failed =
        !observable_scan_value(&lookup->scanner, &observed, &as_field, match_one, search);
    if (search->found) {
        add_value(lookup, value);
        add_field(lookup, field);
    }
    return !search->failed;
}

static enum status match_values(struct observable_lookup *lookup, uint32_t from, uint32_t to,
                                struct err *err)
{
    struct value_search search = {.lookup = lookup, .from = from, .to = to};
    enum status status = segment_values(lookup->segment, -1, match_value_of, &search, err);
    return status == OK && search.failed ? err_nomem(err, "search") : status;
}

static void add_number(void *context, uint32_t entry, uint32_t reference)
{
    struct observable_lookup *lookup = context;
    uint32_t value = lookup->index.first + reference;
    (void)entry;
    lookup->failed = lookup->failed || !vec_push(&lookup->numbers, value);
}

/* The values of the index's candidates are matched themselves: what is kept is certain. */
static enum status match_list(struct observable_lookup *lookup, struct err *err)
{
    vec_clear(&lookup->numbers);
    enum status status = each_candidate(lookup, add_number, lookup, err);
    if (status == OK && lookup->failed) {
        status = err_nomem(err, "search");
    }
    const uint32_t *numbers = lookup->numbers.items;
    for (size_t i = 0; status == OK && i < lookup->numbers.count; i++) {
        uint32_t field;
        struct span text;
        struct value_search search = {.lookup = lookup, .to = UINT32_MAX};
        if (has_value(lookup, numbers[i])) {
            continue;
        }
        status = segment_value(lookup->segment, numbers[i], &field, &text, err);
        if (status == OK && !match_value_of(&search, numbers[i], field, text)) {
            status = err_nomem(err, "search");
        }
    }
    return status;
}

/* Finds the values of the segment's dictionary. Lists follow one another by value; where one is
 * missing, all values are looked at. */
static enum status find_values(struct observable_lookup *lookup, struct segment *segment,
                               struct err *err)
{
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    uint32_t next = 0;
    bool complete = true;
    enum status status = OK;
    lookup->segment = segment;
    buf_clear(&lookup->values);
    vec_clear(&lookup->fields);
    lookup->failed = false;
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        bool is_there = false;
        status = segment_observable_read(segment, blocks[i].id, SEGMENT_OBSERVABLE_VALUES,
                                         &lookup->index, &is_there, err);
        complete = complete && is_there;
        if (status != OK || !is_there) {
            continue;
        }
        uint32_t first = lookup->index.first;
        uint32_t end = first + lookup->index.count;
        status = match_list(lookup, err);
        if (status == OK && first > next) {
            status = match_values(lookup, next, first, err);
        }
        next = end > next ? end : next;
    }
    if (status == OK && !complete) {
        status = match_values(lookup, next, UINT32_MAX, err);
    }
    if (status == OK && (lookup->failed || !buf_ok(&lookup->values))) {
        status = err_nomem(err, "search");
    }
    if (status != OK) {
        lookup->segment = NULL;
    }
    return status;
}

static bool entry_is_wanted(const struct observable_lookup *lookup, const struct column *column,
                            uint32_t entry)
{
    for (uint32_t v = column->entry_start[entry]; v < column->entry_start[entry + 1]; v++) {
        if (has_value(lookup, column->entry_values[v])) {
            return true;
        }
    }
    return false;
}

static enum column_want want_entries(const void *context, const struct column *column)
{
    for (uint32_t entry = 0; entry < column->n_entries; entry++) {
        if (entry_is_wanted(context, column, entry)) {
            return COLUMN_WANT_WHOLE;
        }
    }
    return COLUMN_WANT_NOTHING;
}

/* Events whose column has one of the values. */
static enum status add_column(struct observable_lookup *lookup, struct block_view *view,
                              size_t field, struct bitmap *map, struct err *err)
{
    struct column_filter filter = {.want = want_entries, .context = lookup};
    const struct column *column;
    enum status status = block_view_column_filtered(view, field, &filter, &column, err);
    if (status != OK || column->store != COLUMN_STORE_COLUMN) {
        return status;
    }
    bool wanted[BLOCK_EVENTS_MAX + 1] = {false};
    for (uint32_t entry = 0; entry < column->n_entries; entry++) {
        wanted[entry + 1] = entry_is_wanted(lookup, column, entry);
    }
    for (uint32_t slot = 0; slot < view->info->n_events; slot++) {
        if (wanted[column->index[slot]]) {
            bitmap_set(map, slot);
        }
    }
    return OK;
}

struct events {
    const struct observable_index *index;
    struct bitmap *sure;
    struct bitmap *maybe;
};

static void add_event(void *context, uint32_t entry, uint32_t reference)
{
    const struct events *events = context;
    bool is_address = entry < events->index->n_v4 + events->index->n_v6;
    bitmap_set(is_address ? events->sure : events->maybe, reference);
}

enum status observable_lookup_block(struct observable_lookup *lookup, struct block_view *view,
                                    struct bitmap *out_sure, struct bitmap *out_maybe,
                                    struct err *err)
{
    struct segment *segment = view->segment;
    bool is_there = false;
    enum status status = lookup->segment == segment ? OK : find_values(lookup, segment, err);
    status =
        THEN(status, segment_observable_read(segment, view->info->id, SEGMENT_OBSERVABLE_EVENTS,
                                             &lookup->index, &is_there, err));
    bitmap_clear(out_sure);
    bitmap_clear(out_maybe);
    if (status != OK || !is_there) {
        bitmap_fill(out_maybe, view->info->n_events);
        return status;
    }
    struct events events = {&lookup->index, out_sure, out_maybe};
    status = each_candidate(lookup, add_event, &events, err);
    for (size_t i = 0; status == OK && i < lookup->fields.count; i++) {
        status = add_column(lookup, view, lookup->fields.items[i], out_sure, err);
    }
    const struct bitmap *partial = NULL;
    if (status == OK && view->info->has_partial) {
        status = block_view_partial(view, &partial, err);
    }
    if (status == OK && partial) {
        bitmap_or(out_maybe, partial);
    }
    return status;
}
