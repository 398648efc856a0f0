/* The number of each kind of file's format, kept in its user_version: it moves with every change of
 * the tables or of how bytes in them are written (columns, lists, digests of blocks). A program
 * reads and writes the files of its own number, and refuses all others with ERR_VERSION. */
#ifndef SCHEMA_DB_DB_FORMAT_H
#define SCHEMA_DB_DB_FORMAT_H

enum { DB_FORMAT_ARCHIVE = 5, DB_FORMAT_SEGMENT = 6, DB_FORMAT_WATCH = 2 };

#endif
