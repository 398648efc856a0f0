#include "tools/stele/verbs/session_head.h"

#include <stdio.h>

#include "tools/stele/cli/output.h"
#include "tools/stele/cli/table_cell.h"

enum { LABEL_COLUMNS = 12 };

void session_head_fini(struct session_head *head)
{
    vec_fini(&head->people);
}

enum session_head_rank session_head_rank_of(struct span type)
{
    static const struct {
        const char *type;
        enum session_head_rank rank;
    } ranks[] = {
        {"session.recording.access", SESSION_HEAD_AFTER},
        {"session.upload", SESSION_HEAD_AFTER},
        {"session.summarized", SESSION_HEAD_AFTER},
        {"session.command", SESSION_HEAD_RECORDED},
        {"session.disk", SESSION_HEAD_RECORDED},
        {"session.network", SESSION_HEAD_RECORDED},
        {"session.process_exit", SESSION_HEAD_RECORDED},
    };
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        if (span_is(type, ranks[i].type)) {
            return ranks[i].rank;
        }
    }
    return span_ends(type, "session.start") ? SESSION_HEAD_START
           : span_ends(type, "session.end") ? SESSION_HEAD_END
                                            : SESSION_HEAD_DURING;
}

static bool keep_word(struct session_head *head, struct session_head_word *word, struct span text,
                      enum session_head_rank rank)
{
    if (text.size > 0 && rank > SESSION_HEAD_AFTER && (!word->text.data || rank > word->rank)) {
        *word = (struct session_head_word){arena_copy(head->arena, text), rank};
        return word->text.data != NULL;
    }
    return true;
}

static bool add_person(struct session_head *head, struct span name)
{
    for (size_t i = 0; i < head->people.count; i++) {
        if (span_equal(head->people.items[i], name)) {
            return true;
        }
    }
    if (name.size == 0 || head->people.count == SESSION_HEAD_PEOPLE_MAX) {
        head->more_people |= name.size > 0;
        return true;
    }
    struct span copy = arena_copy(head->arena, name);
    return copy.data && vec_push(&head->people, copy);
}

static bool add_people(struct session_head *head, const struct event *event,
                       const struct event_summary *summary, enum session_head_rank rank)
{
    bool joins = rank == SESSION_HEAD_START || span_is(summary->type, "session.join");
    bool ok = !joins || add_person(head, summary->actor);
    for (size_t i = 0; ok && rank == SESSION_HEAD_END && i < event->n_fields; i++) {
        ok = !span_is(event->fields[i].path, "participants") ||
             add_person(head, event->fields[i].value);
    }
    return ok;
}

/* An end event also says when the session began. */
static void add_end(struct session_head *head, const struct event *event)
{
    int64_t start_us;
    bool says_start = clock_parse_rfc3339(event_get(event, "session_start"), &start_us) &&
                      start_us >= EVENT_TIME_MIN_US && start_us <= event->time_us;
    if (says_start && !head->has_start) {
        head->start_us = start_us;
    }
    bool is_last = !head->has_end || event->time_us > head->end_us;
    head->end_us = is_last ? event->time_us : head->end_us;
    head->has_end = true;
}

static void add_time(struct session_head *head, const struct event *event,
                     enum session_head_rank rank)
{
    bool inside = rank > SESSION_HEAD_AFTER;
    if (!head->has_event || (inside && !head->has_inside)) {
        head->first_us = event->time_us;
        head->last_us = event->time_us;
    } else if (inside || !head->has_inside) {
        head->first_us = event->time_us < head->first_us ? event->time_us : head->first_us;
        head->last_us = event->time_us > head->last_us ? event->time_us : head->last_us;
    }
    head->has_event = true;
    head->has_inside |= inside;
    if (rank == SESSION_HEAD_START && (!head->has_start || event->time_us < head->start_us)) {
        head->start_us = event->time_us;
        head->has_start = true;
    } else if (rank == SESSION_HEAD_END) {
        add_end(head, event);
    }
}

bool session_head_add(struct session_head *head, const struct event *event,
                      const struct event_summary *summary)
{
    enum session_head_rank rank = session_head_rank_of(summary->type);
    add_time(head, event, rank);
    if (span_is(summary->type, "session.upload")) {
        struct span url = event_get(event, "url");
        url = url.size > 0 ? url : event_get(event, "session_url");
        head->uploads++;
        if (url.size > 0 && head->upload.size == 0) {
            head->upload = arena_copy(head->arena, url);
            return head->upload.data != NULL;
        }
        return true;
    }
    struct span where =
        rank == SESSION_HEAD_RECORDED ? event_get(event, "server_hostname") : summary->target;
    return keep_word(head, &head->who, summary->actor, rank) &&
           keep_word(head, &head->login, event_get(event, "login"), rank) &&
           keep_word(head, &head->where, where, rank) &&
           keep_word(head, &head->address, summary->address, rank) &&
           keep_word(head, &head->recording, event_get(event, "session_recording"), rank) &&
           add_people(head, event, summary, rank);
}

