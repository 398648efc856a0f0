/* stele session: what happened in one session, from its first event to its last. */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "query/render/event_summary.h"
#include "query/render/render.h"
#include "query/render/terminal_text.h"
#include "tools/stele/cli/query_args.h"

const struct verb verb_session;

enum { SESSION_EVENTS_MAX = 1000000, TYPE_COLUMNS = 30, ACTOR_COLUMNS = 24 };

/* One line of the timeline, kept until the head is known. */
struct line {
    int64_t time_us;
    struct span text;
};

struct session {
    struct options options;
    struct arena arena;   /* the lines */
    struct arena scratch; /* of one event */
    struct line *lines;
    size_t count;
    size_t capacity;
    bool over; /* there are more than SESSION_EVENTS_MAX */
    struct span who;
    struct span where;
    struct span address;
    struct span login;
    struct span ended; /* type of the last event that ends a session */
    enum status status;
    struct err *err;
};

static void first_text(struct session *session, struct span *kept, struct span text)
{
    if (kept->size == 0 && text.size > 0) {
        *kept = arena_copy(&session->arena, text);
    }
}

/* Command and its arguments, a path with where it went to, or what else there is. */
static void add_detail(const struct event *event, const struct event_summary *summary,
                       struct buf *out)
{
    static const char *const more[] = {"argv", "target_path", "dst_addr", "dst_port", "exitCode"};
    (void)terminal_text_add(out, summary->detail, SIZE_MAX);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        for (size_t f = 0; f < event->n_fields; f++) {
            if (span_is(event->fields[f].path, more[i])) {
                buf_add_str(out, i == 0 ? " " : i == 1 ? " -> " : "  ");
                buf_printf(out, "%s", i > 1 ? more[i] : "");
                buf_add_str(out, i > 1 ? "=" : "");
                (void)terminal_text_add(out, event->fields[f].value, SIZE_MAX);
            }
        }
    }
}

static void add_column(struct buf *out, struct span text, size_t columns)
{
    size_t used = terminal_text_add(out, text, columns);
    for (; used < columns + 2; used++) {
        buf_add_char(out, ' ');
    }
}

static enum status add_line(struct session *session, const struct search_hit *hit,
                            const struct event *event)
{
    if (session->count == session->capacity) {
        size_t capacity = session->capacity ? session->capacity * 2 : 256;
        struct line *lines = realloc(session->lines, capacity * sizeof *lines);
        if (!lines) {
            return err_nomem(session->err, "session");
        }
        session->lines = lines;
        session->capacity = capacity;
    }
    struct event_summary summary = event_summary_of(event);
    struct buf text = BUF_INIT;
    add_column(&text, summary.type, TYPE_COLUMNS);
    add_column(&text, summary.actor, ACTOR_COLUMNS);
    add_detail(event, &summary, &text);
    struct span copy = arena_copy(&session->arena, buf_span(&text));
    bool ok = buf_ok(&text) && copy.data;
    buf_fini(&text);
    if (!ok) {
        return err_nomem(session->err, "session");
    }
    session->lines[session->count++] = (struct line){hit->time_us, copy};
    first_text(session, &session->who, summary.actor);
    first_text(session, &session->where, summary.target);
    first_text(session, &session->address, summary.address);
    first_text(session, &session->login, event_get(event, "login"));
    if (span_ends(summary.type, ".end")) {
        session->ended = arena_copy(&session->arena, summary.type);
    }
    return OK;
}

static bool take_hit(void *context, const struct search_hit *hit)
{
    struct session *session = context;
    struct event event;
    session->over = session->count == SESSION_EVENTS_MAX;
    if (session->over) {
        return false;
    }
    arena_reset(&session->scratch);
    session->status =
        event_parse(hit->raw, hit->received_us, &session->scratch, &event)
            ? add_line(session, hit, &event)
            : err_set(session->err, ERR_CORRUPT, "session: an event that cannot be read");
    return session->status == OK;
}

