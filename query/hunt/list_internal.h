/* What the readers of list forms share. */
#ifndef QUERY_HUNT_LIST_INTERNAL_H
#define QUERY_HUNT_LIST_INTERNAL_H

#include "query/hunt/list.h"

struct list_reader {
    struct indicator_set *set;
    uint32_t list;
    list_refused *refused;
    void *context;
    struct list_report *report;
    struct buf normal;
    struct err *err;
};

/* Adds what read_value made, or tells why it is none. */
MUST_USE enum status list_take(struct list_reader *reader, int64_t line, struct span text,
                               const char *why, struct indicator *indicator);

/* True when the text, read as lines, looks like CSV. */
bool list_is_csv(struct span text);
MUST_USE enum status list_read_csv(struct list_reader *reader, struct span text);
MUST_USE enum status list_read_json(struct list_reader *reader, struct span text, int64_t now_us);

#endif
