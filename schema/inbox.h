/* What has arrived and is not in a segment yet: request bodies as they came, in the catalogue.
 * Also the quarantine: what is no event. */
#ifndef SCHEMA_INBOX_H
#define SCHEMA_INBOX_H

#include "schema/archive.h"
#include "schema/base/buf.h"

/* Where a request came from. Kept as provenance with each event; a small set of distinct values. */
struct source {
    struct span via;         /* "mtls", "tls", "http", "import" */
    struct span peer;        /* address without port, or the imported file */
    struct span certificate; /* SHA-256 of the client certificate in hex, or empty */
    struct span tag;         /* the path as Fluentd makes a tag of it: /a/b.log -> a.b.log; a
                                session stream's sid is left out: session.log */
    bool session_stream;     /* path ended in .<sid>.log */
};

/* Fills tag and session_stream from a request's path (with or without a query string). The tag
 * is written into text (cut at its size). */
void source_from_path(struct span path, char *text, size_t text_bytes, struct source *out_source);

/* The same from the tag that Fluentd made of a path. A slash is a dot there, so a stream is taken
 * for a session's only when its sid is a UUID or follows "session". */
void source_from_tag(struct span tag, char *text, size_t text_bytes, struct source *out_source);

/* "mtls 127.0.0.1 cert=ab12... tag=session.log", as stele.source keeps it; appended to out. */
void source_text(const struct source *source, struct buf *out);

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
struct inbox_cursor;
MUST_USE enum status inbox_cursor_open(struct archive *archive, int64_t after_id,
                                       struct inbox_cursor **out_cursor, struct err *err);
/* OK with *out_row filled, or OK with *out_end true. */
MUST_USE enum status inbox_cursor_next(struct inbox_cursor *cursor, struct inbox_row *out_row,
                                       bool *out_end, struct err *err);
void inbox_cursor_close(struct inbox_cursor *cursor);

struct inbox_state {
    int64_t count;
    int64_t newest_id;          /* 0 when nothing ever came */
    int64_t oldest_received_us; /* 0 when empty */
};
MUST_USE enum status inbox_state(struct archive *archive, struct inbox_state *out_state,
                                 struct err *err);

/* Deletes rows up to and with up_to_id, for all readers once it is committed. Many rows leave the
 * file only by inbox_sweep. Inside a writer transaction. */
MUST_USE enum status inbox_delete(struct archive *archive, int64_t up_to_id, struct err *err);

/* Takes some of the deleted rows out of the file, in a short transaction of its own; *out_left:
 * there are more. */
MUST_USE enum status inbox_sweep(struct archive *archive, bool *out_left, struct err *err);

/* Quarantine. Inside a writer transaction; position is a byte offset in the request or a line
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
struct quarantine_cursor;
MUST_USE enum status quarantine_cursor_open(struct archive *archive,
                                            struct quarantine_cursor **out_cursor, struct err *err);
MUST_USE enum status quarantine_cursor_next(struct quarantine_cursor *cursor,
                                            struct quarantine_row *out_row, bool *out_end,
                                            struct err *err);
void quarantine_cursor_close(struct quarantine_cursor *cursor);

#endif
