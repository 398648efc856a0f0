/* Checksums of pages: a VFS of SQLite's in front of the default one. The last 8 bytes of each page
 * of a database and of its write-ahead log are a sum of the rest and of the page's number; a page
 * that does not have its sum is not read: SQLITE_CORRUPT. SQLite keeps these bytes free in files
 * whose header says so (its 21st byte: reserved bytes; https://sqlite.org/fileformat2.html), so
 * that any SQLite reads them; one without this VFS does not look at the sums, and must not write.
 * Of a file without reserved bytes nothing is checked: db_open refuses it. Inside schema/db and
 * tests only. */
#ifndef SCHEMA_DB_DB_PAGES_H
#define SCHEMA_DB_DB_PAGES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define DB_PAGES_VFS "stele"

enum { DB_PAGE_BYTES = 4096, DB_PAGE_SUM_BYTES = 8 };

/* Registers DB_PAGES_VFS over what is the default VFS at the first call, and does not make it the
 * default. It stays as long as the process. Any thread. False: there is no VFS, or no memory. */
bool db_pages_register(void);

/* Sets the size of pages and the bytes for their sums; of no effect but in an empty file. Before
 * anything is written. */
int db_pages_configure(sqlite3 *db);

/* Whether the handle's file was opened by DB_PAGES_VFS and has sums. */
bool db_pages_has_sums(sqlite3 *db);

/* The number, from 1, of the page that was found damaged last; 0: none was. */
int64_t db_pages_damaged(sqlite3 *db);

#endif
