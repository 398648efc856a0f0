/* The few things of an event that one line for people has room for. */
#ifndef QUERY_RENDER_EVENT_SUMMARY_H
#define QUERY_RENDER_EVENT_SUMMARY_H

#include "schema/event/event.h"

/* Spans of the event; empty where there is none. */
struct event_summary {
    enum event_severity severity;
    struct span type;
    struct span code;
    struct span actor;
    struct span address; /* where from; without the port */
    struct span target;  /* what it was done to: host, database, user, list, ... */
};

struct event_summary event_summary_of(const struct event *event);

#endif
