/* JSON for reading: two spaces a level, one member a line, control characters visible. */
#ifndef QUERY_RENDER_JSON_PRETTY_H
#define QUERY_RENDER_JSON_PRETTY_H

#include "schema/base/buf.h"

/* Appends the object, which must be well-formed JSON (an event is); numbers and strings stand as
 * they are in the bytes. */
void json_pretty_add(struct span raw, struct buf *out);

#endif
