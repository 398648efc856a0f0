/* What has arrived and is not in a segment yet: request bodies as they came, in the catalogue. */
#ifndef SCHEMA_ARCHIVE_INBOX_H
#define SCHEMA_ARCHIVE_INBOX_H

#include "schema/archive/archive.h"
#include "schema/event/source.h"

/* One arrival. fault NONE: goes to the inbox; else straight to quarantine. */
struct inbox_item {
    struct source source;
    int64_t received_us;
    struct span body;
    enum event_fault fault;
};

/* Stores all items in one transaction: when it returns OK they are on disk (fsynced). On failure
 * none is stored. ARCHIVE_WRITE handles only; runs its own transaction. */
MUST_USE enum status inbox_append(struct archive *archive, const struct inbox_item *items,
                                  size_t count, struct err *err);

/* Rows of the inbox in order of arrival, from behind after_id. The spans live until the next call
 * for that cursor. */
struct inbox_row {
    int64_t id;
    int64_t received_us;
    struct source source;
    struct span body;
};
MUST_USE enum status inbox_cursor_open(struct archive *archive, int64_t after_id,
                                       struct archive_cursor **out_cursor, struct err *err);
/* OK with *out_row filled, or OK with *out_end true. */
MUST_USE enum status inbox_cursor_next(struct archive_cursor *cursor, struct inbox_row *out_row,
                                       bool *out_end, struct err *err);

struct inbox_state {
    int64_t count;
    int64_t newest_id;          /* 0 when nothing ever came */
    int64_t oldest_received_us; /* 0 when empty */
};
MUST_USE enum status inbox_state(struct archive *archive, struct inbox_state *out_state,
                                 struct err *err);

/* Deletes rows up to and with up_to_id, for all readers once it is committed. Many rows leave the
 * file only by inbox_purge. Inside a writer transaction. */
MUST_USE enum status inbox_delete(struct archive *archive, int64_t up_to_id, struct err *err);

/* Takes some of the deleted rows out of the file, in a short transaction of its own; *out_left:
 * there are more. */
MUST_USE enum status inbox_purge(struct archive *archive, bool *out_left, struct err *err);

#endif
