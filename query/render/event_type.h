/* What is worth reading in an event, by its type: a table (event_type.def), as data. Any thread.
 *
 * type     the whole type, or with one * the beginning and the end of it.
 * when     conditions that must all hold, separated by blanks: "f" the field has a value, "f=v" it
 *          is v, "f&n" it is a number with a bit of n, "f<0" it is below zero.
 * address  fields, the first that has a value is taken: "a|b"; "" the usual ones.
 * target   the same: what it was done to.
 * done     the sentence, see event_sentence.h.
 * failed   the sentence when it was not done: a code in W or E, or success is false. Where one of
 *          the two is "" the other one stands for both. */
#ifndef QUERY_RENDER_EVENT_TYPE_H
#define QUERY_RENDER_EVENT_TYPE_H

#include "schema/event/event.h"

struct event_type {
    struct span type;
    const char *when;
    const char *address;
    const char *target;
    const char *done;
    const char *failed;
};

/* The first row that fits; there always is one. */
const struct event_type *event_type_find(const struct event *event);

/* The first value of the first of the fields "a|b" that has one; NULL when none has. */
const struct event_field *event_type_field(const struct event *event, struct span names);

/* True when what the event tells of was not done. */
bool event_type_failed(const struct event *event);

#endif
