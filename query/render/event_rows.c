#include "query/render/event_rows.h"

#include <errno.h>

#include "query/render/event_sentence.h"
#include "query/render/event_summary.h"
#include "query/render/local_time.h"

/* Of a sentence, in bytes; on a terminal, which cuts it anyway, less. */
enum { TERMINAL_SENTENCE_MAX = 2000, SENTENCE_MAX = 1 << 20 };

static const struct listing_column own_columns[EVENT_ROWS_OWN] = {
    [EVENT_ROWS_TIME] = {LISTING_NAME("time"), LISTING_WHOLE},
    [EVENT_ROWS_SEVERITY] = {LISTING_NAME("severity"), LISTING_WHOLE | LISTING_SPARE},
    [EVENT_ROWS_EVENT] = {LISTING_NAME("event"), 0},
    [EVENT_ROWS_CODE] = {LISTING_NAME("code"), LISTING_MORE},
    [EVENT_ROWS_ACTOR] = {LISTING_NAME("actor"), 0},
    [EVENT_ROWS_ADDRESS] = {LISTING_NAME("address"), LISTING_KEEP},
    [EVENT_ROWS_TARGET] = {LISTING_NAME("target"), LISTING_SPARE},
    [EVENT_ROWS_UID] = {LISTING_NAME("uid"), LISTING_PIPE | LISTING_WHOLE},
    [EVENT_ROWS_WHAT] = {LISTING_NAME("what"), LISTING_WIDE},
    [EVENT_ROWS_MARK] = {LISTING_NAME("mark"), LISTING_MORE},
    [EVENT_ROWS_RECEIVED] = {LISTING_NAME("received"), LISTING_MORE | LISTING_WHOLE},
    [EVENT_ROWS_ELAPSED] = {LISTING_NAME("elapsed"), LISTING_MORE | LISTING_WHOLE | LISTING_RIGHT},
};
static const char timeline_columns[] = "time,elapsed,event,actor,what";
static const char timeline_facts[] =
    "time,elapsed,severity,event,code,actor,address,target,uid,what,mark,received";

