/* The -shm file of a database in WAL mode. Inside schema/db only. */
#ifndef SCHEMA_DB_DB_SHM_H
#define SCHEMA_DB_DB_SHM_H

#include <sqlite3.h>

/* xShmMap of the file's own methods; a full disk under what was mapped is SQLITE_FULL. */
int db_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out_map);

#endif
