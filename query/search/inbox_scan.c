#include "query/search/inbox_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/match.h"
#include "schema/archive/inbox.h"
#include "schema/event/source.h"

/* What makes an event the same as another one, for all events of the inbox. */
struct seen_event {
    struct seen_event *next;
    struct event event; /* without fields; raw only when there is no uid */
};

enum { SEEN_BUCKETS = 65536 };

struct inbox_scan {
    const struct query *query;
    struct arena arena;   /* what is kept */
    struct arena text;    /* of a row that had to be copied */
    struct arena scratch; /* of one event */
    struct inbox_scan_event *events;
    size_t count;
    size_t capacity;
    struct seen_event **seen;
    bool *has_field;
    bool any; /* some event is in the inbox */
};

static enum status is_seen(struct inbox_scan *waiting, const struct event *event, bool *out_seen,
                           struct err *err)
{
    struct seen_event **bucket = &waiting->seen[event_identity_hash(event) % SEEN_BUCKETS];
    for (const struct seen_event *at = *bucket; at; at = at->next) {
        if (event_same(&at->event, event)) {
            *out_seen = true;
            return OK;
        }
    }
    struct seen_event *seen = arena_alloc(&waiting->arena, sizeof *seen);
    if (!seen) {
        return err_nomem(err, "search");
    }
    *seen = (struct seen_event){.next = *bucket, .event = *event};
    seen->event.fields = NULL;
    seen->event.n_fields = 0;
    seen->event.uid = arena_copy(&waiting->arena, event->uid);
    seen->event.type = arena_copy(&waiting->arena, event->type);
    seen->event.code = arena_copy(&waiting->arena, event->code);
    seen->event.raw =
        event->uid.size > 0 ? span_of(NULL, 0) : arena_copy(&waiting->arena, event->raw);
    bool ok = seen->event.uid.data && seen->event.type.data && seen->event.code.data &&
              (event->uid.size > 0 || seen->event.raw.data);
    *bucket = seen;
    *out_seen = false;
    return ok ? OK : err_nomem(err, "search");
}

/* The same fields that a segment keeps beside the event (schema/segment/segment.h). */
static enum status add_reserved(struct arena *arena, struct span source, bool session_stream,
                                struct event *event, struct err *err)
{
    struct event_field *fields = arena_alloc(arena, (event->n_fields + 3) * sizeof *fields);
    if (!fields) {
        return err_nomem(err, "search");
    }
    if (event->n_fields > 0) {
        memcpy(fields, event->fields, event->n_fields * sizeof *fields);
    }
    size_t n = event->n_fields;
    if (source.size > 0) {
        fields[n++] = (struct event_field){span_str(SOURCE_FIELD), source, EVENT_STRING};
    }
    if (event->time_is_arrival) {
        fields[n++] = (struct event_field){span_str(SOURCE_MARK_FIELD), span_str("arrival-time"),
                                           EVENT_STRING};
    }
    if (session_stream) {
        fields[n++] = (struct event_field){span_str(SOURCE_MARK_FIELD), span_str("session-stream"),
                                           EVENT_STRING};
    }
    event->fields = fields;
    event->n_fields = n;
    return OK;
}

static void note_fields(struct inbox_scan *waiting, const struct event *event)
{
    for (size_t i = 0; i < waiting->query->n_leaves; i++) {
        struct span wanted = waiting->query->leaves[i]->field;
        for (size_t f = 0; f < event->n_fields && !waiting->has_field[i]; f++) {
            waiting->has_field[i] = span_equal(event->fields[f].path, wanted);
        }
    }
}

static enum status keep(struct inbox_scan *waiting, const struct inbox_row *row, struct span source,
                        uint32_t part, struct span raw, struct err *err)
{
    if (waiting->count == waiting->capacity) {
        size_t capacity = waiting->capacity ? waiting->capacity * 2 : 256;
        struct inbox_scan_event *events = realloc(waiting->events, capacity * sizeof *events);
        if (!events) {
            return err_nomem(err, "search");
        }
        waiting->events = events;
        waiting->capacity = capacity;
    }
    struct inbox_scan_event *kept = &waiting->events[waiting->count];
    *kept =
        (struct inbox_scan_event){.row = row->id, .part = part, .received_us = row->received_us};
    struct span copy = arena_copy(&waiting->arena, raw);
    kept->source = arena_copy(&waiting->arena, source);
    if (!copy.data || !kept->source.data ||
        !event_parse(copy, row->received_us, &waiting->arena, &kept->event)) {
        return err_nomem(err, "search");
    }
    waiting->count++;
    return add_reserved(&waiting->arena, kept->source, row->source.session_stream, &kept->event,
                        err);
}

static enum status read_row(struct inbox_scan *waiting, const struct inbox_row *row,
                            int64_t from_us, int64_t to_us, struct err *err)
{
    struct buf source = BUF_INIT;
    source_text(&row->source, &source);
    struct event_reader reader;
    arena_reset(&waiting->text);
    arena_reset(&waiting->scratch);
    enum status status = buf_status(&source, "search", err);
    if (status == OK && !event_reader_init(&reader, row->body, row->received_us, &waiting->text)) {
        status = err_nomem(err, "search");
    }
    reader.arena = &waiting->scratch;
    uint32_t part = 0;
    struct event event;
    enum event_fault fault;
    bool no_memory = false;
    while (status == OK && event_reader_next(&reader, &event, &fault, &no_memory)) {
        bool seen = true;
        if (fault == EVENT_FAULT_NONE) {
            status = is_seen(waiting, &event, &seen, err);
        }
        if (status == OK && !seen) {
            status = add_reserved(&waiting->scratch, buf_span(&source), row->source.session_stream,
                                  &event, err);
        }
        if (status == OK && !seen) {
            note_fields(waiting, &event);
            waiting->any = true;
            if (event.time_us >= from_us && event.time_us < to_us &&
                match_event(waiting->query->root, &event)) {
                status = keep(waiting, row, buf_span(&source), part, event.raw, err);
            }
        }
        part++;
        arena_reset(&waiting->scratch);
    }
    buf_fini(&source);
    return status == OK && no_memory ? err_nomem(err, "search") : status;
}

