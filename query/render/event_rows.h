/* Events as rows (listing.h): what a line has room for, and any field that is asked for.
 * LISTING_RAW, and LISTING_JSON and LISTING_NDJSON without a choice of columns, are the events' own
 * bytes. One thread. */
#ifndef QUERY_RENDER_EVENT_ROWS_H
#define QUERY_RENDER_EVENT_ROWS_H

#include "query/render/listing.h"
#include "schema/event/event.h"

enum {
    EVENT_ROWS_TIME, /* in a table with a * when it is the time of arrival */
    EVENT_ROWS_SEVERITY,
    EVENT_ROWS_EVENT,
    EVENT_ROWS_CODE,
    EVENT_ROWS_ACTOR,
    EVENT_ROWS_ADDRESS,
    EVENT_ROWS_TARGET,
    EVENT_ROWS_UID,
    EVENT_ROWS_WHAT, /* the sentence (event_sentence.h) */
    EVENT_ROWS_MARK, /* "arrival-time" when the time is that of arrival */
    EVENT_ROWS_RECEIVED,
    EVENT_ROWS_ELAPSED, /* since the start of a timeline; only of one */
    EVENT_ROWS_OWN,     /* so many columns of its own; then fields */
    EVENT_ROWS_FIELDS_MAX = 64
};

/* One event as it was found. */
struct event_rows_item {
    int64_t time_us;
    int64_t received_us;
    struct span raw;
    const char *elapsed; /* of a timeline; else NULL */
};

struct event_rows {
    struct listing rows;
    enum listing_form form;
    bool own_bytes;
    int64_t count;
    struct listing_column columns[EVENT_ROWS_OWN + EVENT_ROWS_FIELDS_MAX];
    size_t n_columns;
    size_t n_own;                                           /* of them, those that are not fields */
    bool has_value[EVENT_ROWS_OWN + EVENT_ROWS_FIELDS_MAX]; /* of the fields: one event had it */
    bool arrivals;                                          /* a row was marked */
    struct buf line;
    struct arena arena;
};

/* `choice`: columns and fields with commas between; NULL: the usual columns; it lives as long as
 * the rows. ERR_USAGE: too many fields, an empty name, or columns of LISTING_RAW. */
MUST_USE enum status event_rows_begin(struct event_rows *events, enum listing_form form,
                                      const char *choice, FILE *out, struct err *err);
void event_rows_fini(struct event_rows *events);

/* The same for the events of one session: with a column `elapsed`, and its own usual columns. JSON
 * and NDJSON are of the columns, too. */
MUST_USE enum status event_rows_begin_timeline(struct event_rows *events, enum listing_form form,
                                               const char *choice, FILE *out, struct err *err);

MUST_USE enum status event_rows_add(struct event_rows *events, const struct event_rows_item *item,
                                    struct err *err);
MUST_USE enum status event_rows_end(struct event_rows *events, struct err *err);

/* Words for people about what was printed: what the mark in a table means, and chosen fields that
 * none of the events has. Nothing when there is nothing to say. */
void event_rows_notes(const struct event_rows *events, FILE *out);

#endif
