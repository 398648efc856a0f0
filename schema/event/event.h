/* What an event is: one JSON object, kept as the bytes that came. The fields read from it are an
 * index into it and never the record. For events, cJSON is used in event.c alone. */
#ifndef SCHEMA_EVENT_EVENT_H
#define SCHEMA_EVENT_EVENT_H

#include "schema/base/arena.h"
#include "schema/base/clock.h"

/* Fields read from one event. What is over it stays in the bytes and is not searched; the event is
 * marked partial. Nesting is bounded by cJSON at 1,000 levels (deeper is not JSON for us). */
enum { EVENT_FIELDS_MAX = 32768 };

/* Times outside of [this, now + 1 day] count as no time: the arrival time stands in. */
#define EVENT_TIME_MIN_US INT64_C(1420070400000000) /* 2015-01-01 */

enum event_kind { EVENT_STRING, EVENT_NUMBER, EVENT_BOOL };

/* One scalar. Elements of an array carry the array's path; null and "" are left out. Path parts
 * are joined with a dot; keys that hold a dot (addr.remote) stand as they are. */
struct event_field {
    struct span path;
    struct span value; /* unescaped; numbers as text: integers plain, others as %.17g */
    enum event_kind kind;
};

struct event {
    struct span raw;      /* the object's bytes, as they came */
    int64_t time_us;      /* of `time` (schema/event/event_time.h), or the arrival time */
    bool time_is_arrival; /* no `time`, or one that is not believable */
    bool partial;         /* more than EVENT_FIELDS_MAX values */
    struct span uid;      /* as sent; empty when there is none */
    struct span type;     /* `event` */
    struct span code;
    struct event_field *fields;
    size_t n_fields;
};

/* Why a piece of a request is not an event. */
enum event_fault {
    EVENT_FAULT_NONE,
    EVENT_FAULT_NOT_JSON,   /* cannot be parsed */
    EVENT_FAULT_NOT_OBJECT, /* JSON, but not an object */
    EVENT_FAULT_BAD_UTF8,
    EVENT_FAULT_BAD_ENCODING, /* Content-Encoding does not unpack */
    /* of imports only */
    EVENT_FAULT_NO_TYPE,  /* an object without a string `event` */
    EVENT_FAULT_TEXT_LOG, /* a line of Teleport's own log in its form for people */
};
const char *event_fault_text(enum event_fault fault);

/* Cuts a request body into events: one object, objects one after the other (NDJSON or not), or
 * arrays of objects. A malformed record comes out with its fault and its bytes; reading goes
 * on behind it (at the next line, or the next element). White space and BOMs are skipped. */
struct event_reader {
    struct span body;
    struct span text; /* the body, or a copy of the same length that cJSON can read */
    size_t at;
    bool in_array;
    int64_t arrival_us;
    bool head_only;      /* of events, only raw, time, uid, type and code are wanted */
    struct arena *arena; /* of the events; may be another than the one of init */
};

/* False: out of memory (a body with \\u escapes is copied into the arena). */
MUST_USE bool event_reader_init(struct event_reader *reader, struct span body, int64_t arrival_us,
                                struct arena *arena);

/* The next piece. Returns false at the end. On true: *out_fault NONE and *out_event filled (its
 * memory is the body's and the arena's), or a fault and out_event->raw the piece's bytes. Sets
 * *out_nomem and returns false when memory is out. One thread at a time per arena. */
bool event_reader_next(struct event_reader *reader, struct event *out_event,
                       enum event_fault *out_fault, bool *out_nomem);

/* Sets where cJSON's memory comes from, for all threads: code that uses cJSON beside this calls it
 * first. Any thread. */
void event_json_ready(void);

/* Parses one object that is known to be one (a line of a block). False: not an object, or no
 * memory. */
MUST_USE bool event_parse(struct span raw, int64_t arrival_us, struct arena *arena,
                          struct event *out_event);

/* The same without its fields. */
MUST_USE bool event_parse_head(struct span raw, int64_t arrival_us, struct arena *arena,
                               struct event *out_event);

/* First value of the field, or the empty span. */
struct span event_get(const struct event *event, const char *path);

/* Who did it: the first of user, identity.user, user_name, reviewer, updated_by, user.user (in
 * events of devices up to version 12), bot_name and integration that the event has; empty when it
 * has none. */
struct span event_actor(const struct event *event);
/* The fields behind event_actor, in order, NULL-terminated. */
extern const char *const event_actor_fields[];

enum event_severity {
    EVENT_SEVERITY_NONE,
    EVENT_SEVERITY_INFO,
    EVENT_SEVERITY_WARN,
    EVENT_SEVERITY_ERROR,
    EVENT_SEVERITY_STOP
};
/* By the last letter of the code: I, W, E, S, any case. */
enum event_severity event_code_severity(struct span code);
const char *event_severity_text(enum event_severity severity);

/* What makes two arrivals the same event: uid (or, without one, the bytes). This is its hash, 24
 * bits, as blocks keep it; time, event and code are compared beside it. */
uint32_t event_identity_hash(const struct event *event);
/* True when both are the same event: same uid, time, type and code (arrival times that stand in are
 * not compared); without uid the same bytes. */
bool event_same(const struct event *a, const struct event *b);

#endif
