/* The writer's side of the archive: opens it, and again after an I/O error (the state of such a
 * handle in SQLite is not to be trusted), stores, settles, and keeps inbox and WAL short while
 * doing so. One thread. */
#ifndef DAEMON_INGEST_ARCHIVE_WRITER_H
#define DAEMON_INGEST_ARCHIVE_WRITER_H

#include "schema/index/indexer.h"

struct archive_writer;

MUST_USE enum status archive_writer_open(const char *dir, struct archive_writer **out_store,
                                         struct err *err);
/* NULL is fine. */
void archive_writer_close(struct archive_writer *store);

/* inbox_append. */
MUST_USE enum status archive_writer_append(struct archive_writer *store,
                                           const struct inbox_item *items, size_t count,
                                           struct err *err);
/* indexer_run_commit. */
MUST_USE enum status archive_writer_commit(struct archive_writer *store, struct indexer_run *run,
                                           struct err *err);
/* Writes something that changes nothing. */
MUST_USE enum status archive_writer_probe(struct archive_writer *store, struct err *err);
MUST_USE enum status archive_writer_state(struct archive_writer *store,
                                          struct inbox_state *out_state, struct err *err);

/* A slice (about a millisecond) of what can wait: sweeping the inbox, checkpoints. For after the
 * answers. Fails silently: what is left undone is done later, and a broken disk shows elsewhere. */
void archive_writer_checkpoint(struct archive_writer *store);
/* True when there is more to tidy at once, even with nothing to store. */
bool archive_writer_needs_checkpoint(const struct archive_writer *store);

#endif
