/* Events that still wait in the inbox and satisfy a query. One thread. */
#ifndef QUERY_SEARCH_INBOX_SCAN_H
#define QUERY_SEARCH_INBOX_SCAN_H

#include "query/language/ast.h"
#include "schema/archive/archive.h"
#include "schema/segment/segment.h"

/* One such event. All of it lives as long as the struct inbox_scan. The reserved fields
 * (stele.source, stele.mark) stand behind the event's own. */
struct inbox_scan_event {
    int64_t row;   /* of the inbox */
    uint32_t part; /* which event of that row, from 0 */
    int64_t received_us;
    struct span source; /* as stele.source has it */
    struct event event;
};

struct inbox_scan;

/* Reads the whole inbox in one read transaction; events that stand in it twice come once. */
MUST_USE enum status inbox_scan_open(struct archive *archive, const struct query *query,
                                     int64_t from_us, int64_t to_us, struct inbox_scan **out_scan,
                                     struct err *err);
/* NULL is fine. */
void inbox_scan_close(struct inbox_scan *scan);

/* In order of time, ties in order of arrival. */
const struct inbox_scan_event *inbox_scan_events(const struct inbox_scan *scan, size_t *out_count);
/* True when the inbox holds any event at all. */
bool inbox_scan_any(const struct inbox_scan *scan);
/* True when some event of the inbox has the field, whether it satisfies the query or not. */
bool inbox_scan_has_field(const struct inbox_scan *scan, size_t leaf);

/* Those of day_us (a slice of inbox_scan_events) that the day's segment does not hold already, as
 * pointers: malloc'ed, free() it. segment may be NULL. */
MUST_USE enum status inbox_scan_of_day(const struct inbox_scan *scan, int64_t day_us,
                                       struct segment *segment,
                                       const struct inbox_scan_event ***out_events,
                                       size_t *out_count, struct err *err);

#endif
