/* A hit as text, for those it is sent to. Any thread. */
#ifndef DAEMON_WATCH_HIT_FORMAT_H
#define DAEMON_WATCH_HIT_FORMAT_H

#include "schema/text/json_writer.h"
#include "schema/watch/watch_db.h"

enum { HIT_FORMAT_LINE_BYTES = 1000, HIT_FORMAT_ID_BYTES = 64 };

/* "ARCHIVE-NUMBER", the same whenever the hit is sent. */
const char *hit_format_id(const char *archive_id, int64_t hit, char out[HIT_FORMAT_ID_BYTES]);

/* One JSON object without line breaks: id, list, indicator, kind, field, value, decoded, uid, time,
 * seen, event. */
void hit_format_add_json(struct buf *out, const char *archive_id, const struct watch_hit *hit);
/* The members of a hit without id and event, for other objects: list ... seen. */
void hit_format_add_members(struct json_writer *json, const struct watch_hit *hit);
/* "event": its bytes as they came, on one line: a line break in JSON is white space. */
void hit_format_add_event(struct json_writer *json, struct span event);

/* One line for syslog, cut at HIT_FORMAT_LINE_BYTES, without characters that could make two of it:
 * watch hit list=feed kind=domain id=... time=... uid="..." indicator="evil.com" field="argv" ...
 */
void hit_format_line(const char *archive_id, const struct watch_hit *hit,
                     char out[HIT_FORMAT_LINE_BYTES]);

#endif
