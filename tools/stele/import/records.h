/* The events of a file, whatever stands around them: lines of JSON, arrays, {"events": [...]},
 * objects over several lines, Fluentd's lines (fluentd_prefix.h), lines of other logs with an event
 * in them (text_event.h), rows of CSV and of PostgreSQL's COPY, and in each of these events in
 * wrappers (wrapper.h), also in one another. What a record is is found by looking at each one, so a
 * file may mix them. An event is its bytes as they stand in the file; a prefix and a wrapper are no
 * part of it. An object without a string `event` that holds no event is none. A record that is not
 * an event is returned with its fault; what is torn costs no more than itself.
 *
 * A stream is read chunk by chunk; arrays and lists may go on from one chunk to the next. */
#ifndef TOOLS_STELE_IMPORT_RECORDS_H
#define TOOLS_STELE_IMPORT_RECORDS_H

#include "schema/event/event.h"
#include "tools/stele/import/chunks.h"
#include "tools/stele/import/csv_row.h"
#include "tools/stele/import/fluentd_prefix.h"
#include "tools/stele/import/wrapper.h"

enum { RECORDS_DEPTH_MAX = 16 }; /* wrappers in one another, and the chunk */

enum record_form {
    RECORD_LINE,
    RECORD_OBJECT, /* in a file whose objects go over lines */
    RECORD_ARRAY,
    RECORD_LIST, /* {"events": [...]} */
    RECORD_FLUENTD_FILE,
    RECORD_FLUENTD_STDOUT,
    RECORD_CSV,
    RECORD_COPY,
    RECORD_TEXT, /* behind or in other text */
    RECORD_FORM_COUNT,
};
const char *record_form_text(enum record_form form);

struct record {
    enum event_fault fault;
    struct event event;  /* with a fault: only its bytes, raw */
    int64_t received_us; /* of the prefix when the event has no time of its own, else now */
    struct span tag;     /* of the prefix; empty: none */
    enum record_form form;
    enum wrapper wrapper; /* the outermost */
    bool in_chunk;        /* raw lies in the chunk; else in memory that the next call takes back */
};

/* Zeroed to begin with. */
struct records {
    bool head_only; /* the caller's: of events outside of wrappers, no more than that is wanted */
    /* The caller's: every line is an event as it stands, with nothing around it to be taken off;
     * and the time of those that have none of their own (0: now). */
    bool plain;
    int64_t time_us;
    bool nomem; /* memory is out: records_next says false from then on */
    int64_t now_us;
    struct chunk chunk;
    struct arena text;  /* copies of a chunk's text */
    struct arena arena; /* of one record of the chunk */
    struct event_reader levels[RECORDS_DEPTH_MAX];
    bool in_text[RECORDS_DEPTH_MAX]; /* the level is what is left of a line from its event on */
    size_t depth;
    bool found_in_text;   /* the record under work is in other text, */
    bool copy_row;        /* or in a row of COPY */
    enum wrapper wrapper; /* around all above the chunk */
    /* carried from chunk to chunk */
    bool started;
    bool in_array;
    bool in_list;
    bool csv;
    struct csv_row_form csv_form;
    bool copy; /* rows of COPY, up to its end */
    /* of the line under work */
    struct fluentd_prefix prefix;
    size_t line_at;  /* where it begins, prefix and all */
    size_t line_end; /* up to where the prefix holds */
    /* where lines are counted from */
    const char *mark;
    size_t counted;
    int64_t counted_line;
};

void records_fini(struct records *records);

/* The next chunk of the stream. It must live until all its records are read. False: out of memory.
 */
MUST_USE bool records_chunk(struct records *records, const struct chunk *chunk, int64_t now_us);

/* The next record; its memory is the chunk's and, until the next call, the reader's. False at the
 * end of the chunk, and when memory is out (records->nomem). */
bool records_next(struct records *records, struct record *out_record);

/* Line of the file in which the last record begins, from 1. */
int64_t records_line(struct records *records);

#endif
