/* The inbox is read once, in one read transaction. An event that stands in it twice counts once:
 * what makes events the same is kept for all of them while it is read, and the events themselves
 * only if they satisfy the query. By the thread that opens it; then any thread may ask for the
 * events of a day. */
#include "query/search/inbox_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "query/language/match.h"
#include "schema/archive/inbox.h"
#include "schema/base/index_table.h"
#include "schema/base/vec.h"
#include "schema/event/source.h"

struct inbox_scan {
    const struct query *query;
    struct arena arena;   /* what is n */
    struct arena text;    /* of a row that had to be copied */
    struct arena scratch; /* of one event */
    VEC(struct inbox_scan_event) events;
    /* What makes events the same, of all in the inbox: without fields, raw only without a uid. */
    VEC(struct event) seen;
    struct index_table seen_table; /* by identity */
    bool *has_field;
    bool any; /* some event is in the inbox */
};

/* *out_seen: an event before it was the same; else it is n for those that come. */
static enum status is_seen(struct inbox_scan *scan, const struct event *event, bool *out_seen,
                           struct err *err)
{
    uint32_t hash = event_identity_hash(event);
    for (struct index_table_probe probe = index_table_probe(&scan->seen_table, hash);
         index_table_next(&probe);) {
        if (event_same(vec_at(&scan->seen, probe.number), event)) {
            *out_seen = true;
            return OK;
        }
    }
    struct event copy = *event;
    bool has_uid = event->uid.size > 0;
    copy.fields = NULL;
    copy.n_fields = 0;
    copy.uid = arena_copy(&scan->arena, event->uid);
    copy.type = arena_copy(&scan->arena, event->type);
    copy.code = arena_copy(&scan->arena, event->code);
    copy.raw = has_uid ? span_of(NULL, 0) : arena_copy(&scan->arena, event->raw);
    *out_seen = false;
    return copy.uid.data && copy.type.data && copy.code.data && (has_uid || copy.raw.data) &&
                   index_table_add(&scan->seen_table, hash, (uint32_t)scan->seen.count) &&
                   vec_push(&scan->seen, copy)
               ? OK
               : err_nomem(err, "search");
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

static void note_fields(struct inbox_scan *scan, const struct event *event)
{
    for (size_t i = 0; i < scan->query->n_leaves; i++) {
        struct span wanted = scan->query->leaves[i]->field;
        for (size_t f = 0; f < event->n_fields && !scan->has_field[i]; f++) {
            scan->has_field[i] = span_equal(event->fields[f].path, wanted);
        }
    }
}

static enum status add_event(struct inbox_scan *scan, const struct inbox_row *row,
                             struct span source, uint32_t part, struct span raw, struct err *err)
{
    struct inbox_scan_event event = {.row = row->id, .part = part, .received_us = row->received_us};
    struct span copy = arena_copy(&scan->arena, raw);
    event.source = arena_copy(&scan->arena, source);
    if (!copy.data || !event.source.data ||
        !event_parse(copy, row->received_us, &scan->arena, &event.event)) {
        return err_nomem(err, "search");
    }
    enum status status =
        add_reserved(&scan->arena, event.source, row->source.session_stream, &event.event, err);
    return status != OK || vec_push(&scan->events, event) ? status : err_nomem(err, "search");
}

static enum status read_row(struct inbox_scan *scan, const struct inbox_row *row, int64_t from_us,
                            int64_t to_us, struct err *err)
{
    struct buf source = BUF_INIT;
    source_text(&row->source, &source);
    struct event_reader reader;
    arena_reset(&scan->text);
    arena_reset(&scan->scratch);
    enum status status = buf_status(&source, "search", err);
    if (status == OK && !event_reader_init(&reader, row->body, row->received_us, &scan->text)) {
        status = err_nomem(err, "search");
    }
    reader.arena = &scan->scratch;
    uint32_t part = 0;
    struct event event;
    enum event_fault fault;
    bool no_memory = false;
    while (status == OK && event_reader_next(&reader, &event, &fault, &no_memory)) {
        bool seen = true;
        if (fault == EVENT_FAULT_NONE) {
            status = is_seen(scan, &event, &seen, err);
        }
        if (status == OK && !seen) {
            status = add_reserved(&scan->scratch, buf_span(&source), row->source.session_stream,
                                  &event, err);
        }
        if (status == OK && !seen) {
            note_fields(scan, &event);
            scan->any = true;
            if (event.time_us >= from_us && event.time_us < to_us &&
                match_event(scan->query->root, &event)) {
                status = add_event(scan, row, buf_span(&source), part, event.raw, err);
            }
        }
        part++;
        arena_reset(&scan->scratch);
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

static enum status read_inbox(struct inbox_scan *scan, struct archive *archive, int64_t from_us,
                              int64_t to_us, struct err *err)
{
    enum status status = archive_read_begin(archive, err);
    if (status != OK) {
        return status;
    }
    struct archive_cursor *cursor = NULL;
    status = inbox_cursor_open(archive, 0, &cursor, err);
    for (bool end = false; status == OK && !end;) {
        struct inbox_row row;
        status = inbox_cursor_next(cursor, &row, &end, err);
        if (status == OK && !end) {
            status = read_row(scan, &row, from_us, to_us, err);
        }
    }
    archive_cursor_close(cursor);
    archive_read_end(archive);
    return status;
}

enum status inbox_scan_open(struct archive *archive, const struct query *query, int64_t from_us,
                            int64_t to_us, struct inbox_scan **out_scan, struct err *err)
{
    struct inbox_scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return err_nomem(err, "search");
    }
    scan->query = query;
    scan->has_field = calloc(query->n_leaves + 1, sizeof *scan->has_field);
    enum status status =
        scan->has_field ? read_inbox(scan, archive, from_us, to_us, err) : err_nomem(err, "search");
    if (status != OK) {
        inbox_scan_close(scan);
        return status;
    }
    vec_sort(&scan->events, compare_events);
    vec_fini(&scan->seen);
    index_table_fini(&scan->seen_table);
    *out_scan = scan;
    return OK;
}

void inbox_scan_close(struct inbox_scan *scan)
{
    if (scan) {
        arena_fini(&scan->arena);
        arena_fini(&scan->text);
        arena_fini(&scan->scratch);
        vec_fini(&scan->events);
        vec_fini(&scan->seen);
        index_table_fini(&scan->seen_table);
        free(scan->has_field);
        free(scan);
    }
}

const struct inbox_scan_event *inbox_scan_events(const struct inbox_scan *scan, size_t *out_count)
{
    *out_count = scan->events.count;
    return scan->events.items;
}

bool inbox_scan_any(const struct inbox_scan *scan)
{
    return scan->any;
}

bool inbox_scan_has_field(const struct inbox_scan *scan, size_t leaf)
{
    return scan->has_field[leaf];
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
    size_t n_left = 0;
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
                events[n_left++] = events[at + i];
            }
        }
    }
    free(chunk);
    *count = n_left;
    return status;
}

enum status inbox_scan_of_day(const struct inbox_scan *scan, int64_t day_us,
                              struct segment *segment, const struct inbox_scan_event ***out_events,
                              size_t *out_count, struct err *err)
{
    const struct inbox_scan_event **events =
        malloc((scan->events.count + 1) * sizeof(const struct inbox_scan_event *));
    if (!events) {
        return err_nomem(err, "search");
    }
    size_t count = 0;
    for (size_t i = 0; i < scan->events.count; i++) {
        if (clock_day_start(scan->events.items[i].event.time_us) == day_us) {
            events[count++] = &scan->events.items[i];
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