int64_t session_head_from_us(const struct session_head *head)
{
    return head->start_us ? head->start_us : head->first_us;
}

int64_t session_head_until_us(const struct session_head *head)
{
    return head->has_end ? head->end_us : head->last_us;
}

const char *session_head_duration(int64_t us, char out[40])
{
    int64_t tenths = (us < 0 ? -us : us) / 100000;
    int64_t seconds = tenths / 10;
    (void)snprintf(out, 40, "%s%lld:%02lld:%02lld.%lld", us < 0 ? "-" : "",
                   (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
                   (long long)(seconds % 60), (long long)(tenths % 10));
    return out;
}

static void print_word(const char *label, struct span text)
{
    if (text.size > 0) {
        table_cell_print_labelled(LABEL_COLUMNS, label, text);
    }
}

/* Only when they are more than the one who held it. */
static void print_people(const struct session_head *head)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < head->people.count; i++) {
        buf_add_str(&text, i > 0 ? ", " : "");
        buf_add_span(&text, head->people.items[i]);
    }
    buf_add_str(&text, head->more_people ? " and others" : "");
    if (head->people.count > 1 || !span_equal(buf_span(&text), head->who.text)) {
        print_word("participants", buf_span(&text));
    }
    buf_fini(&text);
}

void session_head_recording(const struct session_head *head, struct buf *out)
{
    struct span mode = head->recording.text;
    buf_add_span(out, mode);
    if (head->uploads > 0) {
        buf_printf(out, "%suploaded", mode.size > 0 ? ", " : "");
        buf_add_str(out, head->upload.size > 0 ? " to " : "");
        buf_add_span(out, head->upload);
    } else if (mode.size > 0 && !span_is(mode, "off")) {
        buf_add_str(out, " (no upload seen)");
    }
    if (head->uploads > 1) {
        buf_printf(out, " and %zu more", head->uploads - 1);
    }
}

static void print_recording(const struct session_head *head)
{
    struct buf text = BUF_INIT;
    session_head_recording(head, &text);
    print_word("recording", buf_span(&text));
    buf_fini(&text);
}

void session_head_add_json(const struct session_head *head, const char *sid,
                           struct json_writer *json)
{
    struct buf recording = BUF_INIT;
    session_head_recording(head, &recording);
    json_text(json, "session", sid);
    json_span(json, "who", head->who.text);
    json_array(json, "participants");
    for (size_t i = 0; i < head->people.count; i++) {
        json_span(json, NULL, head->people.items[i]);
    }
    json_end(json);
    json_span(json, "login", head->login.text);
    json_span(json, "where", head->where.text);
    json_span(json, "address", head->address.text);
    json_span(json, "recording", buf_span(&recording));
    json_time(json, "from", session_head_from_us(head));
    json_bool(json, "start_seen", head->has_start);
    json_time(json, "until", session_head_until_us(head));
    json_bool(json, "end_seen", head->has_end);
    json_double(json, "seconds",
                (double)(session_head_until_us(head) - session_head_from_us(head)) / 1e6);
    buf_fini(&recording);
}

void session_head_print(const struct session_head *head, const char *sid, size_t count)
{
    char text[40];
    int64_t from_us = session_head_from_us(head);
    int64_t until_us = session_head_until_us(head);
    print_word("session", span_str(sid));
    print_word("who", head->who.text);
    print_people(head);
    print_word("login", head->login.text);
    print_word("where", head->where.text);
    print_word("address", head->address.text);
    print_recording(head);
    printf("%-*s %s%s\n", LABEL_COLUMNS, "from", output_time(from_us).text,
           head->has_start || head->start_us ? "" : " (no start seen)");
    printf("%-*s %s%s\n", LABEL_COLUMNS, "until", output_time(until_us).text,
           head->has_end ? "" : " (no end seen)");
    printf("%-*s %s, %s\n\n", LABEL_COLUMNS, "length",
           session_head_duration(until_us - from_us, text),
           output_count((int64_t)count, "event").text);
}
