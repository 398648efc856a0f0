/* The catalogue's table of distinct sources: inbox and quarantine name them by number. */
#ifndef SCHEMA_ARCHIVE_SOURCE_TABLE_H
#define SCHEMA_ARCHIVE_SOURCE_TABLE_H

#include "schema/archive/archive.h"
#include "schema/event/source.h"

struct sqlite3_stmt;

/* The number of a source, which is added when it is new. Inside a writer transaction; the handle
 * remembers the latest ones until a rollback. */
MUST_USE enum status source_intern(struct archive *archive, const struct source *source,
                                   int64_t *out_id, struct err *err);

#define SOURCE_COLUMNS "s.via, s.peer, s.certificate, s.tag, s.session_stream"
/* The source of a row whose columns from `at` on are SOURCE_COLUMNS; spans of the statement. */
struct source source_columns(struct sqlite3_stmt *stmt, int at);

#endif