static int compare_events(const void *a, const void *b)
{
    const struct inbox_scan_event *x = a;
    const struct inbox_scan_event *y = b;
    if (x->event.time_us != y->event.time_us) {
        return x->event.time_us < y->event.time_us ? -1 : 1;
    }
    if (x->row != y->row) {
        return x->row < y->row ? -1 : 1;
    }
    return (x->part > y->part) - (x->part < y->part);
}

static enum status read_inbox(struct inbox_scan *waiting, struct archive *archive, int64_t from_us,
                              int64_t to_us, struct err *err)
{
    enum status status = archive_read_begin(archive, err);
    if (status != OK) {
        return status;
    }
    struct inbox_cursor *cursor = NULL;
    status = inbox_cursor_open(archive, 0, &cursor, err);
    for (bool end = false; status == OK && !end;) {
        struct inbox_row row;
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status == OK && !end) {
            status = read_row(waiting, &row, from_us, to_us, err);
        }
    }
    inbox_cursor_close(cursor);
    archive_read_end(archive);
    return status;
}

enum status inbox_scan_open(struct archive *archive, const struct query *query, int64_t from_us,
                            int64_t to_us, struct inbox_scan **out_waiting, struct err *err)
{
    struct inbox_scan *waiting = calloc(1, sizeof *waiting);
    if (!waiting) {
        return err_nomem(err, "search");
    }
    waiting->query = query;
    waiting->seen = calloc(SEEN_BUCKETS, sizeof(struct seen_event *));
    waiting->has_field = calloc(query->n_leaves + 1, sizeof *waiting->has_field);
    enum status status = waiting->seen && waiting->has_field
                             ? read_inbox(waiting, archive, from_us, to_us, err)
                             : err_nomem(err, "search");
    if (status != OK) {
        inbox_scan_close(waiting);
        return status;
    }
    if (waiting->count > 0) {
        qsort(waiting->events, waiting->count, sizeof waiting->events[0], compare_events);
    }
    free(waiting->seen);
    waiting->seen = NULL;
    *out_waiting = waiting;
    return OK;
}

void inbox_scan_close(struct inbox_scan *waiting)
{
    if (waiting) {
        arena_fini(&waiting->arena);
        arena_fini(&waiting->text);
        arena_fini(&waiting->scratch);
        free(waiting->events);
        free(waiting->seen);
        free(waiting->has_field);
        free(waiting);
    }
}

const struct inbox_scan_event *inbox_scan_events(const struct inbox_scan *waiting,
                                                 size_t *out_count)
{
    *out_count = waiting->count;
    return waiting->events;
}

bool inbox_scan_any(const struct inbox_scan *waiting)
{
    return waiting->any;
}

bool inbox_scan_has_field(const struct inbox_scan *waiting, size_t leaf)
{
    return waiting->has_field[leaf];
}

/* Takes out of the events what the segment holds already. */
static enum status drop_known(struct segment *segment, const struct inbox_scan_event **events,
                              size_t *count, struct err *err)
{
    struct event *chunk = malloc(BLOCK_EVENTS_MAX * sizeof *chunk);
    if (!chunk) {
        return err_nomem(err, "search");
    }
    uint32_t hashes[BLOCK_EVENTS_MAX];
    size_t kept = 0;
    enum status status = OK;
    for (size_t at = 0, n; status == OK && at < *count; at += n) {
        n = *count - at < BLOCK_EVENTS_MAX ? *count - at : BLOCK_EVENTS_MAX;
        for (size_t i = 0; i < n; i++) {
            chunk[i] = events[at + i]->event;
            hashes[i] = event_identity_hash(&chunk[i]);
        }
        struct bitmap known;
        status = segment_duplicate_events(segment, chunk, hashes, n, &known, err);
        for (size_t i = 0; status == OK && i < n; i++) {
            if (!bitmap_get(&known, i)) {
                events[kept++] = events[at + i];
            }
        }
    }
    free(chunk);
    *count = kept;
    return status;
}

enum status inbox_scan_of_day(const struct inbox_scan *waiting, int64_t day_us,
                              struct segment *segment, const struct inbox_scan_event ***out_events,
                              size_t *out_count, struct err *err)
{
    const struct inbox_scan_event **events =
        malloc((waiting->count + 1) * sizeof(const struct inbox_scan_event *));
    if (!events) {
        return err_nomem(err, "search");
    }
    size_t count = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        if (clock_day_start(waiting->events[i].event.time_us) == day_us) {
            events[count++] = &waiting->events[i];
        }
    }
    enum status status = segment ? drop_known(segment, events, &count, err) : OK;
    if (status != OK) {
        free(events);
        return status;
    }
    *out_events = events;
    *out_count = count;
    return OK;
}
