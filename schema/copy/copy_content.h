/* The logical content of a copy's file as digests, so that any change which a reader could see is
 * found: every row of every table, those of FTS5 included, and the schema. Only the rows of the
 * three tables of copy.sql are left out, which hold these digests. Free pages, unused
 * bytes of pages and SQLite's own counters in the first page are not content.
 *
 * A table's digest is SHA-256 over its rows, those of a table with rowids in their order (the
 * rowid first), others by primary key; a row is the number of its values as 4 bytes, then each
 * value as a letter (n null, i integer, r real, t text, b blob), its length as 8 bytes and its
 * bytes. Integers and reals are 8 bytes; all numbers are big-endian. The schema stands as the table
 * "sqlite_schema" with type, name, table and SQL of each entry, by type and name; before these a
 * row with application_id, user_version and page_size.
 *
 * The content is SHA-256 over all tables in the order of their names: "NAME ROWS HEX\n" each. */
#ifndef SCHEMA_COPY_COPY_CONTENT_H
#define SCHEMA_COPY_COPY_CONTENT_H

#include "schema/base/arena.h"
#include "schema/base/vec.h"
#include "schema/crypto/digest.h"
#include "schema/db/db.h"

struct copy_table {
    struct span name;
    int64_t rows;
    struct digest sha256;
    bool unreadable; /* damaged: rows and sha256 say nothing */
};

/* Zero to begin with. */
struct copy_content {
    struct arena arena;
    VEC(struct copy_table) tables;
};
void copy_content_fini(struct copy_content *content);

/* Reads every table of the file. What cannot be read of one is noted with it; ERR_CORRUPT: not even
 * the schema. */
MUST_USE enum status copy_content_read(sqlite3 *db, struct copy_content *content, struct err *err);

/* Adds one; the name is copied. */
MUST_USE enum status copy_content_add(struct copy_content *content, const struct copy_table *table,
                                      struct err *err);

/* Sorts the tables by name; the digest over all of them. */
MUST_USE enum status copy_content_digest(struct copy_content *content, struct digest *out_sha256,
                                         struct err *err);

#endif
