/* stele_sql.so: the virtual table for any program with SQLite 3.40 or later. The archive's own
 * files are opened with the library that this file is linked with, so that the program's SQLite
 * needs nothing but extensions. Once loaded it stays: the libraries behind it are not made to be
 * taken out of a process. */
#include "query/sql/table.h"

SQLITE_EXTENSION_INIT1

enum { SQLITE_VERSION_NEEDED = 3040000 };

__attribute__((visibility("default"))) int sqlite3_stelesql_init(sqlite3 *db, char **out_text,
                                                                 const sqlite3_api_routines *api);

int sqlite3_stelesql_init(sqlite3 *db, char **out_text, const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < SQLITE_VERSION_NEEDED) {
        *out_text =
            sqlite3_mprintf("stele_sql needs SQLite 3.40, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    static struct table_module module;
    int rc = table_register(db, &module);
    return rc == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
