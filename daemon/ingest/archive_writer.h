/* The writer's side of the archive: opens it, and again after an I/O error (the state of such a
 * handle in SQLite is not to be trusted), stores, settles, and keeps inbox and WAL short while
 * doing so. One thread. */
#ifndef DAEMON_INGEST_ARCHIVE_WRITER_H
#define DAEMON_INGEST_ARCHIVE_WRITER_H

#include "schema/index/indexer.h"

struct store;

MUST_USE enum status store_open(const char *dir, struct store **out_store, struct err *err);
/* NULL is fine. */
void store_close(struct store *store);

/* inbox_append. */
MUST_USE enum status store_append(struct store *store, const struct inbox_item *items, size_t count,
                                  struct err *err);
/* indexer_settle. */
MUST_USE enum status store_settle(struct store *store, struct indexer_run *run, struct err *err);
/* Writes something that changes nothing. */
MUST_USE enum status store_probe(struct store *store, struct err *err);
MUST_USE enum status store_state(struct store *store, struct inbox_state *out_state,
                                 struct err *err);

/* A slice (about a millisecond) of what can wait: sweeping the inbox, checkpoints. For after the
 * answers. Fails silently: what is left undone is done later, and a broken disk shows elsewhere. */
void store_tidy(struct store *store);
/* True when there is more to tidy at once, even with nothing to store. */
bool store_is_untidy(const struct store *store);

#endif
