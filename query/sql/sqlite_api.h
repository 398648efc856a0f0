/* The SQLite that calls the virtual table: the linked one, or, in the loadable extension, that of
 * the program that loaded it (through the pointers it hands over). The archive's own files are
 * opened by schema/ with the linked one in either case. */
#ifndef QUERY_SQL_SQLITE_API_H
#define QUERY_SQL_SQLITE_API_H

#ifdef STELE_SQL_EXTENSION
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif

#endif
