/* An import of a body of plain JSON, as stele import does it for its records. */
#ifndef TESTS_SUPPORT_IMPORT_BODY_H
#define TESTS_SUPPORT_IMPORT_BODY_H

#include "schema/event/source.h"
#include "schema/index/indexer.h"

/* Every piece of the body; a fault is told as one of that line. */
MUST_USE static inline enum status import_body(struct indexer *indexer, const struct source *source,
                                               int64_t received_us, int64_t line, struct span body,
                                               struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct event_reader reader;
    struct event event;
    enum event_fault fault;
    enum status status = OK;
    source_text(source, &text);
    bool nomem = !buf_ok(&text) || !event_reader_init(&reader, body, received_us, &arena);
    while (status == OK && !nomem && event_reader_next(&reader, &event, &fault, &nomem)) {
        status =
            fault == EVENT_FAULT_NONE
                ? indexer_import(indexer, source, buf_span(&text), received_us, &event, err)
                : indexer_import_fault(indexer, source, received_us, fault, line, event.raw, err);
    }
    arena_fini(&arena);
    buf_fini(&text);
    return nomem ? err_nomem(err, "test") : status;
}

#endif
