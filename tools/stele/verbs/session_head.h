/* The head of a session: who held it, where, when, and what became of its recording; gathered from
 * its events, in any order. One thread. */
#ifndef TOOLS_STELE_VERBS_SESSION_HEAD_H
#define TOOLS_STELE_VERBS_SESSION_HEAD_H

#include "query/render/event_summary.h"
#include "schema/base/vec.h"
#include "schema/text/json_writer.h"

enum { SESSION_HEAD_PEOPLE_MAX = 50 };

/* How much an event's word about its session counts; the highest one is taken, and of equals the
 * first. */
enum session_head_rank {
    SESSION_HEAD_AFTER,    /* comes when the session may be over: upload, watched, summarized */
    SESSION_HEAD_RECORDED, /* of enhanced recording: its addresses are those of the connection */
    SESSION_HEAD_DURING,
    SESSION_HEAD_END,
    SESSION_HEAD_START
};

struct session_head_word {
    struct span text;
    enum session_head_rank rank;
};

struct session_head {
    struct arena *arena; /* all texts: of the caller, who sets it */
    struct session_head_word who;
    struct session_head_word login;
    struct session_head_word where;
    struct session_head_word address;
    struct session_head_word recording; /* "node", "proxy-sync", "off", ... */
    struct span upload;                 /* where the recording went: the first one */
    size_t uploads;
    VEC(struct span) people; /* at most SESSION_HEAD_PEOPLE_MAX, each once */
    bool more_people;
    bool has_start;
    bool has_end;
    bool has_event;
    bool has_inside;  /* an event that did not come after */
    int64_t start_us; /* of the start event; without one what the end event says; 0 */
    int64_t end_us;   /* of the last end event */
    int64_t first_us; /* of the events that did not come after; of all when there are none */
    int64_t last_us;
};

void session_head_fini(struct session_head *head);

enum session_head_rank session_head_rank_of(struct span type);

/* False: out of memory. */
MUST_USE bool session_head_add(struct session_head *head, const struct event *event,
                               const struct event_summary *summary);

/* When it began and ended, as far as its events tell. */
int64_t session_head_from_us(const struct session_head *head);
int64_t session_head_until_us(const struct session_head *head);

/* "node, uploaded to s3://...", appended. */
void session_head_recording(const struct session_head *head, struct buf *out);

/* Prints it on stdout; `count` is the number of its events. */
void session_head_print(const struct session_head *head, const char *sid, size_t count);
/* The same as members of the object that is open. */
void session_head_add_json(const struct session_head *head, const char *sid,
                           struct json_writer *json);

/* "1:02:03.4" */
const char *session_head_duration(int64_t us, char out[40]);

#endif
