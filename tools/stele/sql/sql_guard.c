#include "tools/stele/sql/sql_guard.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Pragmas that only tell. FTS5 asks for data_version by itself. */
static const char *const pragmas[] = {
    "collation_list", "compile_options", "data_version", "database_list", "function_list",
    "module_list",    "pragma_list",     "table_info",   "table_list",    "table_xinfo",
};

static bool is_pragma(const char *name)
{
    for (size_t i = 0; name && i < sizeof pragmas / sizeof pragmas[0]; i++) {
        if (strcasecmp(name, pragmas[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int deny(struct sql_guard *guard, const char *what, const char *name)
{
    (void)snprintf(guard->denied, sizeof guard->denied,
                   "%s%s%.80s is not allowed: stele sql reads, and writes temporary tables only",
                   what, name ? " " : "", name ? name : "");
    return SQLITE_DENY;
}

/* The schema's own tables are written by CREATE and DROP, which are asked for themselves. */
static bool is_temporary(const char *table, const char *database)
{
    return (database && strcmp(database, "temp") == 0) ||
           (table && strcmp(table, "sqlite_temp_master") == 0);
}

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    struct sql_guard *guard = context;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second && strcasecmp(second, "load_extension") == 0
                   ? deny(guard, "the function", second)
                   : SQLITE_OK;
    case SQLITE_PRAGMA:
        return is_pragma(first) ? SQLITE_OK : deny(guard, "PRAGMA", first);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_REINDEX:
        return is_temporary(first, database) ? SQLITE_OK : deny(guard, "writing", first);
    case SQLITE_ALTER_TABLE:
        return is_temporary(NULL, first) ? SQLITE_OK : deny(guard, "altering", second);
    case SQLITE_ATTACH:
        return deny(guard, "ATTACH", NULL);
    case SQLITE_DETACH:
        return deny(guard, "DETACH", NULL);
    default:
        return deny(guard, "this statement", NULL);
    }
}

void sql_guard_set(sqlite3 *db, struct sql_guard *guard)
{
    guard->denied[0] = '\0';
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_set_authorizer(db, authorize, guard);
}
