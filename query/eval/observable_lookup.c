#include "query/eval/observable_lookup.h"
#include "schema/block/bitmap.h"

void kept_fini(struct kept *kept)
{
    buf_fini(&kept->values);
    buf_fini(&kept->fields);
    buf_fini(&kept->entries);
    buf_fini(&kept->numbers);
    observed_fini(&kept->observed);
    observer_fini(&kept->observer);
}

void kept_leave(struct kept *kept)
{
    kept->segment = NULL;
}

/* Which entries of the list may be asked for. */
static bool pick_entries(struct kept *kept)
{
    buf_clear(&kept->entries);
    kept->asker.pick(kept->asker.context, &kept->observed, &kept->entries);
    return buf_ok(&kept->entries);
}

static enum status each_reference(struct kept *kept, observed_reference *each, void *context,
                                  struct err *err)
{
    return observed_references(&kept->observed, (const uint32_t *)(const void *)kept->entries.data,
                               kept->entries.size / sizeof(uint32_t), each, context, err);
}

static bool has_value(const struct kept *kept, uint32_t value)
{
    return value / 8 < kept->values.size && kept->values.data[value / 8] >> value % 8 & 1;
}

static void add_value(struct kept *kept, uint32_t value)
{
    while (buf_ok(&kept->values) && kept->values.size <= value / 8) {
        buf_add_char(&kept->values, 0);
    }
    if (buf_ok(&kept->values)) {
        kept->values.data[value / 8] |= (char)(1 << value % 8);
    }
}

static void add_field(struct kept *kept, size_t field)
{
    const size_t *fields = (const size_t *)(const void *)kept->fields.data;
    for (size_t i = 0; i < kept->fields.size / sizeof field; i++) {
        if (fields[i] == field) {
            return;
        }
    }
    buf_add(&kept->fields, &field, sizeof field);
}

struct looking {
    struct kept *kept;
    uint32_t from; /* values that no list speaks of */
    uint32_t to;
    bool found;
    bool failed;
};

static void take_observable(void *context, const struct observable *observable)
{
    struct looking *looking = context;
    const struct kept_asker *asker = &looking->kept->asker;
    looking->found = looking->found || asker->is(asker->context, observable);
}

/* Keeps the value if it has what is asked for. */
static bool look_at_value(void *context, uint32_t value, uint32_t field, struct span text)
{
    struct looking *looking = context;
    struct kept *kept = looking->kept;
    if (value < looking->from || value >= looking->to) {
        return value < looking->to;
    }
    struct event_field as_field = {.path = span_str(segment_field_name(kept->segment, field)),
                                   .value = text,
                                   .kind = EVENT_STRING};
    const struct observed_field observed = observed_field(as_field.path);
    looking->found = false;
    looking->failed =
        !observe_value(&kept->observer, &observed, &as_field, take_observable, looking);
    if (looking->found) {
        add_value(kept, value);
        add_field(kept, field);
    }
    return !looking->failed;
}

static enum status look_at_values(struct kept *kept, uint32_t from, uint32_t to, struct err *err)
{
    struct looking looking = {.kept = kept, .from = from, .to = to};
    enum status status = segment_values(kept->segment, -1, look_at_value, &looking, err);
    return status == OK && looking.failed ? err_nomem(err, "search") : status;
}

static void take_number(void *context, uint32_t entry, uint32_t reference)
{
    struct kept *kept = context;
    uint32_t value = kept->observed.first + reference;
    (void)entry;
    buf_add(&kept->numbers, &value, sizeof value);
}

/* The list's picked entries: their values are looked at themselves, so that what is kept is sure.
 */
static enum status look_at_list(struct kept *kept, struct err *err)
{
    buf_clear(&kept->numbers);
    enum status status = pick_entries(kept) ? each_reference(kept, take_number, kept, err)
                                            : err_nomem(err, "search");
    if (status == OK && !buf_ok(&kept->numbers)) {
        status = err_nomem(err, "search");
    }
    const uint32_t *numbers = (const uint32_t *)(const void *)kept->numbers.data;
    for (size_t i = 0; status == OK && i < kept->numbers.size / sizeof *numbers; i++) {
        uint32_t field;
        struct span text;
        struct looking looking = {.kept = kept, .to = UINT32_MAX};
        if (has_value(kept, numbers[i])) {
            continue;
        }
        status = segment_value(kept->segment, numbers[i], &field, &text, err);
        if (status == OK && !look_at_value(&looking, numbers[i], field, text)) {
            status = err_nomem(err, "search");
        }
    }
    return status;
}

