/* What SQLite itself finds wrong with a file. Inside schema/. */
#ifndef SCHEMA_VERIFY_VERIFY_PAGES_H
#define SCHEMA_VERIFY_VERIFY_PAGES_H

#include "schema/db/db.h"
#include "schema/segment/segment.h"
#include "schema/verify/verify_report.h"

/* PRAGMA integrity_check: each line of it, `most` of them, is a fault, and so is a file too damaged
 * for it. Other errors are errors. */
MUST_USE enum status verify_pages(sqlite3 *db, const char *where, int most,
                                  struct verify_report *report, struct err *err);

/* Rows of a segment that belong to no block: no digest covers them, and each is a fault. A file of
 * merged days keeps the vocabulary of blocks that were removed. */
MUST_USE enum status verify_rows(struct segment *segment, const char *where,
                                 struct verify_report *report, struct err *err);

#endif
