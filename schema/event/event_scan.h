/* Where an object ends and what its `time` and its type are, without reading its values: a tenth of
 * the work of a parse, for events that are parsed later anyway. It knows strict JSON (RFC 8259) and
 * gives up on everything that is rare, so that what it is certain of is an event for event.c too.
 */
#ifndef SCHEMA_EVENT_EVENT_SCAN_H
#define SCHEMA_EVENT_EVENT_SCAN_H

#include "schema/base/err.h"
#include "schema/base/span.h"

/* Longer objects are not looked at: fewer bytes than EVENT_FIELDS_MAX values take. */
enum { EVENT_SCAN_BYTES_MAX = 64 * 1024, EVENT_SCAN_DEPTH_MAX = 64 };

/* text begins with the object and may go on behind it. True: it is one, *out_raw its bytes, and
 * *out_time the value of its `time` (empty: it has none) and *out_type that of its `event`, which
 * it has. False: not certain, to be parsed. Any thread. */
MUST_USE bool event_scan(struct span text, struct span *out_raw, struct span *out_time,
                         struct span *out_type);

#endif
