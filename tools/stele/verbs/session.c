/* stele session: what happened in one session, from its first event to its last. */
#include <stdio.h>
#include <stdlib.h>

#include "query/language/parse.h"
#include "query/render/event_sentence.h"
#include "query/render/event_summary.h"
#include "query/render/render.h"
#include "query/render/terminal_text.h"
#include "schema/base/vec.h"
#include "tools/stele/cli/options.h"
#include "tools/stele/cli/table_cell.h"

enum {
    SESSION_EVENTS_MAX = 1000000,
    TYPE_COLUMNS = 30,
    ACTOR_COLUMNS = 24,
    SENTENCE_MAX = 1 << 20
};

/* One line of the timeline, kept until the head is known. */
struct line {
    int64_t time_us;
    struct span text;
};

struct session {
    struct arena arena;   /* the lines */
    struct arena scratch; /* of one event */
    VEC(struct line) lines;
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

static enum status add_line(struct session *session, const struct search_hit *hit,
                            const struct event *event)
{
    struct event_summary summary = event_summary_of(event);
    struct buf text = BUF_INIT;
    table_cell_add_padded(&text, summary.type, TYPE_COLUMNS);
    table_cell_add_padded(&text, summary.actor, ACTOR_COLUMNS);
    struct buf sentence = BUF_INIT;
    event_sentence_add(&sentence, event, SENTENCE_MAX);
    (void)terminal_text_add(&text, buf_span(&sentence), SIZE_MAX);
    text.failed |= !buf_ok(&sentence);
    buf_fini(&sentence);
    table_cell_trim(&text);
    struct span copy = arena_copy(&session->arena, buf_span(&text));
    bool ok =
        buf_ok(&text) && copy.data && vec_push(&session->lines, (struct line){hit->time_us, copy});
    buf_fini(&text);
    if (!ok) {
        return err_nomem(session->err, "session");
    }
    first_text(session, &session->who, summary.actor);
    first_text(session, &session->where, summary.target);
    first_text(session, &session->address, summary.address);
    first_text(session, &session->login, event_get(event, "login"));
    if (span_ends(summary.type, ".end")) {
        session->ended = arena_copy(&session->arena, summary.type);
    }
    return OK;
}

static bool add_hit(void *context, const struct search_hit *hit)
{
    struct session *session = context;
    struct event event;
    session->over = session->lines.count == SESSION_EVENTS_MAX;
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
    if (text.size > 0) {
        table_cell_print_labelled(8, label, text);
    }
}

static void print_session(const struct session *session, const char *sid)
{
    char text[40];
    int64_t first_us = session->lines.items[0].time_us;
    int64_t last_us = vec_last(&session->lines)->time_us;
    print_label("session", span_str(sid));
    print_label("who", session->who);
    print_label("login", session->login);
    print_label("where", session->where);
    print_label("address", session->address);
    printf("%-8s %s\n", "from", output_time(first_us).text);
    printf("%-8s %s%s\n", "until", output_time(last_us).text,
           session->ended.size > 0 ? "" : " (no end seen)");
    printf("%-8s %s, %zu events\n\n", "length", duration_text(last_us - first_us, text),
           session->lines.count);
    for (size_t i = 0; i < session->lines.count; i++) {
        const struct line *line = &session->lines.items[i];
        printf("%-27s +%-10s %.*s\n", output_time(line->time_us).text,
               duration_text(line->time_us - first_us, text), SPAN_FMT(line->text));
    }
}

static enum status run(struct options *options, int *out_code, struct err *err)
{
    const char *sid = options->words[0];
    struct session session = {.err = err};
    struct query *query = NULL;
    struct day_iterator *iterator = NULL;
    int64_t hits = 0;
    enum status status = parse_query_of_value(span_str("sid"), span_str(sid), &query, err);
    const struct search_run_options search = {
        .search = {.path = options->archive,
                   .query = query,
                   .from_us = INT64_MIN,
                   .to_us = INT64_MAX,
                   .oldest_first = true},
        .each = add_hit,
        .context = &session,
    };
    status = THEN(status, day_iterator_open(&search.search, &iterator, err));
    status = THEN(status, search_run_query(iterator, &search, &hits, err));
    day_iterator_close(iterator);
    parse_query_free(query);
    status = THEN(status, session.status);
    if (status == OK && session.lines.count == 0) {
        fprintf(stderr, "stele session: no event of session %s\n", sid);
        *out_code = 1;
    } else if (status == OK) {
        print_session(&session, sid);
    }
    if (session.over) {
        fprintf(stderr, "only the first %d events are shown\n", SESSION_EVENTS_MAX);
    }
    vec_fini(&session.lines);
    arena_fini(&session.arena);
    arena_fini(&session.scratch);
    return status;
}

const struct verb verb_session = {
    .name = "session",
    .summary = "print the timeline of one session",
    .words = {1, 1, "SID", "the id of one session"},
    .needs = VERB_NEEDS_ARCHIVE_OR_COPY,
    .run = run,
};
