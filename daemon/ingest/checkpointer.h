/* The thread that moves pages from the catalogue's WAL into the file while commits go on. What the
 * commits add meanwhile is little; the writer moves that itself, and the WAL starts over.
 *
 * It fails silently: without it commits do the whole work when the WAL is four times as long, and
 * a disk that is broken shows there. */
#ifndef DAEMON_INGEST_CHECKPOINTER_H
#define DAEMON_INGEST_CHECKPOINTER_H

#include "schema/archive/archive.h"

struct checkpointer;

MUST_USE enum status checkpointer_start(const char *dir, struct checkpointer **out_checkpointer,
                                        struct err *err);
/* Joins the thread. NULL is fine. */
void checkpointer_stop(struct checkpointer *checkpointer);

/* Does not wait. */
void checkpointer_ask(struct checkpointer *checkpointer);
/* True once for what was asked, when it is done. The thread that asks. */
bool checkpointer_take_done(struct checkpointer *checkpointer);

#endif