/* "1:02:03.4" */
static const char *duration_text(int64_t us, char out[40])
{
    int64_t tenths = us / 100000;
    int64_t seconds = tenths / 10;
    (void)snprintf(out, 40, "%lld:%02lld:%02lld.%lld", (long long)(seconds / 3600),
                   (long long)(seconds / 60 % 60), (long long)(seconds % 60),
                   (long long)(tenths % 10));
    return out;
}

static void print_label(const char *label, struct span text)
{
    struct buf shown = BUF_INIT;
    (void)terminal_text_add(&shown, text, SIZE_MAX);
    if (text.size > 0) {
        printf("%-8s %.*s\n", label, SPAN_FMT(buf_span(&shown)));
    }
    buf_fini(&shown);
}

static void print_session(const struct session *session, const char *sid)
{
    char time[CLOCK_TEXT_BYTES];
    char text[40];
    int64_t first_us = session->lines[0].time_us;
    int64_t last_us = session->lines[session->count - 1].time_us;
    print_label("session", span_str(sid));
    print_label("who", session->who);
    print_label("login", session->login);
    print_label("where", session->where);
    print_label("address", session->address);
    printf("%-8s %s\n", "from", clock_format(first_us, time));
    printf("%-8s %s%s\n", "until", clock_format(last_us, time),
           session->ended.size > 0 ? "" : " (no end seen)");
    printf("%-8s %s, %zu events\n\n", "length", duration_text(last_us - first_us, text),
           session->count);
    for (size_t i = 0; i < session->count; i++) {
        const struct line *line = &session->lines[i];
        struct span shown = line->text;
        while (shown.size > 0 && shown.data[shown.size - 1] == ' ') {
            shown.size--;
        }
        printf("%-27s +%-10s %.*s\n", clock_format(line->time_us, time),
               duration_text(line->time_us - first_us, text), SPAN_FMT(shown));
    }
}

static int run_session(struct session *session, struct query *query, const char *path,
                       const char *sid)
{
    struct err err;
    struct day_iterator *iterator = NULL;
    session->err = &err;
    struct search_run_options run = {
        .search = {.path = path,
                   .query = query,
                   .from_us = INT64_MIN,
                   .to_us = INT64_MAX,
                   .oldest_first = true},
        .each = take_hit,
        .context = session,
    };
    int64_t hits = 0;
    enum status status = day_iterator_open(&run.search, &iterator, &err);
    status = THEN(status, search_run_query(iterator, &run, &hits, &err));
    day_iterator_close(iterator);
    status = THEN(status, session->status);
    if (status != OK) {
        return options_fail(&verb_session, &err);
    }
    if (session->count == 0) {
        fprintf(stderr, "stele session: no event of session %s\n", sid);
        return 1;
    }
    print_session(session, sid);
    if (session->over) {
        fprintf(stderr, "only the first %d events are shown\n", SESSION_EVENTS_MAX);
    }
    return 0;
}

static int session_run(int argc, char **argv)
{
    struct session session = {0};
    int code = options_read(&session.options, &verb_session, NULL, 0, argc, argv);
    if (code != OPTIONS_GO_ON) {
        return code;
    }
    if (session.options.n_words != 1) {
        return options_misuse(&verb_session, "wants one session id");
    }
    const char *path = options_archive(&session.options);
    if (!path) {
        return status_exit_code(ERR_USAGE);
    }
    const char *sid = session.options.words[0];
    struct query *query = NULL;
    struct err err;
    if (parse_query_of_value(span_str("sid"), span_str(sid), &query, &err) != OK) {
        return options_fail(&verb_session, &err);
    }
    code = run_session(&session, query, path, sid);
    parse_query_free(query);
    free(session.lines);
    arena_fini(&session.arena);
    arena_fini(&session.scratch);
    return code;
}

const struct verb verb_session = {
    .name = "session",
    .usage = "SID [OPTION]...",
    .summary = "print the timeline of one session",
    .run = session_run,
};
