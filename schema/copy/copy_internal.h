/* What the files that make, read and check copies share. */
#ifndef SCHEMA_COPY_COPY_INTERNAL_H
#define SCHEMA_COPY_COPY_INTERNAL_H

#include "schema/copy/copy_case.h"
#include "schema/copy/copy_content.h"
#include "schema/db/db_query.h"
#include "schema/segment/segment.h"

#define COPY_CASE_COLUMNS                                                                          \
    "format, made_us, who, why, archive_id, archive_dir, from_us, to_us, query, session, events,"  \
    " raw_bytes, first_us, last_us, blocks, chain, content, program"
#define COPY_CASE_SELECT "SELECT " COPY_CASE_COLUMNS " FROM copy_case"
#define COPY_CASE_INSERT                                                                           \
    "INSERT INTO copy_case (" COPY_CASE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"    \
    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"

/* copy_header_open for a handle that is open. */
MUST_USE enum status copy_header_read(sqlite3 *db, const char *path, struct copy_header *out_header,
                                      struct err *err);

#endif
