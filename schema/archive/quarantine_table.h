/* The quarantine: records that arrived and are not events, with their fault and where they stood.
 * Rows of the catalogue, never deleted by the indexer. */
#ifndef SCHEMA_ARCHIVE_QUARANTINE_TABLE_H
#define SCHEMA_ARCHIVE_QUARANTINE_TABLE_H

#include "schema/archive/archive.h"
#include "schema/event/source.h"

/* Inside a writer transaction; position is a byte offset in the request or a line
 * number of the imported file. */
MUST_USE enum status quarantine_add(struct archive *archive, const struct source *source,
                                    int64_t received_us, enum event_fault fault, int64_t position,
                                    struct span body, struct err *err);

/* All of the quarantine, by id. Spans live until the next call for that cursor. */
struct quarantine_row {
    int64_t id;
    int64_t received_us;
    struct source source;
    struct span fault; /* event_fault_text */
    int64_t position;
    struct span body;
};
MUST_USE enum status quarantine_cursor_open(struct archive *archive,
                                            struct archive_cursor **out_cursor, struct err *err);
MUST_USE enum status quarantine_cursor_next(struct archive_cursor *cursor,
                                            struct quarantine_row *out_row, bool *out_end,
                                            struct err *err);

#endif