static bool is_column(const struct event_rows *events, struct span name)
{
    for (size_t i = 0; i < events->n_columns; i++) {
        if (span_equal(events->columns[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Names that are not the columns' own are fields. */
static enum status add_fields(struct event_rows *events, const char *choice, struct err *err)
{
    for (struct span rest = span_str(choice);;) {
        const char *comma = rest.size ? memchr(rest.data, ',', rest.size) : NULL;
        struct span name = span_of(rest.data, comma ? (size_t)(comma - rest.data) : rest.size);
        if (name.size == 0) {
            return err_set(err, ERR_USAGE,
                           "--columns takes names of columns and fields with commas between them");
        }
        if (!is_column(events, name)) {
            if (events->n_columns == events->n_own + EVENT_ROWS_FIELDS_MAX) {
                return err_set(err, ERR_USAGE, "--columns takes at most %d fields",
                               EVENT_ROWS_FIELDS_MAX);
            }
            events->columns[events->n_columns++] = (struct listing_column){name, 0};
        }
        if (!comma) {
            return OK;
        }
        rest = span_from(rest, name.size + 1);
    }
}

static enum status begin(struct event_rows *events, const char *choice, FILE *out, struct err *err)
{
    events->n_columns = events->n_own;
    memcpy(events->columns, own_columns, sizeof own_columns);
    if (events->form == LISTING_RAW && choice) {
        return err_set(err, ERR_USAGE, "--columns: raw has no columns, only the events' own bytes");
    }
    enum status status = choice ? add_fields(events, choice, err) : OK;
    return THEN(status, listing_begin(&events->rows, events->form, events->columns,
                                      events->n_columns, choice, out, err));
}

enum status event_rows_begin(struct event_rows *events, enum listing_form form, const char *choice,
                             FILE *out, struct err *err)
{
    bool json = form == LISTING_JSON || form == LISTING_NDJSON;
    *events = (struct event_rows){.form = form,
                                  .n_own = EVENT_ROWS_ELAPSED,
                                  .own_bytes = form == LISTING_RAW || (json && !choice)};
    return begin(events, choice, out, err);
}

enum status event_rows_begin_timeline(struct event_rows *events, enum listing_form form,
                                      const char *choice, FILE *out, struct err *err)
{
    *events = (struct event_rows){.form = form, .n_own = EVENT_ROWS_OWN};
    /* what was done is whole, also on a terminal */
    enum status status = begin(events,
                               choice                  ? choice
                               : form == LISTING_TABLE ? timeline_columns
                                                       : timeline_facts,
                               out, err);
    events->columns[EVENT_ROWS_WHAT].flags |= LISTING_WRAP;
    events->rows.chosen = choice != NULL;
    return status;
}

void event_rows_fini(struct event_rows *events)
{
    listing_fini(&events->rows);
    buf_fini(&events->line);
    arena_fini(&events->arena);
}

/* White space between tokens is the only place where a line break can stand. */
static void one_line(struct buf *line, struct span raw)
{
    size_t start = line->size;
    buf_add_span(line, raw);
    for (size_t i = start; i < line->size; i++) {
        if (line->data[i] == '\n' || line->data[i] == '\r') {
            line->data[i] = ' ';
        }
    }
}

static enum status flush_line(struct event_rows *events, struct err *err)
{
    struct buf *line = &events->line;
    enum status status = buf_status(line, "output", err);
    if (status == OK && fwrite(line->data, 1, line->size, events->rows.out) != line->size) {
        status = err_errno(err, errno, "writing the output");
    }
    buf_clear(line);
    return status;
}

static enum status add_bytes(struct event_rows *events, struct span raw, struct err *err)
{
    struct buf *line = &events->line;
    if (events->form == LISTING_JSON) {
        buf_add_str(line, events->count > 0 ? ",\n" : "[\n");
        buf_add_span(line, raw);
    } else if (events->form == LISTING_NDJSON) {
        one_line(line, raw);
        buf_add_char(line, '\n');
    } else {
        buf_add_span(line, raw);
        buf_add_char(line, '\n');
    }
    events->count++;
    return flush_line(events, err);
}

static const char *severity_colour(enum event_severity severity)
{
    static const char *const colours[] = {"", "", "\x1b[33m", "\x1b[31m", "\x1b[35m"};
    return colours[severity];
}

/* Whole seconds in a table, but for a timeline. */
static void add_time(struct event_rows *events, int64_t time_us, bool is_arrival)
{
    char text[LOCAL_TIME_BYTES + 1];
    bool is_timeline = events->n_own > EVENT_ROWS_ELAPSED;
    if (events->form != LISTING_TABLE) {
        listing_time(&events->rows, time_us);
        return;
    }
    (void)(is_timeline ? local_time_format : local_time_seconds)(time_us, text);
    size_t size = strlen(text);
    text[size] = '*';
    listing_text(&events->rows, span_of(text, size + is_arrival));
    events->arrivals |= is_arrival;
}

static bool is_cut(const struct event_rows *events)
{
    return events->rows.columns_max != SIZE_MAX && events->n_own == EVENT_ROWS_ELAPSED;
}

static void add_sentence(struct event_rows *events, const struct event *event)
{
    buf_clear(&events->line);
    if (listing_wants(&events->rows, EVENT_ROWS_WHAT)) {
        event_sentence_add(&events->line, event,
                           is_cut(events) ? TERMINAL_SENTENCE_MAX : SENTENCE_MAX);
    }
    events->rows.text.failed |= !buf_ok(&events->line);
    listing_text(&events->rows, buf_span(&events->line));
    buf_clear(&events->line);
}

static bool is_number(const struct event_field *field)
{
    struct span value = field->value;
    char c = value.size > 0 ? value.data[value.data[0] == '-' && value.size > 1] : '\0';
    return field->kind == EVENT_BOOL || (field->kind == EVENT_NUMBER && c >= '0' && c <= '9');
}

/* All values of a field: one as it is, several as a list. */
static bool add_field(struct listing *rows, const struct event *event, struct span name)
{
    VEC(struct span) values = {0};
    const struct event_field *first = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < event->n_fields; i++) {
        if (span_equal(event->fields[i].path, name)) {
            first = first ? first : &event->fields[i];
            ok = vec_push(&values, event->fields[i].value);
        }
    }
    bool is_there = first != NULL;
    rows->text.failed |= !ok;
    if (values.count > 1) {
        listing_list(rows, values.items, values.count);
    } else if (is_there && is_number(first)) {
        listing_verbatim(rows, first->value);
    } else {
        listing_text(rows, is_there ? first->value : span_of(NULL, 0));
    }
    vec_fini(&values);
    return is_there;
}

static void add_cells(struct event_rows *events, const struct event_rows_item *item,
                      const struct event *event)
{
    struct listing *rows = &events->rows;
    struct event_summary summary = event_summary_of(event);
    add_time(events, item->time_us, event->time_is_arrival);
    listing_str(rows, event_severity_text(summary.severity));
    listing_colour(rows, severity_colour(summary.severity));
    listing_text(rows, summary.type);
    listing_text(rows, summary.code);
    listing_text(rows, summary.actor);
    listing_text(rows, summary.address);
    listing_text(rows, summary.target);
    listing_text(rows, event->uid);
    add_sentence(events, event);
    listing_str(rows, event->time_is_arrival ? "arrival-time" : NULL);
    listing_time(rows, item->received_us);
    if (events->n_own > EVENT_ROWS_ELAPSED) {
        listing_str(rows, item->elapsed);
    }
    for (size_t i = events->n_own; i < events->n_columns; i++) {
        events->has_value[i] |= add_field(rows, event, events->columns[i].name);
    }
}

enum status event_rows_add(struct event_rows *events, const struct event_rows_item *item,
                           struct err *err)
{
    struct event event = {0};
    if (events->own_bytes) {
        return add_bytes(events, item->raw, err);
    }
    arena_reset(&events->arena);
    if (!event_parse(item->raw, item->received_us, &events->arena, &event)) {
        return err_set(err, ERR_CORRUPT, "an event that cannot be read");
    }
    events->count++;
    add_cells(events, item, &event);
    return listing_next(&events->rows, err);
}

enum status event_rows_end(struct event_rows *events, struct err *err)
{
    if (!events->own_bytes) {
        return listing_end(&events->rows, err);
    }
    if (events->form == LISTING_JSON) {
        buf_add_str(&events->line, events->count > 0 ? "\n]\n" : "[]\n");
    }
    return flush_line(events, err);
}

void event_rows_notes(const struct event_rows *events, FILE *out)
{
    if (events->arrivals) {
        fprintf(out, "* the time of arrival: the event has none that can be believed\n");
    }
    for (size_t i = events->n_own; events->count > 0 && i < events->n_columns; i++) {
        if (!events->has_value[i]) {
            fprintf(out, "none of these events has a field \"%.*s\"\n",
                    SPAN_FMT(events->columns[i].name));
        }
    }
}
