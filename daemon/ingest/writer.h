/* The one thread that writes the catalogue. Requests wait in a queue; the writer takes all that
 * wait, stores them in one transaction (one fsync) and hands them back to the event loop, which
 * answers. A request that comes alone is written at once: the batch is what came while the disk
 * was busy, up to 8 MiB of bodies; large ones have a queue of their own, whose turn is every other
 * time, so that a small one waits for one large transaction at most.
 *
 * A transaction that fails fails exactly the jobs in it; the next one is tried as if nothing had
 * been. After an I/O error the handle is closed and opened again first (its state in SQLite is not
 * to be trusted). With nothing to store it tries the disk itself now and then, so that health tells
 * the truth.
 *
 * Threads: the event loop submits and takes back; the indexer calls writer_settle and
 * writer_backlog; start and stop belong to the main thread. */
#ifndef DAEMON_INGEST_WRITER_H
#define DAEMON_INGEST_WRITER_H

#include "daemon/process/health.h"
#include "daemon/process/wakeup.h"
#include "schema/index/indexer.h"

/* Submitted jobs belong to the writer until they come back; the item's spans must live as long. */
struct writer_job {
    struct inbox_item item;
    enum status status; /* of the commit, when it came back */
    struct writer_job *next;
};

/* What waits for the indexer. */
struct writer_backlog {
    int64_t rows;
    int64_t bytes;     /* about */
    int64_t oldest_us; /* when the oldest row came in; 0 when there is none */
};

/* True when there is enough for full blocks. */
static inline bool writer_backlog_is_full(const struct writer_backlog *backlog)
{
    return backlog->rows >= BLOCK_EVENTS_MAX || backlog->bytes >= BLOCK_RAW_BYTES_MAX;
}

struct writer;

/* Opens the archive and starts the thread. `backlog` is signalled (WAKEUP_WORK) when the inbox
 * turns from empty to not empty, and when it turns full. */
MUST_USE enum status writer_start(const char *dir, struct health *health, struct wakeup *backlog,
                                  struct writer **out_writer, struct err *err);
/* Takes no more jobs, ends what waits, joins the thread. Jobs that are done can still be taken. */
void writer_stop(struct writer *writer);
/* After writer_stop. NULL is fine. */
void writer_free(struct writer *writer);

/* Takes the jobs from first to last, linked by next. ERR_STOPPED when the writer is stopping: none
 * is taken. */
MUST_USE enum status writer_submit(struct writer *writer, struct writer_job *first,
                                   struct writer_job *last);
/* Readable when jobs are done. */
int writer_done_fd(const struct writer *writer);
/* All done jobs, in order, linked by next; NULL when there are none. Clears writer_done_fd. */
struct writer_job *writer_take_done(struct writer *writer);

/* Runs indexer_run_commit on the writer's thread and waits for it. A run that failed stays the
 * caller's. */
MUST_USE enum status writer_settle(struct writer *writer, struct indexer_run *run, struct err *err);

struct writer_backlog writer_backlog(struct writer *writer);

#endif
