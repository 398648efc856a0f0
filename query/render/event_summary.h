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
    struct span target;  /* host, database, cluster, application, or what was done to */
    struct span detail;  /* what was done: command, path, query, error */
};

struct event_summary event_summary_of(const struct event *event);

#endif
