/* Events in lines that are no JSON as a whole: behind the head of a log (syslog, CRI, Fluent Bit,
 * kubectl, a timestamp, a key), and behind a line that was torn. Pure, but for the arena. */
#ifndef TOOLS_STELE_IMPORT_TEXT_EVENT_H
#define TOOLS_STELE_IMPORT_TEXT_EVENT_H

#include "schema/event/event.h"
#include "tools/stele/import/fluentd_prefix.h"

enum { TEXT_EVENT_TRIES_MAX = 256 }; /* braces of one piece that are looked at */

struct text_event {
    size_t at;  /* of the event's brace, in the reader's body */
    size_t end; /* behind its object */
    bool torn;  /* what stands in front of it is a record of its own that is lost */
    struct fluentd_prefix prefix; /* what the head says: its time, or Fluentd's time and tag */
};

/* The first event of the piece, which lies in the reader's body and is no event as a whole. Behind
 * a torn record only what looks like an event of Teleport and is no member of that record counts.
 * False when there is none; sets *out_nomem when memory is out. */
bool text_event_find(const struct event_reader *reader, struct span piece, struct arena *arena,
                     struct text_event *out_found, bool *out_nomem);

#endif
