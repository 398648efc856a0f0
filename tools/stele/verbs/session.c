/* stele session: what happened in one session, from its first event to its last. The requests of an
 * application are in chunks of the session: their events name the chunk, and the session's own
 * events say which chunks are its. */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "query/render/event_rows.h"
#include "query/search/search_run.h"
#include "tools/stele/cli/query_args.h"
#include "tools/stele/cli/row_output.h"
#include "tools/stele/verbs/session_head.h"

enum {
    EVENTS_MAX = 1000000,
    CHUNKS_MAX = 500, /* of which one query asks; its text may have QUERY_BYTES_MAX */
    CHUNK_BYTES_MAX = 50
};

/* One event of the timeline, kept until all are there. */
struct line {
    int64_t time_us;
    int64_t received_us;
    uint64_t ei;
    bool starts; /* is of the event that starts the session */
    size_t number;
    struct span raw;
};

struct session {
    const char *path;
    struct session_head head;
    struct arena arena;   /* the events, the head, and the names of chunks */
    struct arena scratch; /* of one event */
    VEC(struct line) lines;
    VEC(struct span) chunks;
    bool over;        /* there are more than EVENTS_MAX */
    bool over_chunks; /* there are more chunks than are asked for */
    enum status status;
    struct err *err;
};

static void session_fini(struct session *session)
{
    vec_fini(&session->lines);
    vec_fini(&session->chunks);
    session_head_fini(&session->head);
    arena_fini(&session->arena);
    arena_fini(&session->scratch);
}

/* The event's number in its session. Not a number: 0, as of events that are not numbered. */
static uint64_t number_of(const struct event *event)
{
    struct span ei = event_get(event, "ei");
    uint64_t number = 0;
    for (size_t i = 0; i < ei.size && i < 18 && ei.data[i] >= '0' && ei.data[i] <= '9'; i++) {
        number = number * 10 + (uint64_t)(ei.data[i] - '0');
    }
    return number;
}

static bool add_chunk(struct session *session, const struct event *event)
{
    struct span chunk = event_get(event, "session_chunk_id");
    if (chunk.size == 0 || !span_is(event->type, "app.session.chunk")) {
        return true;
    }
    if (session->chunks.count == CHUNKS_MAX || chunk.size > CHUNK_BYTES_MAX) {
        session->over_chunks = true;
        return true;
    }
    struct span copy = arena_copy(&session->arena, chunk);
    return copy.data && vec_push(&session->chunks, copy);
}

static bool add_line(struct session *session, const struct search_hit *hit,
                     const struct event *event)
{
    struct event_summary summary = event_summary_of(event);
    struct line line = {.time_us = hit->time_us,
                        .received_us = hit->received_us,
                        .ei = number_of(event),
                        .starts = session_head_rank_of(summary.type) == SESSION_HEAD_START,
                        .number = session->lines.count,
                        .raw = arena_copy(&session->arena, hit->raw)};
    return line.raw.data && vec_push(&session->lines, line) && add_chunk(session, event) &&
           session_head_add(&session->head, event, &summary);
}

static bool add_hit(void *context, const struct search_hit *hit)
{
    struct session *session = context;
    struct event event;
    session->over = session->lines.count == EVENTS_MAX;
    if (session->over) {
        return false;
    }
    arena_reset(&session->scratch);
    if (!event_parse(hit->raw, hit->received_us, &session->scratch, &event)) {
        session->status =
            err_set(session->err, ERR_CORRUPT, "session: an event that cannot be read");
    } else if (!add_line(session, hit, &event)) {
        session->status = err_nomem(session->err, "session");
    }
    return session->status == OK;
}

/* (sid:(A OR B ...) OR session_chunk_id:(A OR B ...) OR stele.session:(...)), the last of which is
 * the session that the path of a stream named */
static void add_any_of(struct buf *query, const struct span *ids, size_t count)
{
    static const char *const fields[] = {"(sid:(", " OR session_chunk_id:(", " OR stele.session:("};
    for (size_t f = 0; f < 2; f++) {
        buf_add_str(query, fields[f]);
        for (size_t i = 0; i < count; i++) {
            buf_add_str(query, i > 0 ? " OR " : "");
            query_args_add_value(query, ids[i]);
        }
        buf_add_char(query, ')');
    }
    buf_add_char(query, ')');
}