/* Finds the values of the segment's dictionary. Lists follow one another by value; where one is
 * missing, all values are looked at. */
static enum status find_values(struct kept *kept, struct segment *segment, struct err *err)
{
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    uint32_t next = 0;
    bool complete = true;
    enum status status = OK;
    kept->segment = segment;
    buf_clear(&kept->values);
    buf_clear(&kept->fields);
    for (size_t i = 0; status == OK && i < n_blocks; i++) {
        bool is_there = false;
        status = segment_observed(segment, blocks[i].id, OBSERVED_VALUES, &kept->observed,
                                  &is_there, err);
        complete = complete && is_there;
        if (status != OK || !is_there) {
            continue;
        }
        uint32_t first = kept->observed.first;
        uint32_t end = first + kept->observed.count;
        status = look_at_list(kept, err);
        if (status == OK && first > next) {
            status = look_at_values(kept, next, first, err);
        }
        next = end > next ? end : next;
    }
    if (status == OK && !complete) {
        status = look_at_values(kept, next, UINT32_MAX, err);
    }
    if (status == OK && !(buf_ok(&kept->fields) && buf_ok(&kept->values))) {
        status = err_nomem(err, "search");
    }
    if (status != OK) {
        kept->segment = NULL;
    }
    return status;
}

static bool entry_is_wanted(const struct kept *kept, const struct column *column, uint32_t entry)
{
    for (uint32_t v = column->entry_start[entry]; v < column->entry_start[entry + 1]; v++) {
        if (has_value(kept, column->entry_values[v])) {
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
static enum status add_column(struct kept *kept, struct block_view *view, size_t field,
                              struct bitmap *map, struct err *err)
{
    struct column_filter filter = {.want = want_entries, .context = kept};
    const struct column *column;
    enum status status = view_column_filtered(view, field, &filter, &column, err);
    if (status != OK || column->store != FIELD_COLUMN) {
        return status;
    }
    bool wanted[BLOCK_EVENTS_MAX + 1] = {false};
    for (uint32_t entry = 0; entry < column->n_entries; entry++) {
        wanted[entry + 1] = entry_is_wanted(kept, column, entry);
    }
    for (uint32_t slot = 0; slot < view->info->n_events; slot++) {
        if (wanted[column->index[slot]]) {
            bitmap_set(map, slot);
        }
    }
    return OK;
}

struct events {
    const struct observed *observed;
    struct bitmap *sure;
    struct bitmap *maybe;
};

static void take_event(void *context, uint32_t entry, uint32_t reference)
{
    const struct events *events = context;
    bool is_address = entry < events->observed->n_v4 + events->observed->n_v6;
    bitmap_set(is_address ? events->sure : events->maybe, reference);
}

enum status kept_block(struct kept *kept, struct block_view *view, struct bitmap *out_sure,
                       struct bitmap *out_maybe, struct err *err)
{
    struct segment *segment = view->segment;
    bool is_there = false;
    enum status status = kept->segment == segment ? OK : find_values(kept, segment, err);
    status = THEN(status, segment_observed(segment, view->info->id, OBSERVED_EVENTS,
                                           &kept->observed, &is_there, err));
    bitmap_clear(out_sure);
    bitmap_clear(out_maybe);
    if (status != OK || !is_there) {
        bitmap_fill(out_maybe, view->info->n_events);
        return status;
    }
    struct events events = {&kept->observed, out_sure, out_maybe};
    status = pick_entries(kept) ? each_reference(kept, take_event, &events, err)
                                : err_nomem(err, "search");
    const size_t *fields = (const size_t *)(const void *)kept->fields.data;
    for (size_t i = 0; status == OK && i < kept->fields.size / sizeof *fields; i++) {
        status = add_column(kept, view, fields[i], out_sure, err);
    }
    const struct bitmap *partial = NULL;
    if (status == OK && view->info->has_partial) {
        status = view_partial(view, &partial, err);
    }
    if (status == OK && partial) {
        bitmap_or(out_maybe, partial);
    }
    return status;
}
