/* Where events came from, and the fields that the archive adds to each event. */
#ifndef SCHEMA_EVENT_SOURCE_H
#define SCHEMA_EVENT_SOURCE_H

#include "schema/base/arena.h"
#include "schema/base/buf.h"

/* Reserved fields that the archive adds to each event; they are columns like any other, and no
 * part of the event's bytes. */
#define SOURCE_FIELD      "stele.source" /* "mtls 127.0.0.1 cert=ab12... tag=test.log" */
#define SOURCE_MARK_FIELD "stele.mark"   /* "arrival-time", "session-stream" */

/* Where a request came from. Kept as provenance with each event; a small set of distinct values. */
struct source {
    struct span via;         /* "mtls", "tls", "http", "import" */
    struct span peer;        /* address without port, or the imported file */
    struct span certificate; /* SHA-256 of the client certificate in hex, or empty */
    struct span tag;         /* the path as Fluentd makes a tag of it: /a/b.log -> a.b.log; a
                                session stream's sid is left out: session.log */
    bool session_stream;     /* path ended in .<sid>.log */
};

/* A copy that lives as long as the arena; *out_fine: memory was enough for it. */
struct source source_copy(const struct source *source, struct arena *arena, bool *out_fine);

bool source_equal(const struct source *a, const struct source *b);

/* Fills tag and session_stream from a request's path (with or without a query string). The tag
 * is written into text (cut at its size). */
void source_from_path(struct span path, char *text, size_t text_bytes, struct source *out_source);

/* The same from the tag that Fluentd made of a path. A slash is a dot there, so a stream is taken
 * for a session's only when its sid is a UUID or follows "session". */
void source_from_tag(struct span tag, char *text, size_t text_bytes, struct source *out_source);

/* "mtls 127.0.0.1 cert=ab12... tag=session.log", as stele.source keeps it; appended to out. */
void source_text(const struct source *source, struct buf *out);

#endif