static enum status find(struct session *session, const struct buf *text, struct err *err)
{
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    enum status status = buf_status(text, "session", err);
    status = THEN(status, parse_query(buf_span(text), 0, &query, NULL, err));
    const struct search_run_options search = {
        .search = {.path = session->path,
                   .query = query,
                   .from_us = INT64_MIN,
                   .to_us = INT64_MAX,
                   .oldest_first = true},
        .each = add_hit,
        .context = session,
    };
    status = THEN(status, day_iterator_open(&search.search, &iterator, err));
    status = THEN(status, search_run_query(iterator, &search, &hits, err));
    day_iterator_close(iterator);
    parse_query_free(query);
    return THEN(status, session->status);
}

/* Its own events, then those of its chunks that were not among them. */
static enum status find_all(struct session *session, struct span sid, struct err *err)
{
    struct buf text = BUF_INIT;
    add_any_of(&text, &sid, 1);
    enum status status = find(session, &text, err);
    if (status == OK && session->chunks.count > 0 && !session->over) {
        buf_clear(&text);
        add_any_of(&text, session->chunks.items, session->chunks.count);
        buf_add_str(&text, " NOT ");
        add_any_of(&text, &sid, 1);
        status = find(session, &text, err);
    }
    buf_fini(&text);
    return status;
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* By time; events of one millisecond by their number, as most have no more digits than that and
 * the streams of a session arrive side by side. */
static int in_order(const void *a, const void *b)
{
    const struct line *one = a;
    const struct line *two = b;
    int order = compare(one->time_us / 1000, two->time_us / 1000);
    order = order ? order : (one->ei > two->ei) - (one->ei < two->ei);
    order = order ? order : compare(one->time_us, two->time_us);
    order = order ? order : two->starts - one->starts;
    return order ? order : (one->number > two->number) - (one->number < two->number);
}

static enum status print_timeline(const struct session *session, const struct options *options,
                                  struct err *err)
{
    struct event_rows events;
    int64_t from_us = session_head_from_us(&session->head);
    enum status status =
        event_rows_begin_timeline(&events, row_output_form(options), options->columns, stdout, err);
    for (size_t i = 0; status == OK && i < session->lines.count; i++) {
        const struct line *line = &session->lines.items[i];
        char elapsed[41] = "+";
        const char *length = session_head_duration(line->time_us - from_us, elapsed + 1);
        const struct event_rows_item item = {.time_us = line->time_us,
                                             .received_us = line->received_us,
                                             .raw = line->raw,
                                             .elapsed = *length == '-' ? length : elapsed};
        status = event_rows_add(&events, &item, err);
    }
    status = THEN(status, event_rows_end(&events, err));
    if (status == OK) {
        (void)fflush(stdout);
        event_rows_notes(&events, stderr);
    }
    event_rows_fini(&events);
    return status;
}

/* The head; as JSON it holds the timeline, too. */
static enum status print_session(struct session *session, const struct options *options,
                                 struct err *err)
{
    const char *sid = options->words[0];
    struct buf out = BUF_INIT;
    struct json_writer json = {.out = &out};
    enum status status = OK;
    vec_sort(&session->lines, in_order);
    if (options->form == OUTPUT_TABLE) {
        session_head_print(&session->head, sid, session->lines.count);
    } else if (options->form == OUTPUT_JSON) {
        json_object(&json, NULL);
        session_head_add_json(&session->head, sid, &json);
        json_name(&json, "events");
        status = output_write(&out, err);
    }
    status = THEN(status, print_timeline(session, options, err));
    buf_add_str(&out, options->form == OUTPUT_JSON ? "}\n" : "");
    status = THEN(status, output_write(&out, err));
    buf_fini(&out);
    return status;
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    const char *sid = options->words[0];
    struct session session = {.path = options->archive, .err = err};
    session.head.arena = &session.arena;
    enum status status = find_all(&session, span_str(sid), err);
    if (status == OK && session.lines.count == 0) {
        fprintf(stderr, "stele session: no event of session %s\n", sid);
        *out_code = 1;
    } else if (status == OK) {
        status = print_session(&session, options, err);
    }
    if (session.over) {
        fprintf(stderr, "only the first %d events are shown\n", EVENTS_MAX);
    }
    if (session.over_chunks) {
        fprintf(stderr, "only the requests of the first %d chunks are shown\n", CHUNKS_MAX);
    }
    session_fini(&session);
    return status;
}

const struct verb verb_session = {
    .name = "session",
    .summary = "print the timeline of one session",
    .words = {1, 1, "SID", "the id of one session"},
    .forms = OUTPUT_ROWS,
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
