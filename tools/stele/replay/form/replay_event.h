/* An event as the forms need it: its bytes, and the few fields that go into envelopes. Pure. */
#ifndef TOOLS_STELE_REPLAY_FORM_REPLAY_EVENT_H
#define TOOLS_STELE_REPLAY_FORM_REPLAY_EVENT_H

#include "schema/event/event.h"

struct replay_event {
    struct span raw;      /* the bytes as they came: one JSON object */
    int64_t time_us;      /* of the event, or its arrival */
    bool time_is_arrival; /* the event has no time that can be believed */
    struct span uid;      /* each of these unescaped; empty when there is none */
    struct span type;
    struct span code;
    struct span sid;
    struct span host;    /* server_hostname, else cluster_name */
    struct span cluster; /* cluster_name */
    bool has_timestamp;  /* has a field @timestamp of its own */
};

/* Reads the fields; their memory is the arena's and raw's. time_us is what the archive goes by.
 * ERR_NOMEM; ERR_CORRUPT: raw is not a JSON object. */
MUST_USE enum status replay_event_read(struct span raw, int64_t time_us, int64_t received_us,
                                       struct arena *arena, struct replay_event *out_event,
                                       struct err *err);

#endif
