/* The paths of a segment's vocabulary are its fields, but for what stands within values: of these,
 * the newest block is looked through. */
#include "query/sql/names.h"

#include "query/sql/cells.h"
#include "schema/event/event_value.h"

/* Where fields are found. */
struct names_reading {
    struct names *names;
    struct segment *segment;
    struct event_value_reader values;
    bool failed; /* out of memory */
};

static void add(struct names_reading *reading, struct intern *names, struct span name)
{
    reading->failed = reading->failed || intern_add(names, name, INTERN_NONE) == INTERN_NONE;
}

static bool add_field(void *context, const struct event_field *field)
{
    struct names_reading *reading = context;
    add(reading, &reading->names->texts, field->path);
    return !reading->failed;
}

/* Whole lines are objects below the empty path. */
static void add_value(struct names_reading *reading, uint32_t path, struct columnar_value value)
{
    struct span field = segment_path_field(reading->segment, path);
    if (!value.is_string && cells_has_brackets(value.text) &&
        !event_value_fields(&reading->values, field, value.text, false, add_field, reading)) {
        reading->failed = true;
    }
}

/* What stands within the values of column i. */
static enum status add_column(struct names_reading *reading, const struct block_columns *columns,
                              size_t i, struct err *err)
{
    bool may = false;
    uint32_t path;
    const uint64_t *ids;
    size_t n_ids;
    enum columnar_way way = columnar_column_way(columns->reader, i, &path);
    if (way == COLUMNAR_ONE || way == COLUMNAR_IDS || way == COLUMNAR_FOLLOWS) {
        add(reading, &reading->names->repeating, segment_path_field(reading->segment, path));
    }
    enum status status = cells_may_have_brackets(columns, i, &may, err);
    status = THEN(status, columnar_column_ids(columns->reader, i, &ids, &n_ids, err));
    if (status != OK || !may) {
        return status;
    }
    for (size_t k = 0; ids && k < n_ids; k++) {
        struct span spelling = vocabulary_value(columns->vocabulary, (uint32_t)ids[k]);
        add_value(reading, path, columnar_value_of(spelling));
    }
    const struct columnar_column *column = NULL;
    status = ids ? OK : columnar_column(columns->reader, i, &column, err);
    if (status == OK && column) {
        struct columnar_walk walk = columnar_walk(columns->vocabulary, column);
        for (size_t k = 0; k < column->n_values; k++) {
            add_value(reading, path, columnar_walk_next(&walk));
        }
    }
    return status;
}

static enum status add_segment(struct names_reading *reading, struct err *err)
{
    size_t n_blocks = 0;
    const struct vocabulary *vocabulary;
    const struct block_info *blocks = segment_blocks(reading->segment, &n_blocks);
    struct block_columns columns;
    enum status status = segment_vocabulary(reading->segment, &vocabulary, err);
    for (size_t b = 0; b < n_blocks; b++) {
        reading->names->events += blocks[b].n_events;
    }
    if (status != OK || n_blocks == 0) {
        return status;
    }
    for (uint32_t path = SEGMENT_PATH_LINE + 1; path < intern_count(&vocabulary->paths); path++) {
        struct span field = segment_path_field(reading->segment, path);
        if (!span_starts(field, "stele.")) { /* those of how events came are there, too */
            add(reading, &reading->names->texts, field);
        }
    }
    status = segment_open_columns(reading->segment, SEGMENT_DATA_EVENTS, blocks[n_blocks - 1].id,
                                  &columns, err);
    size_t count = status == OK ? columnar_column_count(columns.reader) : 0;
    for (size_t i = 0; status == OK && i < count; i++) {
        status = add_column(reading, &columns, i, err);
    }
    return status;
}

static void add_inbox(struct names_reading *reading, const struct inbox_scan *inbox)
{
    size_t count = 0;
    const struct inbox_scan_event *events = inbox ? inbox_scan_events(inbox, &count) : NULL;
    size_t first = count > NAMES_INBOX_EVENTS ? count - NAMES_INBOX_EVENTS : 0;
    for (size_t i = first; i < count; i++) {
        for (size_t f = 0; f < events[i].event.n_fields; f++) {
            add(reading, &reading->names->texts, events[i].event.fields[f].path);
        }
    }
}

enum status names_read(struct snapshot *snapshot, struct names *out_names, struct err *err)
{
    struct names_reading reading = {.names = out_names};
    enum status status = OK;
    size_t n_days = 0;
    *out_names = (struct names){0};
    intern_init(&out_names->texts);
    intern_init(&out_names->repeating);
    for (size_t i = snapshot_day_count(snapshot); status == OK && i > 0 && n_days < NAMES_DAYS;
         i--) {
        struct snapshot_day *day = NULL;
        status = snapshot_day(snapshot, i - 1, &day, err);
        if (status == OK && day->segment) {
            n_days++;
            reading.segment = day->segment;
            status = add_segment(&reading, err);
        }
        snapshot_release(day);
    }
    add_inbox(&reading, snapshot_inbox(snapshot));
    event_value_reader_fini(&reading.values);
    if (n_days > 0) {
        out_names->events =
            out_names->events * (int64_t)snapshot_day_count(snapshot) / (int64_t)n_days;
    }
    return status == OK && reading.failed ? err_nomem(err, "SQL") : status;
}

void names_fini(struct names *names)
{
    intern_fini(&names->texts);
    intern_fini(&names->repeating);
}
