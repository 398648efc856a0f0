/* Events that still wait in the inbox and satisfy a query. One thread. */
#ifndef QUERY_SEARCH_INBOX_SCAN_H
#define QUERY_SEARCH_INBOX_SCAN_H

#include "query/language/ast.h"
#include "schema/archive/archive.h"
#include "schema/segment/segment.h"

/* One such event. All of it lives as long as the struct waiting. The reserved fields
 * (stele.source, stele.mark) stand behind the event's own. */
struct waiting_event {
    int64_t row;   /* of the inbox */
    uint32_t part; /* which event of that row, from 0 */
    int64_t received_us;
    struct span source; /* as stele.source has it */
    struct event event;
};

struct waiting;

/* Reads the whole inbox in one read transaction; events that stand in it twice come once. */
MUST_USE enum status waiting_open(struct archive *archive, const struct query *query,
                                  int64_t from_us, int64_t to_us, struct waiting **out_waiting,
                                  struct err *err);
/* NULL is fine. */
void waiting_close(struct waiting *waiting);

/* In order of time, ties in order of arrival. */
const struct waiting_event *waiting_events(const struct waiting *waiting, size_t *out_count);
/* True when the inbox holds any event at all. */
bool waiting_any(const struct waiting *waiting);
/* True when some event of the inbox has the field, whether it satisfies the query or not. */
bool waiting_has_field(const struct waiting *waiting, size_t leaf);

/* Those of day_us (a slice of waiting_events) that the day's segment does not hold already, as
 * pointers: malloc'ed, free() it. segment may be NULL. */
MUST_USE enum status waiting_of_day(const struct waiting *waiting, int64_t day_us,
                                    struct segment *segment,
                                    const struct waiting_event ***out_events, size_t *out_count,
                                    struct err *err);

#endif
