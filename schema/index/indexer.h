/* From inbox to segments. The indexer owns the archive's segments: one at a time holds the lock
 * (archive_lock_take). It takes the inbox in runs, parts events by day, drops duplicates and
 * appends blocks. Crash order: segments are committed first (each records the highest inbox id it
 * holds, so doing a run again changes nothing), then the inbox rows are deleted
 * (indexer_run_commit). One thread; in the daemon indexer_run_commit is called by the writer thread
 * with its handle. */
#ifndef SCHEMA_INDEX_INDEXER_H
#define SCHEMA_INDEX_INDEXER_H

#include "schema/archive/inbox.h"
#include "schema/event/source.h"
#include "schema/segment/segment.h"

struct indexer;

struct indexer_options {
    int compression_level; /* zstd, 1 to 19 */
    size_t
        waiting_bytes_max;   /* events that wait to fill blocks, those under work too; 0: 176 MiB */
    int64_t merge_before_us; /* imported days before that go where they stay, into merged files
                                (schema/index/merged_file.h); 0: each day gets its own */
};

MUST_USE enum status indexer_open(const char *dir, const struct indexer_options *options,
                                  struct indexer **out_indexer, struct err *err);
void indexer_close(struct indexer *indexer);

/* What a run leaves to be written into the catalogue. */
struct indexer_run;

/* Takes the next rows of the inbox (those behind the last run), up to about 16 full blocks, and
 * commits their events to segments. *out_run is NULL when there was nothing to take. With OK the
 * caller must hand the run to indexer_run_commit (or indexer_run_free and open a new indexer). A
 * failure leaves the inbox as it was; the run may be tried again. */
MUST_USE enum status indexer_run_next(struct indexer *indexer, struct indexer_run **out_run,
                                      struct err *err);

/* In one transaction of its own: quarantine, counters, duplicates, deletion of the inbox rows.
 * Frees the run when OK. */
MUST_USE enum status indexer_run_commit(struct archive *archive, struct indexer_run *run,
                                        struct err *err);
void indexer_run_free(struct indexer_run *run);

struct indexer_totals {
    int64_t received;
    int64_t stored;
    int64_t duplicates;
    int64_t quarantined;
    int64_t no_time;
    int64_t unread_blocks; /* damaged ones of days that were opened: what of these came again was
                              stored again */
};
void indexer_run_totals(const struct indexer_run *run, struct indexer_totals *out_totals);

/* Straight into segments, past the inbox: for import into an archive that no daemon holds. Memory
 * is bounded: full blocks are written as they fill, the largest when too much waits. The event's
 * own time_us counts, and no more of it is needed than event_reader.head_only gives; received_us is
 * when it arrived, which a file may know better than the clock. text is source_text() of the
 * source, made once for many events. */
MUST_USE enum status indexer_import(struct indexer *indexer, const struct source *source,
                                    struct span text, int64_t received_us,
                                    const struct event *event, struct err *err);
/* Records that are not events, with their lines: collected until the commit. */
MUST_USE enum status indexer_import_fault(struct indexer *indexer, const struct source *source,
                                          int64_t received_us, enum event_fault fault, int64_t line,
                                          struct span body, struct err *err);
/* Writes all that waits and commits every segment; *out_run holds what is left for
 * indexer_run_commit. */
MUST_USE enum status indexer_import_end(struct indexer *indexer, struct indexer_run **out_run,
                                        struct err *err);

#endif
