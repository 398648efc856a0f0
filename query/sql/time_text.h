/* Times as SQL has them: text. The collation makes comparing them, and sorting by them, a matter of
 * time and not of characters ("10:00:00.5Z" stands before "10:00:00Z" as text, and "10:00:00Z" and
 * "10:00:00.000Z" are not equal). */
#ifndef QUERY_SQL_TIME_TEXT_H
#define QUERY_SQL_TIME_TEXT_H

#include "schema/base/clock.h"

#define TIME_TEXT_COLLATION "stele_time"

/* RFC 3339, or its beginning: 2026, 2026-11, 2026-11-23, 2026-11-23T10, ...T10:30, ...T10:30:00,
 * and with a fraction; a space may stand for the T, and without a zone it is UTC. What is left out
 * is the beginning of that stretch of time. Pure; any thread. */
MUST_USE bool time_text_read(struct span text, int64_t *out_us);

/* The collation: texts that time_text_read takes, by time; then all others, by their bytes. */
int time_text_collate(void *context, int a_size, const void *a, int b_size, const void *b);

#endif
