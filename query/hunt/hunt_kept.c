#include "query/hunt/hunt_kept.h"

static enum status nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "hunt: out of memory");
}

void hunt_kept_fini(struct hunt_kept *kept)
{
    buf_fini(&kept->values);
    buf_fini(&kept->fields);
    buf_fini(&kept->entries);
    observed_fini(&kept->observed);
    observer_fini(&kept->observer);
}

void hunt_kept_leave(struct hunt_kept *kept)
{
    kept->segment = NULL;
}

/* Which entries of the list may be indicators. */
static bool match_entries(struct hunt_kept *kept)
{
    const struct observed *observed = &kept->observed;
    unsigned char address[ADDRESS_BYTES];
    buf_clear(&kept->entries);
    uint32_t entry = 0;
    for (uint32_t i = 0; i < observed->n_v4; i++, entry++) {
        observed_v4_bytes(observed->v4[i], address);
        if (indicator_set_has_address(kept->set, address)) {
            buf_add(&kept->entries, &entry, sizeof entry);
        }
    }
    for (uint32_t i = 0; i < observed->n_v6; i++, entry++) {
        if (indicator_set_has_address(kept->set, observed->v6 + i * (size_t)ADDRESS_BYTES)) {
            buf_add(&kept->entries, &entry, sizeof entry);
        }
    }
    for (uint32_t i = 0; i < observed->n_keys; i++, entry++) {
        if (indicator_set_has_key(kept->set, observed->keys[i])) {
            buf_add(&kept->entries, &entry, sizeof entry);
        }
    }
    return buf_ok(&kept->entries);
}

static enum status each_reference(struct hunt_kept *kept, observed_reference *each, void *context,
                                  struct err *err)
{
    return observed_references(&kept->observed, (const uint32_t *)(const void *)kept->entries.data,
                               kept->entries.size / sizeof(uint32_t), each, context, err);
}

static bool has_value(const struct hunt_kept *kept, uint32_t value)
{
    return value / 8 < kept->values.size && kept->values.data[value / 8] >> value % 8 & 1;
}

static void add_value(struct hunt_kept *kept, uint32_t value)
{
    while (buf_ok(&kept->values) && kept->values.size <= value / 8) {
        buf_add_char(&kept->values, 0);
    }
    if (buf_ok(&kept->values)) {
        kept->values.data[value / 8] |= (char)(1 << value % 8);
    }
}

static void take_value(void *context, uint32_t entry, uint32_t reference)
{
    struct hunt_kept *kept = context;
    (void)entry;
    add_value(kept, kept->observed.first + reference);
}

static void take_indicator(void *context, size_t number)
{
    struct hunt_kept *kept = context;
    (void)number;
    kept->found = true;
}

static void take_observable(void *context, const struct observable *observable)
{
    struct hunt_kept *kept = context;
    indicator_set_match(kept->set, observable->kind, observable->normal, take_indicator, kept);
}

struct looking {
    struct hunt_kept *kept;
    uint32_t from; /* values that no list speaks of */
    uint32_t to;
    bool failed;
};

/* A value that no list speaks of. */
static bool look_at_value(void *context, uint32_t value, uint32_t field, struct span text)
{
    struct looking *looking = context;
    struct hunt_kept *kept = looking->kept;
    if (value < looking->from || value >= looking->to) {
        return value < looking->to;
    }
    struct event_field as_field = {.path = span_str(segment_field_name(kept->segment, field)),
                                   .value = text,
                                   .kind = EVENT_STRING};
    const struct observed_field observed = observed_field(as_field.path);
    kept->found = false;
    looking->failed = !observe_value(&kept->observer, &observed, &as_field, take_observable, kept);
    if (kept->found) {
        add_value(kept, value);
    }
    return !looking->failed;
}

static enum status look_at_values(struct hunt_kept *kept, uint32_t from, uint32_t to,
                                  struct err *err)
{
    struct looking looking = {kept, from, to, false};
    enum status status = segment_values(kept->segment, -1, look_at_value, &looking, err);
    return status == OK && looking.failed ? nomem(err) : status;
}

/* The fields of the values, each once. */
static enum status find_fields(struct hunt_kept *kept, struct err *err)
{
    buf_clear(&kept->fields);
    for (uint32_t value = 0; value / 8 < kept->values.size; value++) {
        if (!has_value(kept, value)) {
            continue;
        }
        uint32_t id;
        struct span text;
        enum status status = segment_value(kept->segment, value, &id, &text, err);
        if (status != OK) {
            return status;
        }
        const size_t field = id;
        const size_t *fields = (const size_t *)(const void *)kept->fields.data;
        bool is_there = false;
        for (size_t i = 0; i < kept->fields.size / sizeof field; i++) {
            is_there |= fields[i] == field;
        }
        if (!is_there) {
            buf_add(&kept->fields, &field, sizeof field);
        }
    }
    return buf_ok(&kept->fields) && buf_ok(&kept->values) ? OK : nomem(err);
}

/* Matches the values of the segment's dictionary. Lists follow one another by value; where one is
 * missing, the values themselves are looked at. */
static enum status match_values(struct hunt_kept *kept, struct segment *segment, struct err *err)
{
    size_t n_blocks;
    const struct block_info *blocks = segment_blocks(segment, &n_blocks);
    uint32_t next = 0;
    bool complete = true;
    enum status status = OK;
    kept->segment = segment;
    buf_clear(&kept->values);
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
        status = match_entries(kept) ? each_reference(kept, take_value, kept, err) : nomem(err);
        if (status == OK && first > next) {
            status = look_at_values(kept, next, first, err);
        }
        next = end > next ? end : next;
    }
    if (status == OK && !complete) {
        status = look_at_values(kept, next, UINT32_MAX, err);
    }
    status = status == OK ? find_fields(kept, err) : status;
    if (status != OK) {
        kept->segment = NULL;
    }
    return status;
}

static bool entry_is_wanted(const struct hunt_kept *kept, const struct column *column,
                            uint32_t entry)
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
static enum status add_column(struct hunt_kept *kept, struct block_view *view, size_t field,
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

static void take_event(void *context, uint32_t entry, uint32_t reference)
{
    (void)entry;
    bitmap_set(context, reference);
}

enum status hunt_kept_block(struct hunt_kept *kept, struct block_view *view, struct bitmap *out_map,
                            struct err *err)
{
    struct segment *segment = view->segment;
    bool is_there = false;
    enum status status = kept->segment == segment ? OK : match_values(kept, segment, err);
    if (status == OK) {
        status = segment_observed(segment, view->info->id, OBSERVED_EVENTS, &kept->observed,
                                  &is_there, err);
    }
    if (status != OK || !is_there) {
        memset(out_map, 0xff, sizeof *out_map);
        return status;
    }
    *out_map = (struct bitmap){0};
    status = match_entries(kept) ? each_reference(kept, take_event, out_map, err) : nomem(err);
    const size_t *fields = (const size_t *)(const void *)kept->fields.data;
    for (size_t i = 0; status == OK && i < kept->fields.size / sizeof *fields; i++) {
        status = add_column(kept, view, fields[i], out_map, err);
    }
    const struct bitmap *partial = NULL;
    if (status == OK && view->info->has_partial) {
        status = view_partial(view, &partial, err);
    }
    for (size_t i = 0; status == OK && partial && i < sizeof partial->words / 8; i++) {
        out_map->words[i] |= partial->words[i];
    }
    return status;
}
