/* A new file until its first commit: made and filled under another name (PATH.new), synced as
 * a whole and renamed. So a reader never sees a segment that is not one yet, nor does a crash leave
 * one, and what is in the first commit is written once, to the file itself. Inside schema/ only;
 * one writer for a path at a time (the archive's lock). */
#ifndef SCHEMA_SEGMENT_SEGMENT_CREATE_H
#define SCHEMA_SEGMENT_SEGMENT_CREATE_H

#include "schema/db/db.h"

/* Opens PATH.new, with the tables and the row of a segment in a transaction that is open. What a
 * crash left under that name goes. Makes the directory when it is not there. */
MUST_USE enum status segment_create_open(const char *path, int64_t day_us, bool is_merged,
                                         sqlite3 **out_db, struct err *err);

/* The row that a file of a segment has, with its day. */
MUST_USE enum status segment_create_row(sqlite3 *db, int64_t day_us, bool is_merged,
                                        struct err *err);

/* Commits, closes the handle in any case, and makes PATH.new the segment PATH: after OK it is on
 * disk. All statements must be finalized. */
MUST_USE enum status segment_create_publish(const char *path, sqlite3 *db, struct err *err);

/* Deletes PATH.new and what belongs to it; the handle must be closed. */
MUST_USE enum status segment_create_remove(const char *path, struct err *err);

#endif
