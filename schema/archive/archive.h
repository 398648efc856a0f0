/* The catalogue, archive.db: inbox, quarantine, sources, counters, ledger. An archive is a
 * directory with the catalogue, segments/YYYY/YYYY-MM-DD.db and segments/merged/. A handle belongs
 * to one thread; several handles (also in several processes) may be open: SQLite WAL, one writer at
 * a time. */
#ifndef SCHEMA_ARCHIVE_ARCHIVE_H
#define SCHEMA_ARCHIVE_ARCHIVE_H

#include "schema/event/event.h"
#include "schema/event/event_counter.h"

struct sqlite3;
struct archive;

enum archive_mode { ARCHIVE_READ, ARCHIVE_WRITE };

/* Makes DIR (0700) and an empty archive in it; ERR_EXISTS when one is there. */
MUST_USE enum status archive_create(const char *dir, struct err *err);

/* ERR_NOT_FOUND: no archive there; ERR_VERSION: made by another version of the program;
 * ERR_CORRUPT: not an archive. */
MUST_USE enum status archive_open(const char *dir, enum archive_mode mode,
                                  struct archive **out_archive, struct err *err);
/* NULL is fine. */
void archive_close(struct archive *archive);

const char *archive_dir(const struct archive *archive);
/* The archive's UUID, as 36 characters. */
const char *archive_id(const struct archive *archive);
struct sqlite3 *archive_db(struct archive *archive);

/* Makes the write-ahead log as long as it is to be, for a handle that commits often: where the file
 * need not grow, an fsync writes the data and nothing of the file system's own. */
MUST_USE enum status archive_wal_reserve(struct archive *archive, struct err *err);

/* The write-ahead log is moved into the file (checkpoint) by the commit that finds it so long. */
enum { ARCHIVE_WAL_PAGES = 4000 };
/* Leaves that to archive_checkpoint, on this handle or another; a commit does it only when the log
 * is four times as long. */
void archive_defer_checkpoint(struct archive *archive);
/* Moves the pages that no reader needs in the log; does not wait for readers. */
MUST_USE enum status archive_checkpoint(struct archive *archive, struct err *err);
/* How long the log was after this handle's last commit. */
int64_t archive_wal_pages(const struct archive *archive);

/* One writer transaction on the catalogue at a time: BEGIN IMMEDIATE ... COMMIT (fsynced). */
MUST_USE enum status archive_begin(struct archive *archive, struct err *err);
MUST_USE enum status archive_commit(struct archive *archive, struct err *err);
/* After any failure between begin and commit; safe when SQLite has already rolled back. */
void archive_rollback(struct archive *archive);
/* Commits when what was done since the begin is OK, and rolls back otherwise and when the commit
 * fails. Gives what became of all of it. */
MUST_USE enum status archive_end(struct archive *archive, enum status status, struct err *err);

/* One statement (schema/db/db_query.h) in a transaction of its own. */
struct db_values;
MUST_USE enum status archive_change(struct archive *archive, const char *sql,
                                    struct db_values values, struct err *err);

/* Rows of one table, as its own functions open and read them (inbox_cursor_open and so on); what is
 * in a row lives until the next call. NULL is fine. */
struct archive_cursor;
void archive_cursor_close(struct archive_cursor *cursor);

/* A read transaction: what is read between these two is one state of the catalogue. */
MUST_USE enum status archive_read_begin(struct archive *archive, struct err *err);
void archive_read_end(struct archive *archive);

/* The right to write segments and ship: held by steled, or by stele import and ship --once.
 * ERR_BUSY names the holder's pid; ERR_NOT_FOUND: there is no archive. */
struct archive_lock;
MUST_USE enum status archive_lock_take(const char *dir, const char *who,
                                       struct archive_lock **out_lock, struct err *err);
void archive_lock_release(struct archive_lock *lock);
/* pid of the process that holds the lock, and who it is; 0 when it is free. */
long archive_lock_holder(const char *dir, char who[64]);

/* The days that have a file of their own, as microseconds of their start, ascending; malloc'ed,
 * free() it. Which days an archive has, segment_days says (schema/segment/segment_map.h). */
MUST_USE enum status archive_day_files(const char *dir, int64_t **out_days, size_t *out_count,
                                       struct err *err);
/* Deletes what is left of the logs of days whose files are gone: who deleted them was cut off. For
 * who may write segments, and has none open. */
MUST_USE enum status archive_remove_stray_logs(const char *dir, struct err *err);
/* The first days of the files of merged days, which name these files; as above. */
MUST_USE enum status archive_merged_files(const char *dir, int64_t **out_firsts, size_t *out_count,
                                          struct err *err);
/* DIR/segments/merged/from-2026-01-01.db */
MUST_USE enum status archive_merged_path(const char *dir, int64_t first_us, char out[4096],
                                         struct err *err);
/* DIR/segments/2026/2026-11-23.db, the file of one day */
MUST_USE enum status archive_segment_path(const char *dir, int64_t day_us, char out[4096],
                                          struct err *err);

/* Persistent totals. Inside a writer transaction. */
MUST_USE enum status archive_counter_add(struct archive *archive, enum event_counter counter,
                                         int64_t n, struct err *err);
MUST_USE enum status archive_counters(struct archive *archive, int64_t out[EVENT_COUNTER_COUNT],
                                      struct err *err);

#endif
