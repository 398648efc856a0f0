/* Statements over the tables of seals, used now and then: prepared, asked, done with. Inside
 * schema/seal/. */
#ifndef SCHEMA_SEAL_SEAL_INTERNAL_H
#define SCHEMA_SEAL_SEAL_INTERNAL_H

#include "schema/archive/archive_internal.h"

/* The first row; ?1 is the key where the statement has one. The caller finalizes *out_stmt. */
MUST_USE enum status seal_ask(struct archive *archive, const char *sql, int64_t key,
                              sqlite3_stmt **out_stmt, bool *out_row, struct err *err);
/* The first column of the first row; 0 when there is none. */
MUST_USE enum status seal_ask_number(struct archive *archive, const char *sql, int64_t *out_number,
                                     struct err *err);
/* A change by ?1, ?2 and, if it is not empty, ?3, in the transaction under way. */
MUST_USE enum status seal_change(struct archive *archive, const char *sql, int64_t a, int64_t b,
                                 struct span blob, struct err *err);
/* A blob of exactly that size; false: it has another. */
bool seal_read_bytes(sqlite3_stmt *stmt, int at, void *out, size_t size);

#endif
